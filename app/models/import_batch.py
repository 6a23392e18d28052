"""One taking-in of data from elsewhere: who brought it, from where, and what became of its rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Document, Key, Tenanted


class ImportBatch(Tenanted, Base):
    """Rows that came together; invoices, payments and references name the batch that brought them."""

    __tablename__ = "import_batch"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        CheckConstraint("source in ('api', 'legacy')", name="source"),
        CheckConstraint("kind in ('invoices', 'references')", name="kind"),
    )

    id: Mapped[Key]
    source: Mapped[str]
    kind: Mapped[str]
    actor: Mapped[str]
    counts: Mapped[Document] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]
