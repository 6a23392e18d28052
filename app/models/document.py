"""A document a service asked us to pass on: to the accounting system or to the e-invoice operator."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Flag, Json, Key, Tenanted, one_of, same_tenant

KINDS = ["directo", "e_invoice"]
STATES = ["accepted", "skipped", "dry"]


class OutgoingDocument(Tenanted, Base):
    """What is to be sent, as it was asked for; the same content of the same service is one document.

    `accepted` waits for its sender, `skipped` is about an invoice that is not here, `dry` is never sent.
    """

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "kind", "initiator_id", "fingerprint"),
        same_tenant("initiator_id", "initiator"),
        same_tenant("invoice_id", "invoice"),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'dry') = dry", name="dry"),
        Index("ix_document_accepted", "kind", "id", postgresql_where=text("state = 'accepted'")),
        Index("ix_document_invoice_id", "invoice_id", postgresql_where=text("invoice_id is not null")),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    initiator_id: Mapped[int]
    invoice_id: Mapped[int | None]
    number: Mapped[str]
    form: Mapped[str] = mapped_column(server_default=text("''"))
    dry: Mapped[Flag]
    payload: Mapped[Json]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(server_default=text("'accepted'"))
    times_asked: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[CreatedAt]
