"""Orders of the invoice list, each read from its index, and where a page of one ended."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CTE, ColumnElement, TextClause, case, func, literal_column, text, tuple_

from app.models.base import one_of
from app.models.invoice import PAID_AT, WERE_NOT_PAID, WERE_PAID, Invoice
from app.queries.paging import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHAPE = struct.Struct(">qq")


class Sort(StrEnum):
    """What a list may be ordered by; with a minus the largest comes first."""

    NEWEST = "-created"
    OLDEST = "created"
    DEAREST = "-amount"
    CHEAPEST = "amount"
    PAID_LAST = "-paid"
    PAID_FIRST = "paid"

    @property
    def by(self) -> str:
        """Return the column."""
        return self.value.lstrip("-")

    @property
    def falls(self) -> bool:
        """Return whether the largest comes first."""
        return self.value.startswith("-")

    def turned(self) -> Sort:
        """Return the same column the other way round."""
        return Sort(self.by if self.falls else f"-{self.by}")


@dataclass(frozen=True, slots=True)
class Window:
    """Some rows of a list, read once, with what they are ordered by."""

    rows: CTE
    falls: bool

    @property
    def keys(self) -> list[ColumnElement[Any]]:
        """Return the columns of the order before the id."""
        return [each for each in self.rows.c if each.name != "id"]

    def in_order(self, part: CTE, *, backwards: bool = False) -> list[ColumnElement[Any]]:
        """Return the order of the list, or the other way round, for a part of these rows with the same columns."""
        columns = [*(part.c[each.name] for each in self.keys), part.c.id]
        return [each.desc() if self.falls is not backwards else each.asc() for each in columns]


COLUMNS: dict[str, ColumnElement[Any]] = {
    "created": Invoice.created_at.expression,
    "amount": Invoice.total_minor.expression,
    "paid": literal_column(PAID_AT.replace("paid_at", "invoice.paid_at")),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ended: the value its order goes by (microseconds for a moment) and the row's id.

    In the order of payment a row nobody has paid has the negative of the moment it was created.
    """

    value: int
    id: int

    def __str__(self) -> str:
        """Return the mark as it stands in an address."""
        return base64.urlsafe_b64encode(SHAPE.pack(self.value, self.id)).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Mark | None:
        """Return the mark, or None for anything we never wrote: the list then starts at the top."""
        try:
            mark = cls(*SHAPE.unpack(base64.b64decode(f"{text}==", altchars=b"-_", validate=True)))
            mark.moment  # noqa: B018 - whether it can be one
        except (binascii.Error, struct.error, OverflowError, ValueError):
            return None
        return mark

    @classmethod
    def of(cls, value: Any, key: int) -> Mark:
        """Return the mark of a row."""
        return cls((value - EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else int(value), key)

    @property
    def moment(self) -> datetime:
        """Return the value as a moment. Raises OverflowError when it is none."""
        return EPOCH + timedelta(microseconds=self.value)


def in_order(
    found: Any,
    sort: Sort,
    after: Mark | None,
    statuses: Sequence[str],
    *,
    paid: bool = False,
    few: bool = False,
    of_days: bool = False,
) -> Iterator[Any]:
    """Yield the questions whose rows, one after the other, are in this order, after the mark.

    `statuses` are those that are asked for, none when all are; `paid` is whether only what was paid is. Of `few` all
    that match are read before they are put in order, and no index is walked along; nor is it where those `of_days` of
    creation are put in another order.
    """
    if sort.by == "paid":
        yield from _by_payment(found, sort, after, statuses, only_paid=paid, few=few, of_days=of_days)
        return
    end = None if after is None else (after.value if sort.by == "amount" else after.moment, after.id)
    yield _walk(found, COLUMNS[sort.by], sort, end, whole=few or of_days)


def _by_payment(
    found: Any, sort: Sort, after: Mark | None, statuses: Sequence[str], *, only_paid: bool, few: bool, of_days: bool
) -> Iterator[Any]:
    """Yield the parts of the order of payment.

    Those nobody has paid come last, the newest first, or the other way round with the order turned. Each part is read
    from an index that holds no row of the other; of statuses that say which part they belong to, the other part is
    nearly empty and has an index of its own.
    """
    yet, never = None, None
    if after is not None and after.value > 0:
        yet = (after.moment, after.id)
    elif after is not None:
        never = (EPOCH - timedelta(microseconds=after.value), after.id)
    paid = found.where(Invoice.paid_at.is_not(None), COLUMNS["paid"] > EPOCH, *_all_of(statuses, WERE_NOT_PAID))
    unpaid = found.where(Invoice.paid_at.is_(None), *_all_of(statuses, WERE_PAID))
    parts = [
        (never is None or not sort.falls, _walk(paid, COLUMNS["paid"], sort, yet, whole=few or of_days)),
        (not only_paid and (yet is None or sort.falls), _walk(unpaid, COLUMNS["created"], sort, never, whole=few)),
    ]
    yield from (part for is_left, part in (parts if sort.falls else reversed(parts)) if is_left)


def order_of(sort: Sort) -> tuple[Any, ...]:
    """Return the same orders for one question over all rows."""
    return tuple(each.desc() if sort.falls else each.asc() for each in (*_before_id(sort), Invoice.id.expression))


def _before_id(sort: Sort) -> list[ColumnElement[Any]]:
    if sort.by == "paid":
        return [COLUMNS["paid"], case((Invoice.paid_at.is_(None), Invoice.created_at.expression))]
    return [COLUMNS[sort.by]]


def window(walk: Any, sort: Sort) -> Window:
    """Return a walk in this order, of which parts can be put in the same order again."""
    keys = [each.label(f"key_{nth}") for nth, each in enumerate(_before_id(sort))]
    return Window(walk.add_columns(*keys).cte("walk").prefix_with("materialized"), sort.falls)


def _walk(found: Any, column: ColumnElement[Any], sort: Sort, end: tuple[Any, int] | None, *, whole: bool) -> Any:
    key = Invoice.id.expression
    if end is not None:
        place = tuple_(column, key)
        found = found.where(place < end if sort.falls else place > end)
    if whole:
        # greatest(x) is x, but no index has this order for the planner: it sorts what was found instead of walking one.
        column = func.greatest(column)
    return found.order_by(*((column.desc(), key.desc()) if sort.falls else (column.asc(), key.asc())))


def _all_of(statuses: Sequence[str], these: list[str]) -> list[TextClause]:
    """Return what says that all statuses that are asked for are among these, in the words of an index."""
    return [text(one_of("invoice.status", these))] if statuses and set(statuses) <= set(these) else []
