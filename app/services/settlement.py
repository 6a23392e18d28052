"""The one door to paid: whoever brought the money, it passes here (decisions.md 14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.domain import ledger as books
from app.domain.invoice import InvoiceStatus
from app.domain.money import Money, format_amount
from app.domain.payment import PaymentStatus
from app.models.settlement import Allocation, Settlement
from app.models.surplus import Surplus
from app.services import ledger, notices, reviews, timeline
from app.services.invoice_status import recompute
from app.services.timeline import SYSTEM, Actor
from app.uow import in_transaction, session

if TYPE_CHECKING:
    from app.models.invoice import Invoice
    from app.models.payment import Payment


@dataclass(frozen=True, slots=True)
class Settled:
    """What the money did: how much went to the invoice, how much was left over, and whether it is paid now."""

    allocated_minor: int
    surplus_minor: int
    invoice_paid: bool


def settle(
    payment: Payment, invoice: Invoice, captured: Money, *, initiator: str, actor: Actor = SYSTEM, late: bool = False
) -> Settled:
    """Complete the payment, give its money to the invoice, book it, and owe the news to the initiator.

    Both rows must be locked, the invoice first. A surplus, or money for a cancelled invoice, becomes credit of the
    initiator's account and a question for a person; nothing is dropped (security.md T09).
    """
    if not in_transaction():
        raise RuntimeError("Money moves inside a transaction only")
    allocated = 0 if invoice.cancelled_at else min(captured.minor, invoice.total_minor - invoice.captured_minor)
    surplus = captured.minor - allocated
    _complete(payment, captured, late=late)
    _book(payment, invoice, allocated, surplus, initiator)
    if allocated:
        _allocate(payment, invoice, allocated)
    paid = _settle_invoice(payment, invoice, allocated, actor)
    timeline.record(
        "payment.settled",
        actor=actor,
        invoice_id=invoice.id,
        payment_id=payment.id,
        data={
            "amount": format_amount(captured),
            "currency": captured.currency,
            "allocated": format_amount(Money(allocated, captured.currency)),
            "gateway": payment.gateway,
            "method": payment.gateway_method or payment.method,
            "late": late,
        },
    )
    if surplus:
        _keep_surplus(payment, invoice, Money(surplus, captured.currency))
    if actor.kind != "initiator":
        notices.owe_payment_status(payment, invoice, initiator)
    return Settled(allocated, surplus, paid)


def settle_nothing(invoice: Invoice, *, actor: Actor) -> None:
    """Mark an invoice over zero as paid: there is no money to wait for (eis.md 14, zero amount)."""
    invoice.paid_at = datetime.now(UTC)
    session().add(Settlement(tenant_id=invoice.tenant_id, invoice_id=invoice.id, amount_minor=0, source=actor.kind))
    recompute(invoice)
    timeline.record("invoice.settled", actor=actor, invoice_id=invoice.id, data={"amount": "0.00"})


def _complete(payment: Payment, captured: Money, *, late: bool) -> None:
    payment.status = PaymentStatus.COMPLETED
    payment.captured_minor = captured.minor
    payment.completed_at = datetime.now(UTC)
    payment.late = late
    payment.next_check_at = None
    payment.version += 1
    session().flush()


def _book(payment: Payment, invoice: Invoice, allocated: int, surplus: int, initiator: str) -> None:
    currency = payment.currency
    if payment.method == "reported":
        postings = books.reported_by_service(initiator, Money(allocated, currency))
    else:
        postings = books.received(payment.gateway, initiator, Money(allocated, currency), Money(surplus, currency))
    ledger.post(
        "payment.received",
        f"payment:{payment.id}:received",
        postings,
        invoice_id=invoice.id,
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
    )


def _allocate(payment: Payment, invoice: Invoice, amount: int) -> None:
    session().add(
        Allocation(tenant_id=payment.tenant_id, payment_id=payment.id, invoice_id=invoice.id, amount_minor=amount)
    )
    invoice.captured_minor += amount
    invoice.last_charge_error = None


def _settle_invoice(payment: Payment, invoice: Invoice, allocated: int, actor: Actor) -> bool:
    paid_now = bool(allocated) and invoice.captured_minor == invoice.total_minor and invoice.paid_at is None
    if paid_now:
        invoice.paid_at = datetime.now(UTC)
        session().add(
            Settlement(
                tenant_id=invoice.tenant_id,
                invoice_id=invoice.id,
                payment_id=payment.id,
                amount_minor=invoice.total_minor,
                source=actor.kind,
            )
        )
    recompute(invoice)
    if paid_now:
        timeline.record("invoice.settled", actor=actor, invoice_id=invoice.id, payment_id=payment.id)
    return invoice.status == InvoiceStatus.PAID


def _keep_surplus(payment: Payment, invoice: Invoice, surplus: Money) -> None:
    session().add(
        Surplus(
            tenant_id=payment.tenant_id,
            payment_id=payment.id,
            invoice_id=invoice.id,
            initiator_id=payment.initiator_id,
            account_id=invoice.account_id,
            amount_minor=surplus.minor,
            currency=surplus.currency,
        )
    )
    why = "the invoice is cancelled" if invoice.cancelled_at else "the invoice needed less"
    reviews.ask(
        "payment.surplus",
        f"payment:{payment.id}",
        f"{format_amount(surplus)} {surplus.currency} was received and {why}: refund it or use it for another invoice",
        invoice_id=invoice.id,
        payment_id=payment.id,
        evidence={"surplus": format_amount(surplus), "currency": surplus.currency},
        tenant_id=payment.tenant_id,
    )
