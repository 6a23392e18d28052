"""Invoices written in the portal: the form with lines, and issuing or discarding what was written."""

from app.blueprints.drafts.views import blueprint

__all__ = ["blueprint"]
