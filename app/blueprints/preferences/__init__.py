"""How somebody likes the portal: light or dark."""

from app.blueprints.preferences.views import blueprint

__all__ = ["blueprint"]
