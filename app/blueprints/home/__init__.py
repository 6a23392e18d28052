"""The address people type."""

from app.blueprints.home.views import blueprint

__all__ = ["blueprint"]
