"""Credit notes: one is counted up, then issued; each is a page of its own, linked with its invoice both ways."""

from app.blueprints.credit_notes.views import blueprint

__all__ = ["blueprint"]
