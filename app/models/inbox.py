"""What the outside told us, kept raw before it is understood (decisions.md 16)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Document, Key, Tenanted, same_tenant


class InboxMessage(Tenanted, Base):
    """One message from outside: the raw part never changes, the stamp says what became of it.

    `event_id` is unique only where the sender gives a true event id; EveryPay does not.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        Index("uq_inbox_event_id", "source", "event_id", unique=True, postgresql_where=text("event_id is not null")),
        Index("ix_inbox_external_id", "source", "external_id", "id"),
        Index("ix_inbox_unhandled", "id", postgresql_where=text("handled_at is null")),
        Index("ix_inbox_kind", "kind", "id"),
        Index("ix_inbox_strangers", "id", postgresql_where=text("handled_at is not null and payment_id is null")),
        same_tenant("invoice_id", "invoice"),
        same_tenant("payment_id", "payment"),
    )

    id: Mapped[Key]
    source: Mapped[str]
    kind: Mapped[str]
    event_id: Mapped[str | None]
    external_id: Mapped[str | None]
    raw: Mapped[str]
    headers: Mapped[Document] = mapped_column(server_default=text("'{}'"))
    peer: Mapped[str | None]
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    invoice_id: Mapped[int | None]
    payment_id: Mapped[int | None]
    created_at: Mapped[CreatedAt]
