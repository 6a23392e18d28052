"""The books: append only, balanced per transaction and currency by the database (decisions.md 19)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.models.base import Base, CreatedAt, Currency, Key, Minor, Tenanted, same_tenant


class LedgerAccount(Tenanted, Base):
    """An account of the books, such as `receivables:registry`."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "code"),
        CheckConstraint("kind in ('asset', 'liability', 'income', 'expense')", name="kind"),
    )

    id: Mapped[Key]
    code: Mapped[str]
    kind: Mapped[str]
    created_at: Mapped[CreatedAt]


# Bookings of money that went back, was charged back or won back: a small part of the books, indexed apart.
MOVED_LATER = (
    "kind not in ('invoice.issued', 'invoice.repriced', 'invoice.cancelled', 'payment.received', 'credit.applied')"
)


# What such a booking `t` of a payment `p` moved, and through whom: the gateway, our bank or the service itself. As they
# are few, `offset 0` keeps the planner from flattening the question and reading all entries.
SIDE_MOVED = """
  cross join lateral (
    select e.currency, e.amount_minor,
           case when a.code like 'clearing:%' then substr(a.code, 10) else p.gateway end as gateway
      from ledger_entry e
      join ledger_account a on a.id = e.account_id and (a.code like 'clearing:%' or a.code like 'outside:%')
     where e.transaction_id = t.id offset 0) e
"""


class LedgerTransaction(Tenanted, Base):
    """Why money was booked; its dedupe key makes booking one fact twice impossible."""

    __tablename__ = "ledger_transaction"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "dedupe_key"),
        same_tenant("invoice_id", "invoice"),
        same_tenant("payment_id", "payment"),
        Index("ix_ledger_transaction_invoice_id", "invoice_id"),
        Index("ix_ledger_transaction_payment_id", "payment_id"),
        Index("ix_ledger_transaction_moved", "created_at", "id", postgresql_where=text(MOVED_LATER)),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    dedupe_key: Mapped[str]
    invoice_id: Mapped[int | None]
    payment_id: Mapped[int | None]
    created_at: Mapped[CreatedAt]


class LedgerEntry(Tenanted, Base):
    """One side of a booking: debits positive, credits negative, in minor units."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        same_tenant("transaction_id", "ledger_transaction"),
        same_tenant("account_id", "ledger_account"),
        CheckConstraint("amount_minor <> 0", name="amount"),
        Index("ix_ledger_entry_transaction_id", "transaction_id"),
        Index("ix_ledger_entry_account_id", "account_id", "id"),
    )

    id: Mapped[Key]
    transaction_id: Mapped[int]
    account_id: Mapped[int]
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    created_at: Mapped[CreatedAt]
