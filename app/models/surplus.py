"""Money that came and that its invoice did not need: the payer's credit."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.models.base import Base, CreatedAt, Currency, Key, Minor, Tenanted, Zero, same_tenant


class Surplus(Tenanted, Base):
    """What is over of one payment, and where it went: back to the payer, to other invoices, or lost in a dispute."""

    __tablename__ = "surplus"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("payment_id"),
        same_tenant("payment_id", "payment"),
        same_tenant("invoice_id", "invoice"),
        same_tenant("initiator_id", "initiator"),
        same_tenant("account_id", "account"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "refunded_minor >= 0 and applied_minor >= 0 and lost_minor >= 0 "
            "and refunded_minor + applied_minor + lost_minor <= amount_minor",
            name="left",
        ),
        Index(
            "ix_surplus_left", "id", postgresql_where=text("refunded_minor + applied_minor + lost_minor < amount_minor")
        ),
    )

    id: Mapped[Key]
    payment_id: Mapped[int]
    invoice_id: Mapped[int]
    initiator_id: Mapped[int]
    account_id: Mapped[int | None]
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    refunded_minor: Mapped[Zero]
    applied_minor: Mapped[Zero]
    lost_minor: Mapped[Zero]
    created_at: Mapped[CreatedAt]

    @property
    def left_minor(self) -> int:
        """Return what is still there, in minor units."""
        return self.amount_minor - self.refunded_minor - self.applied_minor - self.lost_minor
