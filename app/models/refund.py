"""Money on its way back."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.refund import RefundStatus
from app.models.base import Base, CreatedAt, Currency, Key, Minor, Tenanted, one_of, same_tenant


class Refund(Tenanted, Base):
    """One return of money: of what an invoice took, or without `invoice_id` of what it did not need.

    A deferred trigger keeps what is reserved, given back and disputed inside what was captured (reliability.md 3.2).
    Of one payment one refund is under way at a time, so that what the gateway still holds decides it. One with
    `made_outside_on` was made by a bank transfer of our own on that day: the gateway has no part in it.
    """

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("payment_id", "idempotency_key"),
        UniqueConstraint("payment_id", "external_id"),
        UniqueConstraint("public_token"),
        UniqueConstraint("nonce"),
        same_tenant("payment_id", "payment"),
        same_tenant("invoice_id", "invoice"),
        CheckConstraint(one_of("status", list(RefundStatus)), name="status"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("approved_by is null or approved_by <> requested_by", name="four_eyes"),
        CheckConstraint(
            "status not in ('processing', 'unknown') or (nonce is not null and sent_at is not null)", name="sent"
        ),
        CheckConstraint("(made_outside_on is null) = (bank_reference is null)", name="outside"),
        CheckConstraint("char_length(bank_reference) between 1 and 100", name="bank_reference"),
        CheckConstraint(
            "made_outside_on is null or (nonce is null and sent_at is null and external_id is null)", name="never_sent"
        ),
        # One transfer may give back what several invoices took of one payment, and of each it does once.
        Index(
            "uq_refund_bank_reference",
            "payment_id",
            "invoice_id",
            "bank_reference",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("bank_reference is not null and status <> 'cancelled'"),
        ),
        Index(
            "uq_refund_in_flight",
            "payment_id",
            unique=True,
            postgresql_where=text("status in ('processing', 'unknown')"),
        ),
        Index("ix_refund_invoice_id", "invoice_id", "id"),
        Index("ix_refund_newest", text("created_at desc"), text("id desc")),
        Index("ix_refund_payment_id", "payment_id", "id"),
        Index("ix_refund_to_approve", "created_at", "id", postgresql_where=text("status = 'pending_approval'")),
        Index("ix_refund_next_check", "next_check_at", postgresql_where=text("next_check_at is not null")),
    )

    id: Mapped[Key]
    public_token: Mapped[str] = mapped_column(server_default=text("'rf_' || replace(gen_random_uuid()::text, '-', '')"))
    payment_id: Mapped[int]
    invoice_id: Mapped[int | None]
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    status: Mapped[str] = mapped_column(server_default=text("'requested'"))
    reason: Mapped[str]
    idempotency_key: Mapped[str]
    external_id: Mapped[str | None]
    nonce: Mapped[str | None]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    requested_by: Mapped[str]
    approved_by: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    made_outside_on: Mapped[date | None]
    bank_reference: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
