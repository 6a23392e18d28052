"""Credit notes: how much of an invoice may be taken back, what tax goes with it, and where the amount comes from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.errors import Conflict, Invalid
from app.domain.totals import VatSum, rounded
from app.domain.vat import FULL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class CreditTooLarge(Conflict):
    """More cannot be taken back: that is all there is of the invoice, or its money is held by a refund or dispute."""


@dataclass(frozen=True, slots=True)
class LineLeft:
    """A line of the invoice with what is left of it, without tax, and the code of its rate; minor units."""

    position: int
    description: str
    left_minor: int
    vat_code: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What of an invoice is not credited yet: by line, and by rate."""

    lines: tuple[LineLeft, ...]
    vat: tuple[VatSum, ...] = ()

    @property
    def total_minor(self) -> int:
        """Return all of it with tax."""
        return sum(each.left_minor for each in self.lines) + sum(each.tax_minor for each in self.vat)


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """What a credit note takes off a line, without tax; minor units."""

    line: LineLeft
    net_minor: int


@dataclass(frozen=True, slots=True)
class Credit:
    """What a credit note says: its lines and the tax that goes with them."""

    lines: tuple[CreditedLine, ...]
    vat: tuple[VatSum, ...]

    @property
    def net_minor(self) -> int:
        """Return the sum without tax."""
        return sum(each.net_minor for each in self.lines)

    @property
    def tax_minor(self) -> int:
        """Return the tax."""
        return sum(each.tax_minor for each in self.vat)

    @property
    def total_minor(self) -> int:
        """Return what is taken back in all."""
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Room:
    """Where a credit note may take from, in minor units.

    `open_minor` nobody paid yet; `returned_minor` went back to the payer already and no credit note says so;
    `held_minor` was paid and is free of refunds and disputes.
    """

    open_minor: int
    returned_minor: int
    held_minor: int

    @property
    def total_minor(self) -> int:
        """Return all of it."""
        return self.open_minor + self.returned_minor + self.held_minor


def credit_of(left: Left, wanted: Mapping[int, int]) -> Credit:
    """Return the credit note over so much of each line, by position, without tax.

    The tax of a rate is counted on what is taken off its lines; whoever takes the rest of a rate takes the rest of its
    tax, so that notes together never differ from the invoice by a cent. Raises Invalid naming the line.
    """
    lines = []
    for each in left.lines:
        net = wanted.get(each.position, 0)
        if not 0 <= net <= each.left_minor:
            raise Invalid.field(f"line-{each.position}", "must not be more than is left of the line")
        if net:
            lines.append(CreditedLine(each, net))
    if not lines:
        raise Invalid.field("lines", "must take something off a line")
    return Credit(tuple(lines), _vat_of(left, lines))


def split(amount_minor: int, room: Room) -> Room:
    """Return where the amount comes from: first what nobody paid, then what went back already, then what was paid.

    Raises CreditTooLarge.
    """
    if amount_minor > room.total_minor:
        raise CreditTooLarge(code="credit_too_large", left_minor=room.total_minor)
    of_open = min(amount_minor, room.open_minor)
    of_returned = min(amount_minor - of_open, room.returned_minor)
    return Room(of_open, of_returned, amount_minor - of_open - of_returned)


def _vat_of(left: Left, lines: Sequence[CreditedLine]) -> tuple[VatSum, ...]:
    found = []
    for rate in left.vat:
        taxable = sum(each.net_minor for each in lines if each.line.vat_code == rate.code)
        if not taxable:
            continue
        tax = rounded(Decimal(taxable) * rate.basis_points / FULL)
        tax = rate.tax_minor if taxable == rate.taxable_minor else min(tax, rate.tax_minor)
        found.append(VatSum(rate.code, rate.category, rate.basis_points, taxable, tax))
    return tuple(found)
