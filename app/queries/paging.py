"""Pages by key, not by offset: the next page costs as much as the first, at a million rows too."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

PAGE_SIZE = 50
COUNT_LIMIT = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHAPE = struct.Struct(">qq")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of the newest-first order ended: its last row's moment and id."""

    created_at: datetime
    id: int

    def __str__(self) -> str:
        """Return the cursor as it stands in an address."""
        moment_us = (self.created_at - EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(SHAPE.pack(moment_us, self.id)).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """Return the cursor, or None for anything we never wrote: the list then starts at the top."""
        try:
            moment_us, key = SHAPE.unpack(base64.b64decode(f"{text}==", altchars=b"-_", validate=True))
            return cls(EPOCH + timedelta(microseconds=moment_us), key)
        except (binascii.Error, struct.error, OverflowError, ValueError):
            return None


def next_cursor(rows: Sequence[Any], size: int) -> Cursor | None:
    """Return where the next page begins when one row more than `size` was read, or None when nothing follows."""
    return Cursor(rows[size - 1].created_at, rows[size - 1].id) if len(rows) > size else None


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are, counted up to a limit only."""

    number: int
    is_capped: bool

    @classmethod
    def capped(cls, found: int, limit: int) -> Count:
        """Return the count of rows that were counted to one more than the limit."""
        return cls(min(found, limit), found > limit)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, how to go on (written into an address by `str`), and how many there are in all."""

    rows: list[T]
    next: object | None
    count: Count
    # What all of them come to by currency in minor units, where they are few and somebody adds them up.
    sums: Sequence[tuple[str, int]] = ()
