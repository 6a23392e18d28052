"""What the texts of the system before mean: its `description` held payments, deposits and reservations (eis.md 3.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.domain import bulk, deposit
from app.domain.deposit import DepositOf
from app.domain.errors import Invalid

LONGEST = 100_000  # characters; longer texts are only texts
_NAMES = re.compile(r"Reserved domain names: (?P<names>.+); User unique id: (?P<holder>\S{1,100})\s*", re.DOTALL)
_NAME = re.compile(r"Reserved domain name: (?P<names>[^\s,]+), Token: (?P<holder>\S{1,100})\s*")
_RELATED = re.compile(r"related to (?P<number>[0-9]{1,10})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reservation:
    """Names somebody reserved by paying; `holder` is their unique id, or the token of the older texts."""

    names: tuple[str, ...]
    holder: str


@dataclass(frozen=True, slots=True)
class Members:
    """Numbers of invoices one payment was for. A text of numbers proves nothing: whoever wrote it decides (SEC-4)."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RelatedTo:
    """The number of the payment that paid this invoice together with others."""

    number: int


Meaning = Reservation | DepositOf | Members | RelatedTo | None


def parse(text: str) -> Meaning:
    """Return what the text means; None for a text that is only a text."""
    if len(text) > LONGEST:
        return None
    if text.startswith("Reserved domain name"):
        return _reservation(text)
    if text.startswith(("auction_deposit ", "related to ")):
        return _deposit(text) or _related(text)
    # As many as there are: the system before knew no limit, and a list that is not understood would be paid twice,
    # as itself and by its members.
    numbers = tuple(dict.fromkeys(bulk.read_numbers(text)))
    return Members(numbers) if numbers else None


def _reservation(text: str) -> Reservation | None:
    found = _NAMES.fullmatch(text) or _NAME.fullmatch(text)
    if found is None:
        return None
    names = tuple(name.strip() for name in found["names"].split(","))
    if not all(names) or any(set(name) & set(" \t\r\n;\0") for name in names):
        return None
    return Reservation(names, found["holder"])


def _deposit(text: str) -> DepositOf | None:
    try:
        return deposit.parse(text)
    except Invalid:
        return None


def _related(text: str) -> RelatedTo | None:
    found = _RELATED.fullmatch(text)
    return RelatedTo(int(found["number"])) if found else None
