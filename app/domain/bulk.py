"""One payment for several invoices: which ones, and what each of them gets of the money that came (eis.md 5.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_MEMBERS = 100
_NUMBERS = re.compile(r"[0-9]{1,10}( +[0-9]{1,10})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """What a member still needs and what it was to get when the payer was sent to pay; minor units."""

    due_minor: int
    agreed_minor: int


def read_numbers(text: str) -> tuple[int, ...]:
    """Return the numbers joined by spaces in a text, in their order; none where the text says anything else."""
    words = text.strip()
    return tuple(int(word) for word in words.split()) if _NUMBERS.fullmatch(words) else ()


def parse_members(text: str) -> tuple[int, ...]:
    """Return the numbers a caller joined by spaces, in their order. Raises Invalid naming `description`."""
    numbers = read_numbers(text)
    if not numbers:
        raise Invalid.field("description", "must be invoice numbers joined by spaces, such as 150001 150002")
    if len(set(numbers)) < len(numbers):
        raise Invalid.field("description", "names an invoice twice")
    if len(numbers) > MOST_MEMBERS:
        raise Invalid.field("description", f"must name at most {MOST_MEMBERS} invoices")
    return numbers


def share_out(captured_minor: int, parts: Sequence[Part]) -> tuple[int, ...]:
    """Return what each member gets of the money that came: never more than it needs, nor than was agreed.

    What the sum leaves is nobody's: a member that was paid elsewhere meanwhile does not enrich the others.
    """
    left, given = captured_minor, []
    for part in parts:
        amount = max(0, min(part.due_minor, part.agreed_minor, left))
        given.append(amount)
        left -= amount
    return tuple(given)
