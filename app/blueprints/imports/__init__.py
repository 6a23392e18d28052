"""What services and the move from the system before brought along."""

from app.blueprints.imports.views import blueprint

__all__ = ["blueprint"]
