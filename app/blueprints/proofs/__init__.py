"""Proofs: every invariant with its last result, and checking them now."""

from app.blueprints.proofs.views import blueprint

__all__ = ["blueprint"]
