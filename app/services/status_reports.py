"""What an initiator reports of its invoice: paid elsewhere, cancelled, overdue, open again (eis.md 5.6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.domain.errors import Invalid
from app.domain.invoice import EIS_WORD, InvoiceStatus
from app.domain.money import Money, format_amount
from app.models.invoice import BULK
from app.queries.invoice_filter import today_of
from app.services import cancellation, reviews, timeline
from app.services.invoice_status import StatusRefused, lock_by_number, recompute
from app.services.reported_payments import settle_reported
from app.services.timeline import Actor
from app.uow import retried, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.models.invoice import Invoice
    from app.services.initiators import Caller


@retried
def change_status(caller: Caller, number: int, word: str) -> None:
    """Do what the initiator reports of its invoice (eis.md 5.6); the same word again changes nothing.

    Money the initiator took for a cancelled invoice is refused and a question for a person: services drop what is
    refused (eis.md 10.1). Raises NotFound, Invalid for a word that is none of the six, StatusRefused when the facts
    forbid it.
    """
    if word not in EIS_WORD.values():
        raise Invalid.field("status", f"must be one of: {', '.join(sorted(set(EIS_WORD.values())))}")
    with transaction() as tx:
        invoice = lock_by_number(tx, caller.owns, number)
        if EIS_WORD[InvoiceStatus(invoice.status)] == word:
            return
        verb = REPORTS.get(word)
        if verb is None:
            raise StatusRefused(
                f"Invoice {number} cannot be set to {word}: that follows from payments and refunds only"
            )
        if invoice.kind == BULK:
            raise StatusRefused(f"Invoice {number} is a bulk payment: report its invoices")
        too_late = word == "paid" and invoice.cancelled_at is not None
        if too_late:
            _ask_about_late_money(invoice, caller)
        else:
            verb(tx, invoice, Actor("initiator", caller.code))
    if too_late:
        raise StatusRefused(f"Invoice {number} is cancelled: register a new one")


@retried
def cancel(caller: Caller, number: int, reason: str = "") -> None:
    """Cancel an invoice nobody paid, for a reason of the caller's; a cancelled one stays as it is.

    Raises NotFound, StatusRefused when money came or is on its way.
    """
    with transaction() as tx:
        invoice = lock_by_number(tx, caller.owns, number)
        if invoice.kind == BULK:
            raise StatusRefused(f"Invoice {number} is a bulk payment: cancel its invoices")
        if invoice.cancelled_at is None:
            cancellation.cancel(tx, invoice, Actor("initiator", caller.code), reason or f"reported by {caller.code}")


def _report_paid(tx: Session, invoice: Invoice, actor: Actor) -> None:
    if invoice.status not in {
        InvoiceStatus.UNPAID,
        InvoiceStatus.OVERDUE,
        InvoiceStatus.PENDING,
        InvoiceStatus.CHARGED_WITH_ERROR,
        InvoiceStatus.PARTIALLY_PAID,
    }:
        raise StatusRefused(f"Invoice {invoice.number} is {invoice.status}")
    settle_reported(tx, invoice, actor, account=actor.name, by="reported")


def _ask_about_late_money(invoice: Invoice, caller: Caller) -> None:
    now = datetime.now(UTC)
    reviews.ask(
        "invoice.reported_late",
        f"invoice:{invoice.id}",
        f"{caller.code} reports this invoice as paid, and it was cancelled on {today_of(invoice.cancelled_at)}: "
        "the money there goes back to the payer or pays another invoice",
        invoice_id=invoice.id,
        evidence={
            "amount": format_amount(Money(invoice.asked_minor, invoice.currency)),
            "currency": invoice.currency,
            "reported_at": now.isoformat(timespec="seconds"),
        },
        tenant_id=invoice.tenant_id,
    )


def _report_cancelled(tx: Session, invoice: Invoice, actor: Actor) -> None:
    cancellation.cancel(tx, invoice, actor, f"reported by {actor.name}")


def _report_overdue(_tx: Session, invoice: Invoice, actor: Actor) -> None:
    if invoice.paid_at is not None or invoice.cancelled_at is not None:
        raise StatusRefused(f"Invoice {invoice.number} is {invoice.status}")
    invoice.overdue_at = datetime.now(UTC)
    recompute(invoice)
    timeline.record("invoice.overdue", actor=actor, invoice_id=invoice.id, tenant_id=invoice.tenant_id)


def _report_unpaid(_tx: Session, invoice: Invoice, actor: Actor) -> None:
    if invoice.paid_at is not None or invoice.cancelled_at is not None:
        raise StatusRefused(f"Invoice {invoice.number} is {invoice.status}")
    invoice.overdue_at = None
    invoice.last_charge_error = None
    recompute(invoice)
    timeline.record("invoice.reopened", actor=actor, invoice_id=invoice.id, tenant_id=invoice.tenant_id)


REPORTS = {
    "paid": _report_paid,
    "cancelled": _report_cancelled,
    "overdue": _report_overdue,
    "unpaid": _report_unpaid,
}
