"""Many invoices at once: all that match a filter or those somebody picked, in the order of the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Select, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.queries.frozen_filter import freeze, thaw
from app.queries.invoice_filter import InvoiceFilter, matching
from app.queries.paging import COUNT_LIMIT, Count
from app.queries.session import session
from app.queries.sorting import Sort, order_of

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Selection:
    """What is meant: the invoices with these numbers, or without any all that match the filter."""

    wanted: InvoiceFilter
    numbers: tuple[int, ...] = ()
    sort: Sort = Sort.NEWEST

    def said(self) -> dict[str, Any]:
        """Return the selection as JSON."""
        return {"filter": freeze(self.wanted), "numbers": list(self.numbers), "sort": str(self.sort)}

    @classmethod
    def read(cls, said: dict[str, Any]) -> Selection:
        """Return the selection that was kept as JSON."""
        return cls(thaw(said["filter"]), tuple(said["numbers"]), Sort(said["sort"]))


def chosen(selection: Selection) -> Select[Invoice]:
    """Return the query for these invoices: the filter of the list, narrowed to what was picked."""
    found = matching(selection.wanted)
    if not selection.numbers:
        return found
    numbers = bindparam("numbers", list(selection.numbers), ARRAY(BigInteger))
    return found.where(Invoice.number == func.any(numbers))


def ids(selection: Selection, limit: int) -> list[int]:
    """Return the ids of these invoices in the order of the list, at most `limit`."""
    return list(
        session().scalars(
            chosen(selection).with_only_columns(Invoice.id).order_by(*order_of(selection.sort)).limit(limit)
        )
    )


def count(selection: Selection, limit: int = COUNT_LIMIT) -> Count:
    """Return how many invoices are meant, counted up to a limit."""
    some = chosen(selection).with_only_columns(Invoice.id).limit(limit + 1).subquery()
    number = session().scalar(select(func.count()).select_from(some)) or 0
    return Count(min(number, limit), number > limit)


def parts(selection: Selection, size: int, most: int) -> Select[int, Sequence[int]]:
    """Return the query for (position from 1, ids) of these invoices, `size` of them a part, in one snapshot."""
    order = order_of(selection.sort)
    ordered = (
        chosen(selection)
        .with_only_columns(Invoice.id, func.row_number().over(order_by=order).label("place"))
        .order_by(*order)
        .limit(most)
        .subquery()
    )
    position = (literal(1, BigInteger) + func.div(ordered.c.place - 1, size).cast(BigInteger)).label("position")
    together = func.array_agg(ordered.c.id.op("order by")(ordered.c.place))
    return select(position, together).group_by(position)


def rows_of(wanted: Sequence[int], *columns: Any) -> list[Any]:
    """Return these columns of invoices and their services, in the order of the ids."""
    asked = (
        func.unnest(bindparam("ids", list(wanted), ARRAY(BigInteger)))
        .table_valued("id", with_ordinality="place", name="asked")
        .render_derived()
    )
    found = (
        select(*columns)
        .select_from(asked)
        .join(Invoice, Invoice.id == asked.c.id)
        .join(Initiator, Initiator.id == Invoice.initiator_id)
        .order_by(asked.c.place)
    )
    return list(session().execute(found))
