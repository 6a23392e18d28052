"""The order reference we send to gateways and get back: an invoice's number, with the attempt where there are more.

`150005` is the first attempt, `150005-2` the second; `Ref:10005, 150001` is a parent with its members (eis.md A.4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 120  # characters a gateway takes (protocols.md 1)
LARGEST = 10**18 - 1  # eighteen digits: what a bigint surely holds
_SINGLE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,6}))?", re.ASCII)
_BULK = re.compile(r"Ref:\s*([0-9]{1,18})(?:-([0-9]{1,6}))?((?:\s*,\s*[0-9]{1,18})*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class OrderReference:
    """What an order reference names; `number` is None when it is none of ours."""

    number: int | None
    attempt: int = 1
    members: tuple[int, ...] = ()


def compose(number: int, attempt: int) -> str:
    """Return the reference of an attempt; the first one is the plain number, as it always was."""
    return str(number) if attempt == 1 else f"{number}-{attempt}"


def compose_bulk(parent: int, members: Iterable[int], attempt: int = 1, *, longest: int | None = None) -> str:
    """Return the reference of one payment for several invoices (eis.md 5.3).

    Of members that do not fit into `longest` characters the last ones are left out: the parent says it all.
    """
    text = f"Ref:{compose(parent, attempt)}"
    for member in members:
        more = f"{text}, {member}"
        if longest is not None and len(more) > longest:
            break
        text = more
    return text


def parse(text: str | int | None) -> OrderReference:
    """Return what the text names; never raises, because gateways send back whatever they were given."""
    if isinstance(text, int):
        return OrderReference(text if 0 <= text <= LARGEST else None)
    words = (text or "").strip()
    if single := _SINGLE.fullmatch(words):
        return OrderReference(int(single[1]), int(single[2] or 1))
    if bulk := _BULK.fullmatch(words):
        members = tuple(int(member) for member in re.findall(r"[0-9]+", bulk[3]))
        return OrderReference(int(bulk[1]), int(bulk[2] or 1), members)
    return OrderReference(None)
