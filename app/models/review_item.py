"""What a machine cannot decide: an item with an owner and an age, never a log line."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Document, Key, Tenanted, same_tenant


class ReviewItem(Tenanted, Base):
    """One question for a person, with its evidence; the same question is asked once."""

    __tablename__ = "review_item"
    __table_args__ = (
        UniqueConstraint("kind", "dedupe_key"),
        same_tenant("invoice_id", "invoice"),
        same_tenant("payment_id", "payment"),
        Index("ix_review_item_open", "created_at", postgresql_where=text("resolved_at is null")),
        Index(
            "ix_review_item_answered",
            text("resolved_at desc"),
            text("id desc"),
            postgresql_where=text("resolved_at is not null"),
        ),
        Index("ix_review_item_payment_id", "payment_id"),
        Index("ix_review_item_invoice_id", "invoice_id"),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    dedupe_key: Mapped[str]
    sentence: Mapped[str]
    invoice_id: Mapped[int | None]
    payment_id: Mapped[int | None]
    evidence: Mapped[Document] = mapped_column(server_default=text("'{}'"))
    owner: Mapped[str] = mapped_column(server_default=text("'finance'"))
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
    resolution: Mapped[str | None]
    created_at: Mapped[CreatedAt]
