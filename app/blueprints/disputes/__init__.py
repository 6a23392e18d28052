"""The dispute desk: what payers' banks ask for, until when, and how it ended."""

from app.blueprints.disputes.views import blueprint

__all__ = ["blueprint"]
