"""Series of document numbers and every number handed out of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Key, Tenanted, same_tenant


class NumberRange(Tenanted, Base):
    """The numbers `first_number` to `last_number`, both included; `next_number` is the next to hand out.

    One range of a kind is active; those that follow it wait their turn. No two ranges share a number.
    """

    __tablename__ = "number_range"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "kind", "first_number"),
        CheckConstraint("kind in ('invoice', 'deposit', 'monthly', 'credit_note')", name="kind"),
        CheckConstraint("first_number <= last_number", name="bounds"),
        CheckConstraint("next_number between first_number and last_number + 1", name="next"),
        ExcludeConstraint(
            (text("int8range(tenant_id, tenant_id, '[]')"), "&&"),
            (text("int8range(first_number, last_number, '[]')"), "&&"),
            name="number_range_overlap",
        ),
        Index("uq_number_range_active", "tenant_id", "kind", unique=True, postgresql_where=text("active")),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    first_number: Mapped[int]
    last_number: Mapped[int]
    next_number: Mapped[int]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[CreatedAt]


class NumberReservation(Tenanted, Base):
    """One number handed to one initiator: never twice (eis.md 5.7, REL-8)."""

    __tablename__ = "number_reservation"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number", "range_id"),
        Index("ix_number_reservation_newest", "range_id", "created_at"),
        same_tenant("range_id", "number_range"),
        same_tenant("initiator_id", "initiator"),
    )

    id: Mapped[Key]
    range_id: Mapped[int]
    number: Mapped[int]
    initiator_id: Mapped[int]
    used_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
