"""What the services may know of what happened: the public events, their payload frozen when they happen."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Document, Key, Tenanted, same_tenant

NEW_NAME = "'evt_' || replace(gen_random_uuid()::text, '-', '')"


class Announcement(Tenanted, Base):
    """One public event, written by a trigger on the timeline at the end of the transaction it belongs to.

    `xact` is the place of that transaction in the order of all. Readers see only what is older than every transaction
    still running, so that a cursor over (xact, id) never passes an event that is committed later (reliability.md 3.7:
    never "id > last").
    """

    __tablename__ = "announcement"
    __table_args__ = (
        UniqueConstraint("token"),
        same_tenant("initiator_id", "initiator"),
        same_tenant("invoice_id", "invoice"),
        same_tenant("payment_id", "payment"),
        Index("ix_announcement_initiator", "initiator_id", "xact", "id"),
        Index("ix_announcement_invoice_id", "invoice_id", "id"),
    )

    id: Mapped[Key]
    token: Mapped[str] = mapped_column(server_default=text(NEW_NAME))
    xact: Mapped[int] = mapped_column(server_default=text("announcement_place()"))
    initiator_id: Mapped[int]
    type: Mapped[str]
    invoice_id: Mapped[int | None]
    payment_id: Mapped[int | None]
    payload: Mapped[Document]
    created_at: Mapped[CreatedAt]
