"""What was found when the books were checked: one row for each run and for each of its checks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.models.base import Base, CreatedAt, Key, Words, Zero


class ProofRun(Base):
    """One check of everything; `asked_by` is a person, or the command."""

    __tablename__ = "proof_run"

    id: Mapped[Key]
    asked_by: Mapped[Words]
    finished_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class ProofResult(Base):
    """One invariant in one run: how many rows were examined and which contradict it, the first hundred.

    `failed` is a check that could not be made, which proves nothing.
    """

    __tablename__ = "proof_result"
    __table_args__ = (
        UniqueConstraint("run_id", "name"),
        CheckConstraint("state in ('waiting', 'holds', 'broken', 'failed')", name="state"),
        Index("ix_proof_result_name", "name", text("id desc")),
    )

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("proof_run.id", name="fk_proof_result_run_id_proof_run"))
    name: Mapped[Words]
    sentence: Mapped[Words]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    examined: Mapped[Zero]
    broken: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    took_ms: Mapped[Zero]
    checked_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
