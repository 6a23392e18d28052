"""Audit: who did what, when and why, and how far it is sealed."""

from app.blueprints.audit.views import blueprint

__all__ = ["blueprint"]
