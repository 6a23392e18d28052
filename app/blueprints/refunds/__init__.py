"""The refund desk: what goes back, what went back, and asking for it."""

from app.blueprints.refunds.views import blueprint

__all__ = ["blueprint"]
