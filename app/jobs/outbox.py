"""What a worker may be asked to do: one lane, one row, or a whole queue when Redis is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.integrations import current
from app.services import delivery, offers
from app.services.dispatch import OUTBOX

if TYPE_CHECKING:
    from collections.abc import Callable


def work_lane(lane_id: int) -> None:
    """Work the due rows of one lane."""
    delivery.work_lane(lane_id, OUTBOX, current())


def work_row(row_id: int) -> None:
    """Work one row."""
    delivery.work_row(row_id, OUTBOX, current())


def work_queue(queue: str, is_stopping: Callable[[], bool] = lambda: False) -> None:
    """Work every due lane of a queue, straight from PostgreSQL; none is begun once a stop was asked for."""
    for lane_id in offers.due_lanes(queue):
        if is_stopping():
            return
        delivery.work_lane(lane_id, OUTBOX, current())
