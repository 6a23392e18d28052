"""Orders of the invoice list, each read from its index, and where a page of one ended."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, literal_column, tuple_

from app.models.invoice import PAID_AT, Invoice
from app.queries.paging import EPOCH

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


COLUMNS: dict[str, ColumnElement[Any]] = {
    "created": Invoice.created_at.expression,
    "amount": Invoice.total_minor.expression,
    "paid": literal_column(PAID_AT.replace("paid_at", "invoice.paid_at")),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ended: the value its order goes by (microseconds for a moment) and the row's id."""

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


def ordered(found: Any, sort: Sort, after: Mark | None, size: int) -> Any:
    """Return the question for so many rows, in this order, after the mark."""
    column, key = COLUMNS[sort.by], Invoice.id.expression
    if after is not None:
        place = tuple_(column, key)
        end: Any = (after.value if sort.by == "amount" else after.moment, after.id)
        found = found.where(place < end if sort.falls else place > end)
    order = (column.desc(), key.desc()) if sort.falls else (column.asc(), key.asc())
    return found.order_by(*order).limit(size)
