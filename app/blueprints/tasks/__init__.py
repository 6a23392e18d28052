"""Long work: the tasks a person started, how far they are, and what they made."""

from app.blueprints.tasks.views import blueprint

__all__ = ["blueprint"]
