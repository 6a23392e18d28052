"""Money on its way back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.refund import RefundStatus
from app.models.base import Base, CreatedAt, Currency, Key, Minor, Tenanted, one_of, same_tenant


class Refund(Tenanted, Base):
    """One return of money; a deferred trigger keeps the active sum inside what was captured (reliability.md 3.2)."""

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("payment_id", "idempotency_key"),
        UniqueConstraint("payment_id", "external_id"),
        UniqueConstraint("public_token"),
        same_tenant("payment_id", "payment"),
        CheckConstraint(one_of("status", list(RefundStatus)), name="status"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("approved_by is null or approved_by <> requested_by", name="four_eyes"),
    )

    id: Mapped[Key]
    public_token: Mapped[str] = mapped_column(server_default=text("'rf_' || replace(gen_random_uuid()::text, '-', '')"))
    payment_id: Mapped[int]
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    status: Mapped[str] = mapped_column(server_default=text("'requested'"))
    reason: Mapped[str]
    idempotency_key: Mapped[str]
    external_id: Mapped[str | None]
    requested_by: Mapped[str]
    approved_by: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
