"""Issuing: the draft gets its number, its lines are frozen with the rates of the day, and the payer owes it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain import ledger as books
from app.domain.draft import DraftLine, totals_of
from app.domain.errors import Conflict, Invalid
from app.domain.money import Money, format_amount
from app.models.invoice import Invoice, InvoiceLine, InvoiceVat
from app.queries import vat_rates
from app.queries.invoice_filter import today_of
from app.services import ledger, links, notices, search, timeline
from app.services.drafts import lock_draft
from app.services.invoice_status import recompute
from app.services.numbering import use_next
from app.services.settlement import settle_zero_invoice
from app.uow import retried, transaction

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from app.domain.ports import LinkSigner
    from app.domain.totals import Totals
    from app.services.timeline import Actor


class TotalsChanged(Conflict):
    """The VAT rates have changed since: this draft comes to another amount now."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody agreed to issue: the draft's version and the total in minor units."""

    version: int
    total_minor: int


@retried
def issue(invoice_id: int, seen: Seen, at: datetime, actor: Actor, signer: LinkSigner | None) -> int:
    """Issue a draft at a moment and return its number; with a signer it gets its payment link.

    Rates are those of the day on which the invoice says it was issued: the clock is read once, by the door.

    Raises NotFound, NoDraft, ChangedMeanwhile, TotalsChanged, Invalid for what a draft may lack and an invoice not,
    NumberRangeExhausted.
    """
    today = today_of(at)
    with transaction() as tx:
        invoice = lock_draft(tx, invoice_id, seen.version)
        lines = tuple(DraftLine.from_json(each) for each in invoice.details["draft"]["lines"])
        check_complete(lines, invoice.customer_name, invoice.due_on, today)
        totals = totals_of(lines, vat_rates.on(today), invoice.currency)
        if totals.total_minor != seen.total_minor:
            raise TotalsChanged(code="totals_changed", total_minor=totals.total_minor)
        _freeze(tx, invoice, totals)
        _make_owed(tx, invoice, totals, at, signer)
        _book_and_tell(invoice, today, actor)
        return invoice.number or 0


def check_complete(lines: tuple[DraftLine, ...], name: str, due_on: date | None, today: date) -> None:
    """Raise Invalid for what a draft may lack and an invoice not."""
    faults: dict[str, list[str]] = {}
    if not lines:
        faults["lines"] = ["must be at least one"]
    if not name:
        faults["name"] = ["must say who is to pay"]
    if due_on is not None and due_on < today:
        faults["due_on"] = ["must not be over"]
    if faults:
        raise Invalid(faults)


def _freeze(tx: Session, invoice: Invoice, totals: Totals) -> None:
    for position, line in enumerate(totals.lines, 1):
        given = line.given
        tx.add(
            InvoiceLine(
                tenant_id=invoice.tenant_id,
                invoice_id=invoice.id,
                position=position,
                description=given.description,
                quantity=given.quantity,
                unit=given.unit,
                unit_price_minor=given.price_minor,
                discount_basis_points=given.discount.basis_points,
                discount_minor=line.discount_minor,
                net_minor=line.net_minor,
                vat_code=given.rate.code,
                tax_rate=Decimal(given.rate.basis_points) / 100,
            )
        )
    for each in totals.vat:
        tx.add(
            InvoiceVat(
                tenant_id=invoice.tenant_id,
                invoice_id=invoice.id,
                code=each.code,
                category=each.category,
                basis_points=each.basis_points,
                taxable_minor=each.taxable_minor,
                tax_minor=each.tax_minor,
            )
        )
    tx.flush()


def _make_owed(tx: Session, invoice: Invoice, totals: Totals, at: datetime, signer: LinkSigner | None) -> None:
    invoice.subtotal_minor, invoice.tax_minor = totals.net_minor, totals.tax_minor
    invoice.total_minor = totals.total_minor
    invoice.number = use_next(tx, "invoice", initiator_id=invoice.initiator_id, tenant_id=invoice.tenant_id)
    invoice.issued_at = at
    invoice.details = {"buyer": invoice.details["buyer"]}
    if signer is not None and invoice.total_minor:
        invoice.payment_link = links.sign(invoice, notices.initiator_code(invoice.initiator_id), signer)
    tx.flush()


def _book_and_tell(invoice: Invoice, today: date, actor: Actor) -> None:
    total = Money(invoice.total_minor, invoice.currency)
    ledger.post(
        "invoice.issued",
        f"invoice:{invoice.id}:issued",
        books.issued(notices.initiator_code(invoice.initiator_id), total),
        invoice_id=invoice.id,
        tenant_id=invoice.tenant_id,
    )
    amount = {"amount": format_amount(total), "currency": total.currency}
    timeline.record(
        "invoice.issued",
        actor=actor,
        invoice_id=invoice.id,
        data={"number": invoice.number, **amount},
        tenant_id=invoice.tenant_id,
    )
    if invoice.payment_link:
        timeline.record(
            "invoice.link.made",
            actor=actor,
            invoice_id=invoice.id,
            data={"gateway": "everypay", **amount},
            tenant_id=invoice.tenant_id,
        )
    if invoice.total_minor:
        recompute(invoice, today)
    else:
        settle_zero_invoice(invoice, actor=actor)
    search.reindex_later(invoice)
