"""An invoice as somebody writes it, before it is issued: everything may change, nothing is owed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.domain.errors import Conflict, Invalid
from app.domain.totals import NOTHING_OFF, Discount, LineInput, Totals, in_minor, total

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from app.domain.vat import Rate


class ChangedMeanwhile(Conflict):
    """Somebody changed this in the meantime: look at it again, then decide."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line with its price in major units, without tax, and the code of its rate, which the day of issue decides."""

    description: str
    quantity: Decimal
    price: Decimal
    vat_code: str
    unit: str = ""
    discount: Discount = NOTHING_OFF

    def as_json(self) -> dict[str, Any]:
        """Return the line as it is kept: decimals as text."""
        return {
            "description": self.description,
            "quantity": str(self.quantity),
            "unit": self.unit,
            "price": str(self.price),
            "vat_code": self.vat_code,
            "discount_basis_points": self.discount.basis_points,
            "discount_minor": self.discount.minor,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> DraftLine:
        """Return the line that was kept."""
        return cls(
            description=kept["description"],
            quantity=Decimal(kept["quantity"]),
            price=Decimal(kept["price"]),
            vat_code=kept["vat_code"],
            unit=kept["unit"],
            discount=Discount(kept["discount_basis_points"], kept["discount_minor"]),
        )


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who is to pay; beside name and e-mail what a tax invoice names (BT-44 to BT-58)."""

    name: str = ""
    email: str = ""
    reg_no: str = ""
    vat_no: str = ""
    address: str = ""
    account_id: int | None = None

    def as_json(self) -> dict[str, str]:
        """Return what a tax invoice names, as it is kept."""
        return {"reg_no": self.reg_no, "vat_no": self.vat_no, "address": self.address}


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything somebody may write."""

    service: str
    buyer: Buyer
    lines: tuple[DraftLine, ...]
    description: str = ""
    reference_number: str = ""
    internal_notes: str = ""
    due_on: date | None = None
    currency: str = "EUR"
    kind: str = "regular"


def totals_of(lines: tuple[DraftLine, ...], rates: Mapping[str, Rate], currency: str) -> Totals:
    """Return what the lines come to with the rates of a day. Raises Invalid naming a line and its field."""
    missing = {
        f"line-{number}-vat": ["must be a rate that holds on this day"]
        for number, line in enumerate(lines, 1)
        if line.vat_code not in rates
    }
    if missing:
        raise Invalid(missing)
    return total(
        [
            LineInput(
                each.description,
                each.quantity,
                in_minor(each.price, currency),
                rates[each.vat_code],
                each.unit,
                each.discount,
            )
            for each in lines
        ]
    )
