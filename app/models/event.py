"""The timeline and audit trail: what happened, who did it, why. Append only, sealed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Document, Key, Tenanted, same_tenant

ACTORS = ["system", "gateway", "initiator", "operator"]


class Event(Tenanted, Base):
    """One thing that happened, in words an operator reads (`kind` is subject.noun.verb)."""

    __tablename__ = "event"
    __table_args__ = (
        same_tenant("invoice_id", "invoice"),
        same_tenant("payment_id", "payment"),
        CheckConstraint("actor_kind in ('system', 'gateway', 'initiator', 'operator')", name="actor_kind"),
        Index("ix_event_invoice_id", "invoice_id", "id"),
        Index(
            "ix_event_question",
            text("((data ->> 'item'::text)::bigint)"),
            postgresql_where=text("kind like 'review.item.%'"),
        ),
        # What happened in the house itself: people, keys, settings, number ranges.
        Index("ix_event_house", "kind", "id", postgresql_where=text("invoice_id is null")),
        Index("ix_event_newest", text("created_at desc"), text("id desc")),
        Index("ix_event_kind", "kind", text("created_at desc"), text("id desc"), postgresql_include=["actor_kind"]),
        Index(
            "ix_event_people",
            "actor",
            text("created_at desc"),
            text("id desc"),
            postgresql_where=text("actor_kind = 'operator'"),
        ),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    invoice_id: Mapped[int | None]
    payment_id: Mapped[int | None]
    actor_kind: Mapped[str] = mapped_column(server_default=text("'system'"))
    actor: Mapped[str] = mapped_column(server_default=text("''"))
    reason: Mapped[str | None]
    data: Mapped[Document] = mapped_column(server_default=text("'{}'"))
    trace_id: Mapped[str | None]
    created_at: Mapped[CreatedAt]
