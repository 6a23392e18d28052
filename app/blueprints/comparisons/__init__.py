"""Our books beside the gateways': the nights, what differs, and mending it."""

from app.blueprints.comparisons.views import blueprint

__all__ = ["blueprint"]
