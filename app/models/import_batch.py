"""One taking-in of data from elsewhere: who brought it, from where, how far it is, and what became of its rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.import_run import Fault, Phase
from app.models.base import Base, CreatedAt, Document, Key, Tenanted, Zero, one_of, same_tenant


class ImportBatch(Tenanted, Base):
    """Rows that came together; invoices, payments and references name the batch that brought them.

    It is under way until `finished_at`; with a `fault` it took nothing, and `why` is the sentence of a refusal.
    """

    __tablename__ = "import_batch"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        CheckConstraint("source in ('api', 'legacy')", name="source"),
        CheckConstraint("kind in ('invoices', 'references')", name="kind"),
        CheckConstraint(one_of("fault", list(Fault)), name="fault"),
        CheckConstraint("fault is null or finished_at is not null", name="ended"),
        Index("ix_import_batch_running", "id", postgresql_where=text("finished_at is null")),
    )

    id: Mapped[Key]
    source: Mapped[str]
    kind: Mapped[str]
    actor: Mapped[str]
    counts: Mapped[Document] = mapped_column(server_default=text("'{}'"))
    fault: Mapped[str | None]
    why: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]


class ImportProgress(Tenanted, Base):
    """How far an import is, or was when it ended; written beside its transaction, so that it is seen meanwhile.

    A table of its own, because the import's transaction may hold the row of the batch.
    """

    __tablename__ = "import_progress"
    __table_args__ = (
        same_tenant("batch_id", "import_batch"),
        CheckConstraint(one_of("phase", list(Phase)), name="phase"),
        CheckConstraint("rows_read >= 0", name="rows_read"),
    )

    batch_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    phase: Mapped[str] = mapped_column(server_default=text("'reading'"))
    rows_read: Mapped[Zero]
    heard_at: Mapped[CreatedAt]
