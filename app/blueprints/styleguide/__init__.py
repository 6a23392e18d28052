"""Every component on one page, to look at and to test; in development only."""

from app.blueprints.styleguide.views import blueprint

__all__ = ["blueprint"]
