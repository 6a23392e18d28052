"""Periodic work: whoever inserts the row for a moment runs it (reliability.md 3.7)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Key


class ScheduleRun(Base):
    """One planned moment of one periodic task; unique, so that any number of clocks may tick."""

    __tablename__ = "schedule_run"
    __table_args__ = (UniqueConstraint("name", "planned_at"),)

    id: Mapped[Key]
    name: Mapped[str]
    planned_at: Mapped[datetime]
    outbox_id: Mapped[int | None] = mapped_column(ForeignKey("outbox.id"))
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]
    created_at: Mapped[CreatedAt]
