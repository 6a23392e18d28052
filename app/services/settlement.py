"""The one door to paid: whoever brought the money, it passes here (decisions.md 14)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.domain import ledger as books
from app.domain.invoice import InvoiceStatus
from app.domain.money import Money, format_amount
from app.domain.payment import PaymentStatus
from app.integrations import current
from app.models.invoice import BULK, DEPOSIT
from app.models.surplus import Surplus
from app.services import (
    bulk_members,
    competing_attempts,
    deposits,
    ledger,
    link_payments,
    link_renewal,
    notices,
    reviews,
    surplus_questions,
    timeline,
)
from app.services.batched_writes import ALLOCATION, SETTLEMENT, batched_writes, write
from app.services.invoice_status import recompute
from app.services.timeline import SYSTEM, Actor
from app.uow import in_transaction, session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.models.invoice import Invoice
    from app.models.payment import Payment
    from app.services.bulk_members import Share

SETTLE_ZERO = text("""
with paid as (
  update invoice set status = :paid, paid_at = clock_timestamp(), version = version + 1, updated_at = now()
   where id = any(:ids) and total_minor = 0
  returning id, tenant_id
), settled as (
  insert into settlement (tenant_id, invoice_id, amount_minor, source)
  select tenant_id, id, 0, :actor_kind from paid order by id
)
insert into event (tenant_id, kind, invoice_id, actor_kind, actor, data)
select tenant_id, 'invoice.settled', id, :actor_kind, :actor, '{"amount": "0.00"}' from paid order by id
""")


@batched_writes()
def settle(
    payment: Payment,
    invoice: Invoice,
    captured: Money,
    *,
    initiator: str,
    actor: Actor = SYSTEM,
    late: bool = False,
    gone: str | None = None,
) -> None:
    """Complete the payment, give its money to the invoice, book it, and owe the news to the initiator.

    Both rows must be locked, the invoice first. A surplus, or money for a cancelled invoice, becomes credit of the
    initiator's account and a question for a person; nothing is dropped (security.md T09). Of money that is all
    gone again already nobody is told, `gone` being the gateway's word for it: the registry credits the registrar
    whatever the message says of its state (eis.md 10.2.1). Raises RuntimeError outside a transaction.
    """
    if not in_transaction():
        raise RuntimeError("Money moves inside a transaction only")
    shares = bulk_members.shares_of(invoice, captured.minor)
    allocated = sum(share.amount_minor for share in shares)
    surplus = captured.minor - allocated
    _complete(payment, captured, late=late)
    _book(payment, invoice, shares, surplus, initiator)
    for share in shares:
        _allocate(payment, share.invoice, share.amount_minor)
    if invoice.kind == BULK:
        _settle_members(payment, invoice, captured, shares, actor)
    paid = _settle_invoice(payment, invoice, actor)
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
            **({"gone": gone} if gone else {}),
        },
        tenant_id=invoice.tenant_id,
    )
    if surplus:
        _keep_surplus(payment, invoice, Money(surplus, captured.currency))
    # Of money that no invoice needed nobody is told: the auction would count it once more (eis.md 7.2). Nor of a part:
    # who hears of a payment takes it for all of it (eis.md 10.2.1).
    if (paid or invoice.kind == BULK) and actor.kind != "initiator" and not gone:
        notices.owe_news(payment, invoice, shares, initiator)


@batched_writes()
def settle_from_credit(
    payment: Payment, invoice: Invoice, amount: Money, *, initiator: str, actor: Actor, reason: str | None = None
) -> bool:
    """Give an invoice money of an earlier payment that was over, and return whether it is paid now.

    The invoice, the payment and its surplus must be locked and the amount checked (payer_credits.py). Raises
    RuntimeError outside a transaction.
    """
    if not in_transaction():
        raise RuntimeError("Money moves inside a transaction only")
    ledger.post(
        "credit.applied",
        f"payment:{payment.id}:credit:{invoice.id}",
        books.credit_applied(initiator, amount),
        invoice_id=invoice.id,
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
    )
    _allocate(payment, invoice, amount.minor)
    paid = _settle_invoice(payment, invoice, actor)
    timeline.record(
        "credit.applied",
        actor=actor,
        invoice_id=invoice.id,
        payment_id=payment.id,
        reason=reason,
        data={"amount": format_amount(amount), "currency": amount.currency},
        tenant_id=invoice.tenant_id,
    )
    if paid:
        notices.owe_credit_news(payment, invoice, initiator)
    return paid


@batched_writes()
def settle_zero_invoice(invoice: Invoice, *, actor: Actor) -> None:
    """Mark an invoice over zero as paid: there is no money to wait for (eis.md 14, zero amount)."""
    _note_paid(invoice, actor)
    competing_attempts.close(invoice)
    recompute(invoice)
    timeline.record(
        "invoice.settled", actor=actor, invoice_id=invoice.id, data={"amount": "0.00"}, tenant_id=invoice.tenant_id
    )


def settle_zero_invoices(invoice_ids: Sequence[int], *, actor: Actor) -> None:
    """Do what `settle_zero_invoice` does to invoices of this very transaction, which nobody began to pay yet.

    Raises RuntimeError outside a transaction.
    """
    if not invoice_ids:
        return
    if not in_transaction():
        raise RuntimeError("An invoice is paid inside a transaction only")
    session().execute(
        SETTLE_ZERO,
        {"ids": list(invoice_ids), "paid": InvoiceStatus.PAID, "actor_kind": actor.kind, "actor": actor.name},
    )


@batched_writes()
def settle_by_credit_note(invoice: Invoice, *, actor: Actor) -> None:
    """Mark a locked invoice as paid of which a credit note took off what was still to come.

    Raises RuntimeError outside a transaction.
    """
    if not in_transaction():
        raise RuntimeError("Money moves inside a transaction only")
    _note_paid(invoice, actor)
    competing_attempts.close(invoice)
    recompute(invoice)
    timeline.record(
        "invoice.settled", actor=actor, invoice_id=invoice.id, data={"by": "credit note"}, tenant_id=invoice.tenant_id
    )


def _complete(payment: Payment, captured: Money, *, late: bool) -> None:
    payment.status = PaymentStatus.COMPLETED
    payment.captured_minor = captured.minor
    payment.completed_at = datetime.now(UTC)
    payment.late = late
    payment.next_check_at = None
    payment.version += 1


def _book(payment: Payment, invoice: Invoice, shares: list[Share], surplus: int, initiator: str) -> None:
    """Book the money on the invoice it came for; of a bulk payment on each member, with what is left on the parent."""
    own = sum(share.amount_minor for share in shares if share.invoice is invoice)
    _post(payment, invoice, f"payment:{payment.id}:received", own, surplus, initiator)
    for share in shares:
        if share.invoice is not invoice:
            key = f"payment:{payment.id}:received:{share.invoice.id}"
            _post(payment, share.invoice, key, share.amount_minor, 0, initiator)


def _post(  # noqa: PLR0917 - one booking
    payment: Payment, invoice: Invoice, key: str, allocated: int, surplus: int, initiator: str
) -> None:
    currency = payment.currency
    if payment.method == "reported":
        postings = books.reported_by_service(initiator, Money(allocated, currency))
    else:
        postings = books.received(payment.gateway, initiator, Money(allocated, currency), Money(surplus, currency))
    ledger.post(
        "payment.received",
        key,
        postings,
        invoice_id=invoice.id,
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
    )


def _allocate(payment: Payment, invoice: Invoice, amount: int) -> None:
    given = {
        "tenant_id": payment.tenant_id,
        "payment_id": payment.id,
        "invoice_id": invoice.id,
        "amount_minor": amount,
    }
    write(ALLOCATION, given)
    invoice.captured_minor += amount
    invoice.last_charge_error = None


def _settle_members(payment: Payment, parent: Invoice, captured: Money, shares: list[Share], actor: Actor) -> None:
    """Settle what the bulk payment gave its members, in the transaction in which it came (eis.md 5.3)."""
    bulk_members.close(parent, captured.minor)
    for share in shares:
        _settle_invoice(payment, share.invoice, actor, bulk=parent.number)
        if not _is_covered(share.invoice):
            _ask_for_the_rest(payment, parent, share.invoice)
    for share in bulk_members.unneeded(parent, shares):
        amount = Money(share.amount_minor, payment.currency)
        timeline.record(
            "invoice.bulk.unneeded",
            actor=actor,
            invoice_id=share.invoice.id,
            payment_id=payment.id,
            data={"bulk": parent.number, "amount": format_amount(amount), "currency": amount.currency},
            tenant_id=share.invoice.tenant_id,
        )


def _ask_for_the_rest(payment: Payment, parent: Invoice, member: Invoice) -> None:
    """Ask what to do with a member that was made dearer after its payer was sent to pay."""
    rest = Money(member.open_minor, member.currency)
    reviews.ask(
        "invoice.short",
        f"payment:{payment.id}:{member.id}",
        f"Bulk payment {parent.number} left {format_amount(rest)} {rest.currency} of this invoice open: its amount was "
        "changed after the payer was sent to pay",
        invoice_id=member.id,
        payment_id=payment.id,
        evidence={"bulk": parent.number, "open": format_amount(rest), "currency": rest.currency},
        tenant_id=payment.tenant_id,
    )


def _settle_invoice(payment: Payment, invoice: Invoice, actor: Actor, *, bulk: int | None = None) -> bool:
    """Note whether the invoice is paid now; while something is open its other ways to pay stay open too."""
    paid_now = _is_covered(invoice) and not invoice.paid_at
    if paid_now:
        _note_paid(invoice, actor, payment)
        if invoice.kind == DEPOSIT:
            deposits.mark_paid(invoice)
    # What this settlement changed is of no account to either question: it goes out once, with the status.
    with session().no_autoflush:
        if paid_now:
            competing_attempts.close(invoice, but=payment.id)
        recompute(invoice)
    if paid_now:
        data = {"bulk": bulk} if bulk is not None else None
        timeline.record(
            "invoice.settled",
            actor=actor,
            invoice_id=invoice.id,
            payment_id=payment.id,
            data=data,
            tenant_id=invoice.tenant_id,
        )
    elif invoice.status == InvoiceStatus.PARTIALLY_PAID:
        _tell_of_part(payment, invoice, actor)
        if invoice.payment_link:
            owner = notices.initiator_code(invoice.initiator_id)
            link_renewal.sign_anew(invoice, owner, current().links, because=link_payments.PART)
    return paid_now


def _note_paid(invoice: Invoice, actor: Actor, payment: Payment | None = None) -> None:
    invoice.paid_at = datetime.now(UTC)
    settlement = {
        "tenant_id": invoice.tenant_id,
        "invoice_id": invoice.id,
        "payment_id": payment.id if payment else None,
        "amount_minor": invoice.asked_minor,
        "source": actor.kind,
    }
    write(SETTLEMENT, settlement)


def _tell_of_part(payment: Payment, invoice: Invoice, actor: Actor) -> None:
    held = Money(invoice.captured_minor - invoice.refunded_minor, invoice.currency)
    due = Money(invoice.open_minor, invoice.currency)
    timeline.record(
        "invoice.partially_paid",
        actor=actor,
        invoice_id=invoice.id,
        payment_id=payment.id,
        data={"amount": format_amount(held), "due": format_amount(due), "currency": invoice.currency},
        tenant_id=invoice.tenant_id,
    )


def _is_covered(invoice: Invoice) -> bool:
    return bool(invoice.captured_minor) and not invoice.open_minor


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
    surplus_questions.ask_about(payment, invoice, surplus)
