"""Lines of an invoice a service makes: added up here again, kept with it, and frozen like it (version 2 of the API)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

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

    # What a service says of a line: description, quantity, unit, price in minor units, rate in percent.
    Kept = tuple[Any, ...]


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
        tx.add_all(
            InvoiceLine(tenant_id=invoice.tenant_id, invoice_id=invoice.id, **columns) for columns in columns_of(found)
        )
        tx.flush()


def are_kept(number: int, tenant_id: int, found: Totals) -> bool:
    """Return whether the invoice has exactly these lines."""
    invoice_id = session().scalar(select(Invoice.id).where(Invoice.number == number, Invoice.tenant_id == tenant_id))
    return invoice_id is not None and kept_of([invoice_id]).get(invoice_id) == as_kept(found)


def kept_of(invoice_ids: Sequence[int]) -> dict[int, list[Kept]]:
    """Return the lines of these invoices as they were said, in their order; those without any are left out."""
    rows = session().execute(
        select(
            InvoiceLine.invoice_id,
            InvoiceLine.description,
            InvoiceLine.quantity,
            InvoiceLine.unit,
            InvoiceLine.unit_price_minor,
            InvoiceLine.tax_rate,
        )
        .where(InvoiceLine.invoice_id.in_(invoice_ids))
        .order_by(InvoiceLine.invoice_id, InvoiceLine.position)
    )
    found: dict[int, list[Kept]] = {}
    for invoice_id, *said in rows:
        found.setdefault(invoice_id, []).append(tuple(said))
    return found


def as_kept(found: Totals) -> list[Kept]:
    """Return these lines as `kept_of` would."""
    return [
        (each.given.description, each.given.quantity, each.given.unit, each.given.price_minor, _percent(each))
        for each in found.lines
    ]


def columns_of(found: Totals) -> list[dict[str, Any]]:
    """Return the columns of each line in its order, without whose it is."""
    taxes = _shared(found)
    return [_columns(position, line, taxes[position]) for position, line in enumerate(found.lines, 1)]


def has_any(invoice_id: int) -> bool:
    """Return whether the invoice's amount follows from lines."""
    return bool(session().scalar(select(exists().where(InvoiceLine.invoice_id == invoice_id))))


def _input(wish: LineWish, day: date) -> LineInput:
    return LineInput(
        wish.description, wish.quantity, Decimal(wish.price.minor), _rate(wish.basis_points, day), wish.unit
    )


@lru_cache(maxsize=256)
def _rate(points: int | None, day: date) -> Rate:
    category = VatCategory.STANDARD if points else VatCategory.EXEMPT if points is None else VatCategory.ZERO
    return Rate(category.name.lower(), category, points or 0, day)


def _columns(position: int, line: Line, tax_minor: int) -> dict[str, Any]:
    return {
        "position": position,
        "description": line.given.description,
        "quantity": line.given.quantity,
        "unit": line.given.unit,
        "unit_price_minor": int(line.given.price_minor),
        "net_minor": line.net_minor,
        "tax_rate": _percent(line),
        "tax_minor": tax_minor,
    }


def _percent(line: Line) -> Decimal | None:
    untaxed = line.given.rate.category is VatCategory.EXEMPT
    return None if untaxed else Decimal(line.given.rate.basis_points) / 100


def _shared(found: Totals) -> dict[int, int]:
    """Return the tax of each line by its position: that of its rate, shared out so that not a cent is lost.

    The tax is rounded once per rate (BT-117); each line shows its part of the running sum, rounded.
    """
    sums = {(vat.code, vat.basis_points): vat for vat in found.vat}
    before = dict.fromkeys(sums, (0, 0))
    taxes: dict[int, int] = {}
    for position, line in enumerate(found.lines, 1):
        rate = line.given.rate.code, line.given.rate.basis_points
        net, given = before[rate]
        net += line.net_minor
        until = _part(sums[rate], net)
        taxes[position], before[rate] = until - given, (net, until)
    return taxes


def _part(vat: VatSum, net_minor: int) -> int:
    """Return the tax of so much of what is taxed, half away from zero; nothing here is below zero."""
    whole = vat.taxable_minor
    return (2 * vat.tax_minor * net_minor + whole) // (2 * whole) if whole else 0
