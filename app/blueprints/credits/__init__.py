"""The desk of double payments: what payers paid twice or too much, and where it goes."""

from app.blueprints.credits.views import blueprint

__all__ = ["blueprint"]
