"""System health: every part in words, with what to do about it."""

from app.blueprints.system_health.views import blueprint

__all__ = ["blueprint"]
