"""Comparing our books with a gateway's: each day that was compared, and each difference that was found."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.comparison import DifferenceKind
from app.models.base import Base, CreatedAt, Currency, Document, Key, Tenanted, Zero, one_of, same_tenant


class Comparison(Tenanted, Base):
    """One day of one gateway, compared on one night; the day comes again, ever less often."""

    __tablename__ = "comparison"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "gateway", "day", "compared_on"),
        CheckConstraint("day < compared_on", name="day"),
    )

    id: Mapped[Key]
    gateway: Mapped[str]
    day: Mapped[date] = mapped_column(Date)
    compared_on: Mapped[date] = mapped_column(Date)
    examined: Mapped[Zero]
    differences: Mapped[Zero]
    finished_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class Difference(Tenanted, Base):
    """One payment about which the books differ; open until both tell the same story again."""

    __tablename__ = "difference"
    __table_args__ = (
        same_tenant("comparison_id", "comparison"),
        same_tenant("payment_id", "payment"),
        CheckConstraint(one_of("kind", list(DifferenceKind)), name="kind"),
        CheckConstraint("(mended_at is null) = (mended_by is null)", name="mended"),
        Index(
            "uq_difference_open",
            "tenant_id",
            "reference",
            "kind",
            unique=True,
            postgresql_where=text("mended_at is null"),
        ),
        Index("ix_difference_open", "created_at", postgresql_where=text("mended_at is null")),
    )

    id: Mapped[Key]
    comparison_id: Mapped[int]
    kind: Mapped[str]
    reference: Mapped[str]
    payment_id: Mapped[int | None]
    at_stake_minor: Mapped[Zero]
    currency: Mapped[Currency]
    ours: Mapped[Document] = mapped_column(server_default=text("'{}'"))
    theirs: Mapped[Document] = mapped_column(server_default=text("'{}'"))
    mended_at: Mapped[datetime | None]
    mended_by: Mapped[str | None]
    created_at: Mapped[CreatedAt]
