"""The ranges numbers come from."""

from app.blueprints.number_ranges.views import blueprint

__all__ = ["blueprint"]
