"""A payer's dispute of a payment, with its deadline and outcome (other-systems.md 7.3)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.dispute import DisputeStatus
from app.models.base import Base, CreatedAt, Currency, Key, Minor, Tenanted, one_of, same_tenant

STILL_OPEN = "status in ('opened', 'under_review')"


class Dispute(Tenanted, Base):
    """One dispute of one payment; one is open at a time, and what it is about cannot be refunded meanwhile."""

    __tablename__ = "dispute"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("payment_id", "external_id"),
        UniqueConstraint("public_token"),
        same_tenant("payment_id", "payment"),
        same_tenant("invoice_id", "invoice"),
        CheckConstraint(one_of("status", list(DisputeStatus)), name="status"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("invoice_minor between 0 and amount_minor", name="invoice"),
        CheckConstraint(f"({STILL_OPEN}) = (closed_at is null)", name="closed"),
        Index("uq_dispute_open", "payment_id", unique=True, postgresql_where=text(STILL_OPEN)),
        Index("ix_dispute_newest", text("created_at desc"), text("id desc")),
        Index("ix_dispute_invoice_id", "invoice_id"),
        Index("ix_dispute_evidence_due", "evidence_due_on", postgresql_where=text(STILL_OPEN)),
    )

    id: Mapped[Key]
    public_token: Mapped[str] = mapped_column(server_default=text("'dp_' || replace(gen_random_uuid()::text, '-', '')"))
    payment_id: Mapped[int]
    invoice_id: Mapped[int]
    amount_minor: Mapped[Minor]
    invoice_minor: Mapped[Minor]
    currency: Mapped[Currency]
    status: Mapped[str] = mapped_column(server_default=text("'opened'"))
    reason: Mapped[str]
    outcome: Mapped[str | None]
    external_id: Mapped[str | None]
    opened_by: Mapped[str]
    closed_by: Mapped[str | None]
    opened_at: Mapped[CreatedAt]
    evidence_due_on: Mapped[date | None] = mapped_column(Date)
    closed_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
