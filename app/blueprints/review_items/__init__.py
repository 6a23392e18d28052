"""The desk of questions: what a machine could not decide, whose it is, and how it was decided."""

from app.blueprints.review_items.views import blueprint

__all__ = ["blueprint"]
