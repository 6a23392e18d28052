"""Money of a payment given to an invoice, and the fact that an invoice is fully paid."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Key, Minor, Tenanted, same_tenant


class Allocation(Tenanted, Base):
    """A part of a payment given to an invoice; deferred triggers keep the sums inside both (reliability.md 3.2)."""

    __tablename__ = "allocation"
    __table_args__ = (
        same_tenant("payment_id", "payment"),
        same_tenant("invoice_id", "invoice"),
        CheckConstraint("amount_minor > 0", name="amount"),
        Index(
            "uq_allocation_active",
            "payment_id",
            "invoice_id",
            unique=True,
            postgresql_where=text("reversed_at is null"),
        ),
        Index("ix_allocation_invoice_id", "invoice_id"),
        Index("ix_allocation_payment_id", "payment_id"),
    )

    id: Mapped[Key]
    payment_id: Mapped[int]
    invoice_id: Mapped[int]
    amount_minor: Mapped[Minor]
    reversed_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class Settlement(Tenanted, Base):
    """The fact "this invoice is fully paid": at most one active per invoice, whoever brought the money."""

    __tablename__ = "settlement"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        same_tenant("payment_id", "payment"),
        same_tenant("invoice_id", "invoice"),
        Index("uq_settlement_active", "invoice_id", unique=True, postgresql_where=text("reversed_at is null")),
    )

    id: Mapped[Key]
    invoice_id: Mapped[int]
    payment_id: Mapped[int | None]
    amount_minor: Mapped[Minor]
    source: Mapped[str] = mapped_column(server_default=text("'gateway'"))
    reversed_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
