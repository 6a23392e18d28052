"""What we owe: the queue of record, written in the transaction of the change that caused it (decisions.md 17)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Document, Key, Tenanted, one_of, same_tenant

STATES = ["pending", "leased", "done", "dead", "held", "cancelled"]


class OutboxRow(Tenanted, Base):
    """One thing we owe, with everything needed to do it and what became of it.

    `held` waits for a person: the request left, its answer was lost, and a repeat could be counted twice.
    `dead` was given up after all its tries. The unique key stops two notices of one fact for ever (reliability.md 3.2).
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("kind", "dedupe_key"),
        same_tenant("invoice_id", "invoice"),
        same_tenant("payment_id", "payment"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'leased') = (lease_token is not null)", name="lease"),
        CheckConstraint("(lease_token is null) = (lease_until is null)", name="lease_until"),
        Index("ix_outbox_pending", "lane_id", "run_at", "id", postgresql_where=text("state = 'pending'")),
        Index("ix_outbox_leased", "lease_until", postgresql_where=text("state = 'leased'")),
        Index("ix_outbox_stuck", "id", postgresql_where=text("state in ('dead', 'held')")),
        Index("ix_outbox_newest", "lane_id", "kind", text("created_at desc"), text("id desc")),
        Index(
            "ix_outbox_unfinished",
            "state",
            text("created_at desc"),
            text("id desc"),
            postgresql_where=text("state <> 'done'"),
        ),
        Index(
            "ix_outbox_faulty",
            "last_error_class",
            text("created_at desc"),
            text("id desc"),
            postgresql_where=text("last_error_class is not null"),
        ),
        Index("ix_outbox_invoice_id", "invoice_id", "id", postgresql_where=text("invoice_id is not null")),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    dedupe_key: Mapped[str]
    lane_id: Mapped[int] = mapped_column(ForeignKey("lane.id"))
    invoice_id: Mapped[int | None]
    payment_id: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    payload: Mapped[Document] = mapped_column(server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    run_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    repeatable: Mapped[bool] = mapped_column(server_default=text("true"))
    last_error_class: Mapped[str | None]
    last_error: Mapped[str | None]
    answer_status: Mapped[int | None]
    answer_body: Mapped[str | None]
    answer_ms: Mapped[int | None]
    trace_id: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    done_at: Mapped[datetime | None]
