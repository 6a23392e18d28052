"""Disputes: a payer's bank asks for the money, takes it, or gives it back (other-systems.md 7.3, C9; T15, T16).

What a callback says of a dispute is a hint for a person; what the gateway itself shows as charged back is booked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from app.domain import ledger as books
from app.domain.dispute import DisputeStatus
from app.domain.errors import NotFound
from app.domain.invoice import InvoiceStatus
from app.domain.money import Money, format_amount, say_amount
from app.domain.payment import RECEIVED, PaymentStatus
from app.domain.refund import IN_FLIGHT, WAITING, RefundStatus
from app.models.dispute import Dispute
from app.models.event import Event
from app.models.invoice import BULK
from app.models.payment import Payment
from app.services import bulk_members, ledger, notices, reviews
from app.services.bulk_members import Share
from app.services.dispute_transitions import (
    DisputeRefused,
    amount_of,
    end_without_loss,
    move,
    open_dispute_of,
    protest,
    tell,
)
from app.services.gateway_events import DISPUTE_REPORTED
from app.services.invoice_status import lock, lock_all_of, recompute
from app.services.money_held import held_by, refunds_of, reserved_minor, surplus_of
from app.services.refund_outcomes import end, parts_that_went
from app.services.timeline import Actor
from app.uow import retried, session, transaction

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from app.domain.ledger import Postings
    from app.models.surplus import Surplus

CHARGED_BACK = "charged back at the gateway"
SURPLUS = "payment.surplus"
# Money of a lost dispute may come back when the rest of the payment was given back.
NOTHING_HELD = {PaymentStatus.CHARGED_BACK, PaymentStatus.REFUNDED}


@retried
def open_dispute(
    payment_id: int,
    amount_minor: int,
    *,
    reason: str,
    actor: Actor,
    invoice_id: int | None = None,
    evidence_due_on: date | None = None,
    external_id: str | None = None,
) -> int:
    """Open a dispute of what an invoice holds of a payment and return its id; the invoice is in protest until it ends.

    Raises NotFound, or DisputeRefused when the money is not there or is being given back.
    """
    with transaction() as tx:
        payment = _lock_payment(tx, payment_id)
        about = invoice_id or payment.invoice_id or 0
        if payment.status not in RECEIVED or open_dispute_of(payment_id) is not None:
            raise DisputeRefused(f"Payment {payment.public_token} is {payment.status} or disputed already")
        free = held_by(payment, about) - reserved_minor(payment_id, about)
        if not 0 < amount_minor <= free:
            there = Money(max(free, 0), payment.currency)
            raise DisputeRefused(f"{say_amount(there)} of this payment is there to be disputed")
        dispute = _new(payment, about, amount_minor, amount_minor, reason=reason, by=f"{actor.kind}:{actor.name}")
        dispute.evidence_due_on = evidence_due_on
        dispute.external_id = external_id
        protest(dispute, dispute.invoice_minor)
        reviews.answer_about(payment_id, DISPUTE_REPORTED, by=str(actor), resolution=f"dispute {dispute.id} opened")
        tell("dispute.opened", dispute, actor, reason=reason)
        return dispute.id


@retried
def take_up(dispute_id: int, *, actor: Actor, note: str | None = None) -> None:
    """Note that the evidence was handed in: the bank decides now. Raises NotFound, DisputeRefused."""
    with transaction() as tx:
        dispute, _payment = _lock_dispute(tx, dispute_id)
        move(dispute, DisputeStatus.UNDER_REVIEW)
        reviews.answer_about(dispute.payment_id, "dispute.deadline", by=str(actor), resolution="evidence handed in")
        tell("dispute.updated", dispute, actor, reason=note)


@retried
def win(dispute_id: int, *, actor: Actor, outcome: str = "won") -> None:
    """End a dispute for us: money that had been taken is back. Raises NotFound, DisputeRefused."""
    with transaction() as tx:
        dispute, payment = _lock_dispute(tx, dispute_id)
        was_lost = dispute.status == DisputeStatus.LOST
        move(dispute, DisputeStatus.WON, outcome=outcome, by=actor)
        if was_lost:
            _reinstate(payment, dispute, actor)
        else:
            protest(dispute, -dispute.invoice_minor)
        tell("dispute.won", dispute, actor, reason=outcome)


@retried
def close(dispute_id: int, *, actor: Actor, outcome: str) -> None:
    """End a dispute without a verdict: withdrawn, prevented, a warning only. Raises NotFound, DisputeRefused."""
    with transaction() as tx:
        dispute, _payment = _lock_dispute(tx, dispute_id)
        end_without_loss(dispute, actor, outcome)


@retried
def lose(dispute_id: int, *, actor: Actor, outcome: str = "lost") -> None:
    """End an open dispute against us: the money is gone. Raises NotFound, DisputeRefused."""
    with transaction() as tx:
        dispute, payment = _lock_dispute(tx, dispute_id)
        _take(payment, dispute, actor, outcome)


def charged_back(payment: Payment, *, standing_minor: int) -> None:
    """Book what the gateway shows as charged back; the payment's invoices and the payment are locked.

    An open dispute is lost by it, or ends when it was about more than went; what no dispute was opened for becomes
    one that is lost at once. Refunds end: what was under way cannot be told from the chargeback any more and is a
    question for a person (security.md T15).
    """
    actor = Actor("gateway", payment.gateway)
    gone = payment.at_gateway_minor - standing_minor
    if gone <= 0:
        _ask_what_went(payment, standing_minor)
        return
    _end_refunds(payment)
    known = open_dispute_of(payment.id)
    if known is not None and known.amount_minor <= gone:
        _take(payment, known, actor, CHARGED_BACK)
        gone -= known.amount_minor
    elif known is not None:  # what a dispute is about is fixed: it ends, and what was taken is a dispute of its own
        end_without_loss(
            known, actor, f"{format_amount(Money(gone, known.currency))} {known.currency} of it were taken"
        )
    for part in parts_that_went(payment, max(gone, 0)):
        on_invoice = part.held_minor if part.invoice_id is not None else 0
        about = part.invoice_id or payment.invoice_id or 0
        by = f"gateway:{payment.gateway}"
        dispute = _new(payment, about, part.held_minor, on_invoice, reason=CHARGED_BACK, by=by)
        protest(dispute, on_invoice)
        _take(payment, dispute, actor, CHARGED_BACK)


def _ask_what_went(payment: Payment, standing_minor: int) -> None:
    if payment.lost_minor:
        return
    left = format_amount(Money(standing_minor, payment.currency))
    reviews.ask(
        "payment.charged_back",
        f"payment:{payment.id}:{standing_minor}",
        f"{payment.gateway} says charged back, and that it still holds {left} {payment.currency}: look it up there",
        invoice_id=payment.invoice_id,
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
    )


def _lock_payment(tx: Session, payment_id: int) -> Payment:
    lock_all_of(tx, payment_id)
    payment = tx.get(Payment, payment_id, with_for_update=True, populate_existing=True)
    if payment is None:
        raise NotFound("payment", payment_id)
    return payment


def _lock_dispute(tx: Session, dispute_id: int) -> tuple[Dispute, Payment]:
    dispute = tx.get(Dispute, dispute_id)
    if dispute is None:
        raise NotFound("dispute", dispute_id)
    payment = _lock_payment(tx, dispute.payment_id)
    tx.refresh(dispute, with_for_update=True)
    return dispute, payment


def _new(payment: Payment, invoice_id: int, minor: int, on_invoice: int, *, reason: str, by: str) -> Dispute:
    dispute = Dispute(
        tenant_id=payment.tenant_id,
        payment_id=payment.id,
        invoice_id=invoice_id,
        amount_minor=minor,
        invoice_minor=on_invoice,
        currency=payment.currency,
        status=DisputeStatus.OPENED,
        reason=reason,
        opened_by=by,
    )
    session().add(dispute)
    session().flush()
    return dispute


def _take(payment: Payment, dispute: Dispute, actor: Actor, outcome: str) -> None:
    """Book the loss of an open dispute."""
    move(dispute, DisputeStatus.LOST, outcome=outcome, by=actor)
    payment.lost_minor += dispute.amount_minor
    if not payment.held_minor:
        payment.status = PaymentStatus.CHARGED_BACK
    payment.version += 1
    session().flush()
    _post("payment.charged_back", payment, dispute, sign=1)
    _lose_credit(payment, dispute, actor)
    if dispute.invoice_minor:
        invoice = lock(session(), dispute.invoice_id)
        invoice.disputed_minor -= dispute.invoice_minor
        invoice.lost_minor += dispute.invoice_minor
        recompute(invoice)
        notices.owe_refunded(invoice, payment, notices.initiator_code(payment.initiator_id))
    bulk_members.mirror(payment)
    tell("payment.charged_back", dispute, actor)
    tell("dispute.lost", dispute, actor, reason=outcome)
    reviews.ask(
        "payment.charged_back",
        f"dispute:{dispute.id}",
        f"{amount_of(dispute)} was taken back by the payer's bank at {payment.gateway}",
        invoice_id=dispute.invoice_id,
        payment_id=payment.id,
        tenant_id=dispute.tenant_id,
    )


def _reinstate(payment: Payment, dispute: Dispute, actor: Actor) -> None:
    payment.lost_minor -= dispute.amount_minor
    if payment.status in NOTHING_HELD and payment.held_minor:
        payment.status = PaymentStatus.PARTIALLY_REFUNDED if payment.refunded_minor else PaymentStatus.COMPLETED
    payment.version += 1
    session().flush()
    _post("dispute.won", payment, dispute, sign=-1)
    _give_credit_again(payment, dispute)
    reviews.answer("payment.charged_back", f"dispute:{dispute.id}", by=str(actor), resolution="won")
    bulk_members.mirror(payment)
    if not dispute.invoice_minor:
        return
    invoice = lock(session(), dispute.invoice_id)
    if invoice.status == InvoiceStatus.PARTIALLY_REFUNDED:  # it comes back by the way it went
        protest(dispute, dispute.invoice_minor)
        invoice.disputed_minor -= dispute.invoice_minor
    invoice.lost_minor -= dispute.invoice_minor
    recompute(invoice)
    if invoice.status == InvoiceStatus.PAID and invoice.kind != BULK and _was_gone_at_once(payment):
        shares = [Share(invoice, dispute.invoice_minor)]
        notices.owe_news(payment, invoice, shares, notices.initiator_code(payment.initiator_id))


def _was_gone_at_once(payment: Payment) -> bool:
    """Return whether the money had gone before we looked, so that nobody was told of it (settlement.py)."""
    settled = exists().where(
        Event.invoice_id == payment.invoice_id,
        Event.payment_id == payment.id,
        Event.kind == "payment.settled",
        Event.data["gone"].astext.is_not(None),
    )
    return bool(session().scalar(select(settled)))


def effect(dispute: Dispute, gateway: str, initiator: str, *, sign: int = 1) -> Postings:
    """Return what is booked when the money is lost, or with `sign` -1 when it is back after all."""
    on_invoice = Money(sign * dispute.invoice_minor, dispute.currency)
    of_credit = Money(sign * (dispute.amount_minor - dispute.invoice_minor), dispute.currency)
    postings: Postings = ()
    if on_invoice.minor:
        postings += books.charged_back(gateway, on_invoice)
    if of_credit.minor:
        postings += books.credit_refunded(gateway, initiator, of_credit)
    return postings


def _post(kind: str, payment: Payment, dispute: Dispute, *, sign: int) -> None:
    ledger.post(
        kind,
        f"dispute:{dispute.id}:{dispute.status}",
        effect(dispute, payment.gateway, notices.initiator_code(payment.initiator_id), sign=sign),
        invoice_id=dispute.invoice_id,
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
    )


def _lose_credit(payment: Payment, dispute: Dispute, actor: Actor) -> None:
    """Take the payer's credit, and the question what to do with it when nothing of it is left."""
    surplus = _credit_of(payment, dispute)
    if surplus is None:
        return
    surplus.lost_minor += dispute.amount_minor - dispute.invoice_minor
    session().flush()
    if not surplus.left_minor:
        reviews.answer(SURPLUS, f"payment:{payment.id}", by=str(actor), resolution="charged_back")


