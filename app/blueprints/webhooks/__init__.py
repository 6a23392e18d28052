"""Webhooks: where services hear what happens, and how each endpoint is."""

from app.blueprints.webhooks import edits
from app.blueprints.webhooks.views import blueprint

__all__ = ["blueprint", "edits"]
