"""Credit notes: documents of their own that take back an invoice or a part of it; append only."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.models.base import Base, CreatedAt, Currency, Key, Minor, Tenanted, same_tenant


class CreditNote(Tenanted, Base):
    """What was taken back and where it came from.

    `open_minor` nobody had paid, `held_minor` was paid and is the payer's credit now, `returned_minor` had gone back to
    the payer before.
    """

    __tablename__ = "credit_note"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "idempotency_key"),
        same_tenant("invoice_id", "invoice"),
        CheckConstraint("total_minor > 0 and total_minor = net_minor + tax_minor", name="total"),
        CheckConstraint("net_minor >= 0 and tax_minor >= 0", name="parts"),
        CheckConstraint(
            "open_minor >= 0 and held_minor >= 0 and returned_minor >= 0 "
            "and open_minor + held_minor + returned_minor = total_minor",
            name="room",
        ),
        Index("ix_credit_note_invoice_id", "invoice_id"),
    )

    id: Mapped[Key]
    number: Mapped[int]
    invoice_id: Mapped[int]
    currency: Mapped[Currency]
    net_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    open_minor: Mapped[Minor]
    held_minor: Mapped[Minor]
    returned_minor: Mapped[Minor]
    reason: Mapped[str]
    issued_by: Mapped[str]
    idempotency_key: Mapped[str]
    created_at: Mapped[CreatedAt]


class CreditNoteLine(Tenanted, Base):
    """What was taken off one line of the invoice, without tax."""

    __tablename__ = "credit_note_line"
    __table_args__ = (
        UniqueConstraint("credit_note_id", "position"),
        same_tenant("credit_note_id", "credit_note"),
        CheckConstraint("net_minor > 0", name="net"),
    )

    id: Mapped[Key]
    credit_note_id: Mapped[int]
    position: Mapped[int]
    description: Mapped[str]
    net_minor: Mapped[Minor]
    vat_code: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class CreditNoteVat(Tenanted, Base):
    """The tax of one rate of a credit note (BG-23)."""

    __tablename__ = "credit_note_vat"
    __table_args__ = (
        UniqueConstraint("credit_note_id", "code"),
        same_tenant("credit_note_id", "credit_note"),
        CheckConstraint("basis_points between 0 and 9999 and taxable_minor >= 0 and tax_minor >= 0", name="sums"),
    )

    id: Mapped[Key]
    credit_note_id: Mapped[int]
    code: Mapped[str]
    category: Mapped[str]
    basis_points: Mapped[int]
    taxable_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    created_at: Mapped[CreatedAt]
