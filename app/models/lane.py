"""A lane: the work for one destination, which may be slow, sick or paused without holding up the others."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Flag, Key, Zero

QUEUES = ["money", "notify", "background"]
OURS = ("search", "schedule", "proofs", "tasks")  # work inside the house, which is no message to anybody


class Lane(Base):
    """One destination's outbox rows.

    `offers` counts the bell's strokes and makes each job's name new; until `offered_until` no other stroke is due.
    `failures` counts transport failures in a row, `paused_until` is the breaker. Rows of a `single` lane are long work
    (a document, an export) and are offered one by one. A person stops a lane until a person lets it go again, which no
    answer of the other side does.
    """

    __tablename__ = "lane"
    __table_args__ = (
        CheckConstraint("queue in ('money', 'notify', 'background')", name="queue"),
        CheckConstraint(
            "(stopped_at is null) = (stopped_by is null) and (stopped_at is null) = (stopped_why is null)",
            name="stopped",
        ),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    queue: Mapped[str]
    single: Mapped[Flag]
    offers: Mapped[Zero]
    offered_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    paused_until: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[str | None]
    stopped_why: Mapped[str | None]
    created_at: Mapped[CreatedAt]
