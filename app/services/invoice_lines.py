"""Lines of an invoice a service makes: added up here again, kept with it, and frozen like it (version 2 of the API)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from app.domain import totals
from app.domain.errors import Invalid
from app.domain.money import Money, format_amount
from app.domain.totals import LineInput
from app.domain.vat import Rate, VatCategory
from app.models.invoice import Invoice, InvoiceLine
from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.domain.totals import Line, Totals, VatSum


@dataclass(frozen=True, slots=True)
class LineWish:
    """A line as the service says it: the price is without tax, the rate in hundredths of a percent; None is untaxed."""

    description: str
    quantity: Decimal
    unit: str
    price: Money
    basis_points: int | None


def check(wishes: Sequence[LineWish], amount: Money, day: date) -> Totals:
    """Return what the lines add up to. Raises Invalid naming `amount` unless that is exactly the invoice's."""
    found = totals.total([_input(each, day) for each in wishes])
    if found.total_minor != amount.minor:
        added = Money(found.total_minor, amount.currency)
        raise Invalid.field("amount", f"must be what the lines come to with their tax: {format_amount(added)}")
    return found


def keep(number: int, tenant_id: int, found: Totals) -> None:
    """Keep the lines of an invoice that was made in this transaction, and what of its total is tax."""
    with transaction() as tx:
        invoice = tx.scalars(select(Invoice).where(Invoice.number == number, Invoice.tenant_id == tenant_id)).one()
        invoice.subtotal_minor, invoice.tax_minor = found.net_minor, found.tax_minor
        taxes = _shared(found)
        tx.add_all(_row(invoice, position, line, taxes[position]) for position, line in enumerate(found.lines, 1))
        tx.flush()


def are_kept(number: int, tenant_id: int, found: Totals) -> bool:
    """Return whether the invoice has exactly these lines."""
    rows = session().scalars(
        select(InvoiceLine)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.number == number, Invoice.tenant_id == tenant_id)
        .order_by(InvoiceLine.position)
    )
    kept = [(row.description, row.quantity, row.unit, row.unit_price_minor, row.tax_rate) for row in rows]
    return kept == [
        (each.given.description, each.given.quantity, each.given.unit, each.given.price_minor, _percent(each))
        for each in found.lines
    ]


def has_any(invoice_id: int) -> bool:
    """Return whether the invoice's amount follows from lines."""
    return bool(session().scalar(select(exists().where(InvoiceLine.invoice_id == invoice_id))))


def _input(wish: LineWish, day: date) -> LineInput:
    points = wish.basis_points
    category = VatCategory.STANDARD if points else VatCategory.EXEMPT if points is None else VatCategory.ZERO
    rate = Rate(category.name.lower(), category, points or 0, day)
    return LineInput(wish.description, wish.quantity, Decimal(wish.price.minor), rate, wish.unit)


def _row(invoice: Invoice, position: int, line: Line, tax_minor: int) -> InvoiceLine:
    return InvoiceLine(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        position=position,
        description=line.given.description,
        quantity=line.given.quantity,
        unit=line.given.unit,
        unit_price_minor=int(line.given.price_minor),
        net_minor=line.net_minor,
        tax_rate=_percent(line),
        tax_minor=tax_minor,
    )


def _percent(line: Line) -> Decimal | None:
    untaxed = line.given.rate.category is VatCategory.EXEMPT
    return None if untaxed else Decimal(line.given.rate.basis_points) / 100


def _shared(found: Totals) -> dict[int, int]:
    """Return the tax of each line by its position: that of its rate, shared out so that not a cent is lost.

    The tax is rounded once per rate (BT-117); each line shows its part of the running sum, rounded.
    """
    taxes: dict[int, int] = {}
    for vat in found.vat:
        taxes |= _of_rate(found, vat)
    return taxes


def _of_rate(found: Totals, vat: VatSum) -> dict[int, int]:
    shares: dict[int, int] = {}
    net = given = 0
    for position, line in enumerate(found.lines, 1):
        if (line.given.rate.code, line.given.rate.basis_points) == (vat.code, vat.basis_points):
            net += line.net_minor
            until = totals.rounded(Decimal(vat.tax_minor) * net / vat.taxable_minor) if vat.taxable_minor else 0
            shares[position], given = until - given, until
    return shares
