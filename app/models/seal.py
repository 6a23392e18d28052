"""The hash chain over the ledger and the timeline (reliability.md 3.12)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Key


class Seal(Base):
    """One sealed row: hash = SHA-256(previous hash, canonical row). Chains are told apart by `chain`."""

    __tablename__ = "seal"
    __table_args__ = (
        UniqueConstraint("chain", "position"),
        UniqueConstraint("chain", "row_id"),
        CheckConstraint("chain in ('ledger', 'event')", name="chain"),
    )

    id: Mapped[Key]
    chain: Mapped[str]
    position: Mapped[int]
    row_id: Mapped[int]
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]
