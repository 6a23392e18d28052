"""A deposit of an auction's user for one domain (eis.md 5.4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.deposit import DepositStatus
from app.models.base import Base, CreatedAt, Key, Tenanted, one_of, same_tenant


class Deposit(Tenanted, Base):
    """Who deposits for what, on an invoice of its own; `status` is what the auction says, or `paid` by the payment.

    Open (`closed_at` is null) means that another click is about this one; there is one such per domain and user.
    """

    __tablename__ = "deposit"
    __table_args__ = (
        UniqueConstraint("invoice_id"),
        same_tenant("invoice_id", "invoice"),
        same_tenant("initiator_id", "initiator"),
        CheckConstraint(one_of("status", list(DepositStatus)), name="status"),
        CheckConstraint(
            "char_length(domain) between 1 and 255 and char_length(user_uuid) between 1 and 100", name="words"
        ),
        Index(
            "uq_deposit_open",
            "tenant_id",
            "initiator_id",
            "domain",
            "user_uuid",
            unique=True,
            postgresql_where=text("closed_at is null"),
        ),
        Index("ix_deposit_domain", "domain", "user_uuid"),
        Index("ix_deposit_newest", text("created_at desc"), text("id desc")),
        Index("ix_deposit_status_newest", "status", text("created_at desc"), text("id desc")),
    )

    id: Mapped[Key]
    initiator_id: Mapped[int]
    invoice_id: Mapped[int]
    domain: Mapped[str]
    user_uuid: Mapped[str]
    user_email: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'prepayment'"))
    closed_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


# What the trigram index holds for queries/deposits.py: the domain, the e-mail address and the auction's id.
WORDS = func.lower(Deposit.domain + " " + Deposit.user_email + " " + Deposit.user_uuid)

Index("ix_deposit_words", WORDS.label("words"), postgresql_using="gin", postgresql_ops={"words": "gin_trgm_ops"})
