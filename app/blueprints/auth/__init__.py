"""Signing in and out with TARA."""

from app.blueprints.auth.views import blueprint

__all__ = ["blueprint"]