def _give_credit_again(payment: Payment, dispute: Dispute) -> None:
    """Give the payer's credit back, and ask again what to do with it."""
    surplus = _credit_of(payment, dispute)
    if surplus is None:
        return
    surplus.lost_minor -= dispute.amount_minor - dispute.invoice_minor
    session().flush()
    if reviews.is_open(SURPLUS, payment.id):
        return
    left = Money(surplus.left_minor, surplus.currency)
    sentence = (
        f"{format_amount(left)} {left.currency} is here again after a dispute was won: refund it or use it for "
        "another invoice"
    )
    key, evidence = f"payment:{payment.id}", {"surplus": format_amount(left), "currency": left.currency}
    asked = reviews.ask(
        SURPLUS,
        key,
        sentence,
        invoice_id=surplus.invoice_id,
        payment_id=payment.id,
        evidence=evidence,
        tenant_id=payment.tenant_id,
    )
    if not asked:
        reviews.ask_again(SURPLUS, key, sentence, evidence)


def _credit_of(payment: Payment, dispute: Dispute) -> Surplus | None:
    if dispute.amount_minor == dispute.invoice_minor:
        return None
    return surplus_of(payment.id, locked=True)


def _end_refunds(payment: Payment) -> None:
    for refund in refunds_of(payment.id, WAITING):
        end(payment, refund, RefundStatus.CANCELLED, "charged_back", "The payer's bank took the money back")
    for refund in refunds_of(payment.id, IN_FLIGHT):
        end(payment, refund, RefundStatus.FAILED, "charged_back", "The payer's bank took the money back meanwhile")
        reviews.ask(
            "refund.charged_back",
            f"refund:{refund.id}",
            f"A refund of {format_amount(Money(refund.amount_minor, refund.currency))} {refund.currency} was under way "
            "when the payer's bank took the money back: compare both with the gateway's portal",
            invoice_id=refund.invoice_id or payment.invoice_id,
            payment_id=payment.id,
            tenant_id=payment.tenant_id,
        )
