"""Inbox: what came from outside, and what became of it."""

from app.blueprints.inbox.views import blueprint

__all__ = ["blueprint"]
