"""What came and went on days that are over, added up once: a year is read as some thousand rows, not a million.

By payer a day has nearly as many rows as payments, but they lie together and need no invoice each.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import DEFAULT_TENANT, Base, CreatedAt, Currency, Minor, Tenanted, same_tenant

# Whoever writes into the past holds it shared, whoever closes days alone: neither sees half of the other.
CLOSING_LOCK = 4_027


class ClosedDay(Base):
    """A day of Tallinn whose sums stand in `day_total`; the database takes it back when its past is written to."""

    __tablename__ = "closed_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    created_at: Mapped[CreatedAt]


class DayTotal(Tenanted, Base):
    """What came and went on a closed day through one gateway for one service; minor units, both positive."""

    __tablename__ = "day_total"
    __table_args__ = (
        PrimaryKeyConstraint("day", "tenant_id", "gateway", "initiator_id", "currency"),
        ForeignKeyConstraint(["day"], ["closed_day.day"], ondelete="CASCADE"),
        same_tenant("initiator_id", "initiator"),
    )

    day: Mapped[date] = mapped_column(Date)
    gateway: Mapped[str]
    initiator_id: Mapped[int]
    currency: Mapped[Currency]
    payments: Mapped[int]
    in_minor: Mapped[Minor]
    returns: Mapped[int]
    back_minor: Mapped[Minor]


class DayPayer(Base):
    """What came of one payer on a closed day, and what went back; `payer` as the invoice has it, '' for none.

    Days are read whole, so their key numbers the rows: one of names would be as large as the table, and an entry of an
    index has no room for the longest name. A day's total, its service and its mark stand for them: one look per row.
    """

    __tablename__ = "day_payer"
    __table_args__ = (
        PrimaryKeyConstraint("day", "place"),
        ForeignKeyConstraint(
            ["day", "tenant_id", "gateway", "initiator_id", "currency"],
            [f"day_total.{each}" for each in ("day", "tenant_id", "gateway", "initiator_id", "currency")],
            ondelete="CASCADE",
        ),
    )

    day: Mapped[date] = mapped_column(Date)
    place: Mapped[int] = mapped_column(Integer)
    tenant_id: Mapped[int] = mapped_column(server_default=text(str(DEFAULT_TENANT)))
    gateway: Mapped[str]
    initiator_id: Mapped[int]
    currency: Mapped[Currency]
    payer: Mapped[str]
    payments: Mapped[int] = mapped_column(Integer)
    in_minor: Mapped[Minor]
    returns: Mapped[int] = mapped_column(Integer)
    back_minor: Mapped[Minor]
