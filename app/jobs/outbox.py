"""What a worker may be asked to do: one lane, one row, or a whole queue when Redis is away."""

from __future__ import annotations

from app.integrations import current
from app.services import delivery, offers
from app.services.dispatch import OUTBOX


def work_lane(lane_id: int) -> None:
    """Work the due rows of one lane."""
    delivery.work_lane(lane_id, OUTBOX, current())


def work_row(row_id: int) -> None:
    """Work one row."""
    delivery.work_row(row_id, OUTBOX, current())


def work_queue(queue: str) -> None:
    """Work every due lane of a queue, straight from PostgreSQL."""
    for lane_id in offers.due_lanes(queue):
        delivery.work_lane(lane_id, OUTBOX, current())
