"""Reference numbers: whose they are, what was paid by them, and new ones."""

from app.blueprints.references.views import blueprint

__all__ = ["blueprint"]
