"""The queue of what waits for a second person."""

from app.blueprints.approvals.views import blueprint

__all__ = ["blueprint"]
