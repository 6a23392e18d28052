"""Home, the month, and the money behind both."""

from app.blueprints.overview.views import blueprint

__all__ = ["blueprint"]
