"""One try to move money, and what the gateway's reference for it is worth."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.payment import PaymentStatus
from app.models.base import Base, CreatedAt, Currency, Flag, Json, Key, Minor, Tenanted, Zero, one_of, same_tenant

METHODS = ["hosted", "linkpay", "reported", "bank_transfer", "cash", "manual"]

# What the day sums of the overview are read from (queries/money_moved.py).
MONEY_CAME = "completed_at is not null and captured_minor > 0 and direction = 'in'"


class Payment(Tenanted, Base):
    """One try to move money for an invoice (other-systems.md 6.6).

    `merchant_ref` is the order reference we sent, `external_id` the gateway's. `leg` tells apart several movements the
    gateway books under one reference. `outside_minor` is the part of `refunded_minor` that did not go back through the
    gateway, which holds it still.
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("public_token"),
        UniqueConstraint("gateway", "account", "external_id", "leg"),
        UniqueConstraint("tenant_id", "gateway", "merchant_ref"),
        same_tenant("invoice_id", "invoice"),
        same_tenant("initiator_id", "initiator"),
        same_tenant("import_batch_id", "import_batch"),
        CheckConstraint(one_of("status", list(PaymentStatus)), name="status"),
        CheckConstraint(one_of("method", METHODS), name="method"),
        CheckConstraint("direction in ('in', 'out')", name="direction"),
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint(
            "refunded_minor >= 0 and lost_minor >= 0 and refunded_minor + lost_minor <= captured_minor", name="refunded"
        ),
        CheckConstraint("outside_minor between 0 and greatest(refunded_minor, 0)", name="outside"),
        Index("ix_payment_invoice_id", "invoice_id", "completed_at"),
        Index("ix_payment_gateway_created_at", "gateway", "created_at", "id"),
        Index("ix_payment_initiator_newest", "initiator_id", text("created_at desc"), text("id desc")),
        Index(
            "ix_payment_status_newest",
            "status",
            text("created_at desc"),
            text("id desc"),
            postgresql_where=text("status <> 'completed'"),
        ),
        Index(
            "ix_payment_next_check",
            "next_check_at",
            postgresql_where=text("next_check_at is not null"),
        ),
        Index(
            "ix_payment_received",
            "completed_at",
            "id",
            postgresql_include=["gateway", "initiator_id", "currency", "captured_minor"],
            postgresql_where=text(MONEY_CAME),
        ),
    )

    id: Mapped[Key]
    public_token: Mapped[str]
    invoice_id: Mapped[int | None]
    initiator_id: Mapped[int]
    direction: Mapped[str] = mapped_column(server_default=text("'in'"))
    method: Mapped[str]
    gateway: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"))
    status: Mapped[str] = mapped_column(server_default=text("'created'"))
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    captured_minor: Mapped[Zero]
    refunded_minor: Mapped[Zero]
    lost_minor: Mapped[Zero]
    outside_minor: Mapped[Zero]
    fee_minor: Mapped[Zero]
    merchant_ref: Mapped[str | None]
    external_id: Mapped[str | None]
    leg: Mapped[int] = mapped_column(server_default=text("0"))
    attempt_no: Mapped[int] = mapped_column(server_default=text("1"))
    parent_id: Mapped[int | None]
    customer_url: Mapped[str | None]
    payment_link: Mapped[str | None]
    gateway_method: Mapped[str | None]
    provider_state: Mapped[str | None]
    snapshot: Mapped[Json | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    late: Mapped[Flag]
    sent_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(server_default=text("0"))
    idempotency_key: Mapped[str | None]
    import_batch_id: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]

    @property
    def held_minor(self) -> int:
        """Return what of the money neither went back nor was lost, in minor units."""
        return self.captured_minor - self.refunded_minor - self.lost_minor

    @property
    def at_gateway_minor(self) -> int:
        """Return what the gateway still holds of it, in minor units: what we gave back by other ways, too."""
        return self.held_minor + self.outside_minor


class GatewayReference(Tenanted, Base):
    """A gateway's reference; `dirty_seq` counts the news, `clean_seq` what was looked into (reliability.md 3.5)."""

    __tablename__ = "gateway_reference"
    __table_args__ = (
        UniqueConstraint("tenant_id", "gateway", "external_id"),
        same_tenant("payment_id", "payment"),
        CheckConstraint("clean_seq <= dirty_seq", name="seq"),
        Index(
            "ix_gateway_reference_prefix",
            "external_id",
            postgresql_ops={"external_id": "text_pattern_ops"},
        ),
        Index("ix_gateway_reference_unknown", "created_at", postgresql_where=text("payment_id is null")),
    )

    id: Mapped[Key]
    gateway: Mapped[str]
    external_id: Mapped[str]
    payment_id: Mapped[int | None]
    dirty_seq: Mapped[Zero]
    clean_seq: Mapped[Zero]
    custom_field_1: Mapped[str | None]
    last_heard_at: Mapped[CreatedAt]
    last_fetched_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
