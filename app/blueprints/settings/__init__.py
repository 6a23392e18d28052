"""What may be changed while the system runs, and what the environment says."""

from app.blueprints.settings.views import blueprint

__all__ = ["blueprint"]
