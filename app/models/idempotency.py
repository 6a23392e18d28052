"""Answers kept so that repeating a call changes nothing (reliability.md 3.6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Json, Key, Tenanted


class IdempotencyKey(Tenanted, Base):
    """The first execution under one key: who, where, what, and the answer given."""

    __tablename__ = "idempotency_key"
    __table_args__ = (
        UniqueConstraint("tenant_id", "principal", "route", "key"),
        CheckConstraint("state in ('running', 'done')", name="state"),
        Index("ix_idempotency_key_expires_at", "expires_at"),
    )

    id: Mapped[Key]
    principal: Mapped[str]
    route: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[Json | None]
    locked_until: Mapped[datetime]
    expires_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]
