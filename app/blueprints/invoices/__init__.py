"""Invoices: the list, one invoice with its money trail, and the raw exchanges behind it."""

from app.blueprints.invoices.views import blueprint

__all__ = ["blueprint"]
