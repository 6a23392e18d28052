"""Deliveries: what was sent and what waits, why something is stuck, and sending it again."""

from app.blueprints.deliveries import decisions, resendings, views  # noqa: F401 - their doors hang on the blueprint
from app.blueprints.deliveries.door import blueprint

__all__ = ["blueprint"]
