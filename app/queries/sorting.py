"""Orders of the invoice list, each read from its index, and where a page of one ended."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, Text, TextClause, case, func, literal_column, select, text, tuple_

from app.models.base import DEFAULT_TENANT, one_of
from app.models.invoice import PAID_AT, PAYER, WERE_NOT_PAID, WERE_PAID, Invoice
from app.queries.paging import EPOCH
from app.queries.session import session

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
    DUE_LAST = "-due"
    DUE_FIRST = "due"
    HIGHEST_NUMBER = "-number"
    LOWEST_NUMBER = "number"
    LAST_NAME = "-payer"
    FIRST_NAME = "payer"

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
    "due": Invoice.due_on.expression,
    "number": Invoice.number.expression,
    "payer": literal_column(PAYER.replace("customer_name", "invoice.customer_name"), Text()),
}
# What not every invoice has: those without come last, whichever way the list is ordered, the newest or oldest first.
MAY_LACK = {"due", "number"}
# What makes the index of an order fit: numbers are unique with their tenant.
_INDEXED: dict[str, list[ColumnElement[bool]]] = {"due": [], "number": [Invoice.tenant_id == DEFAULT_TENANT]}
# Orders that follow the order of creation closely: of days long ago all would be passed on the way.
FOLLOW_CREATION = {"paid", "due", "number"}
# Orders in which a page says where it ended by its last row alone, whose value is looked up again.
BY_ROW = {"due", "number", "payer"}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ended: the value its order goes by (microseconds for a moment) and the row's id.

    In the order of payment a row nobody has paid has the negative of the moment it was created. In the orders of
    due days, numbers and names the value is 0 and the row's own is looked up: no name stands in an address.
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


class Last(NamedTuple):
    """The last row of a page: what the list is ordered by, if the row has it, when it was made, and its id."""

    value: Any
    created_at: datetime
    id: int


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
    last = _last(sort, after)
    if sort.by in MAY_LACK:
        yield from _with_those_that_lack(found, sort, last, few=few, of_days=of_days)
    else:
        end = None if last is None else (last.value, last.id)
        yield _walk(found, COLUMNS[sort.by], sort, end, whole=few or of_days)


def _last(sort: Sort, after: Mark | None) -> Last | None:
    """Return the row the list goes on after; None at its top, and for a mark of no row of ours."""
    if after is None:
        return None
    if sort.by not in BY_ROW:
        return Last(after.value if sort.by == "amount" else after.moment, after.moment, after.id)
    row = select(COLUMNS[sort.by], Invoice.created_at, Invoice.id).where(Invoice.id == after.id)
    found = session().execute(row).one_or_none()
    return Last(*found) if found else None


def _with_those_that_lack(found: Any, sort: Sort, last: Last | None, *, few: bool, of_days: bool) -> Iterator[Any]:
    """Yield those that have what the list is ordered by, and then the others in the order of creation."""
    column = COLUMNS[sort.by]
    if last is None or last.value is not None:
        end = None if last is None else (last.value, last.id)
        yield _walk(found.where(column.is_not(None), *_INDEXED[sort.by]), column, sort, end, whole=few or of_days)
    end = (last.created_at, last.id) if last is not None and last.value is None else None
    yield _walk(found.where(column.is_(None)), COLUMNS["created"], sort, end, whole=few)


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
    keys = [each.desc() if sort.falls else each.asc() for each in (*_before_id(sort), Invoice.id.expression)]
    return (keys[0].nulls_last(), *keys[1:]) if sort.by in MAY_LACK else tuple(keys)


def _before_id(sort: Sort) -> list[ColumnElement[Any]]:
    column = COLUMNS[sort.by]
    if sort.by == "paid":
        return [column, case((Invoice.paid_at.is_(None), Invoice.created_at.expression))]
    return [column, case((column.is_(None), Invoice.created_at.expression))] if sort.by in MAY_LACK else [column]


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
