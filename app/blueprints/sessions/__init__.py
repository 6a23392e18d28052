"""The operator's own account: live sessions, and ending them."""

from app.blueprints.sessions.views import blueprint

__all__ = ["blueprint"]
