"""Who acts: the person who is signed in, as the timeline keeps them."""

from __future__ import annotations

from app.services.timeline import Actor
from app.web.guards import operator


def acting() -> Actor:
    """Return the actor of a verb; only behind a guard."""
    return Actor("operator", str(operator().operator_id))
