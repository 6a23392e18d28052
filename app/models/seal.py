"""The hash chain over the ledger and the timeline (reliability.md 3.12)."""

from __future__ import annotations

from sqlalchemy import ARRAY, CheckConstraint, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Key, Zero


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


class Anchor(Base):
    """The last link of a chain as it was on a day, which was told outside of the database too."""

    __tablename__ = "anchor"
    __table_args__ = (
        UniqueConstraint("chain", "position"),
        CheckConstraint("chain in ('ledger', 'event')", name="chain"),
        CheckConstraint("length(hash) = 32", name="hash"),
    )

    id: Mapped[Key]
    chain: Mapped[str]
    position: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]


class SealHorizon(Base):
    """Up to where a chain holds every row there is or ever will be.

    `floor_id` is that row; it becomes `mark_id` once none of the `writers` of the moment of the mark is at work.
    """

    __tablename__ = "seal_horizon"
    __table_args__ = (CheckConstraint("chain in ('ledger', 'event')", name="chain"),)

    chain: Mapped[str] = mapped_column(Text, primary_key=True)
    floor_id: Mapped[Zero]
    mark_id: Mapped[Zero]
    writers: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
