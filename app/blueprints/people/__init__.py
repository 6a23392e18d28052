"""Who may sign in and as what, and everybody's sessions."""

from app.blueprints.people import live
from app.blueprints.people.views import blueprint

__all__ = ["blueprint", "live"]
