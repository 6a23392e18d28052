"""Invoices: the list, one invoice with its money trail, the raw exchanges behind it, and work on many at once."""

from app.blueprints.invoices import bulk_actions, edits, exports, saved_views  # their views hang on one blueprint
from app.blueprints.invoices.views import blueprint

__all__ = ["blueprint", "bulk_actions", "edits", "exports", "saved_views"]
