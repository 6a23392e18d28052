"""Several invoices paid at once: which ones, and for how much each (eis.md 5.3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.models.base import Base, CreatedAt, Key, Minor, Tenanted, same_tenant


class BulkMember(Tenanted, Base):
    """An invoice inside a bulk payment, with what it was to get when the payer was sent to pay.

    The parent is an invoice of kind `bulk`: a container, which is owed nothing itself. `released_at` ends the
    membership for new attempts, not for money that still comes: an invoice is in one open bulk payment at most.
    """

    __tablename__ = "bulk_member"
    __table_args__ = (
        UniqueConstraint("parent_id", "member_id"),
        UniqueConstraint("parent_id", "position"),
        same_tenant("parent_id", "invoice"),
        same_tenant("member_id", "invoice"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("parent_id <> member_id", name="parent"),
        Index("uq_bulk_member_open", "member_id", unique=True, postgresql_where=text("released_at is null")),
        Index("ix_bulk_member_member_id", "member_id"),
    )

    id: Mapped[Key]
    parent_id: Mapped[int]
    member_id: Mapped[int]
    position: Mapped[int]
    amount_minor: Mapped[Minor]
    released_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
