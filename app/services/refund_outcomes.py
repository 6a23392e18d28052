"""Money that went back at the gateway, asked for here or not: noticed, booked once, shown (reliability.md 3.3, T16)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.domain import ledger as books
from app.domain.money import Money, format_amount
from app.domain.payment import PaymentStatus
from app.domain.refund import IN_FLIGHT, WAITING, RefundStatus, next_look_s
from app.models.refund import Refund
from app.services import bulk_members, ledger, notices, reviews, timeline
from app.services.dispute_transitions import end_without_loss, open_dispute_of
from app.services.invoice_status import lock, recompute
from app.services.money_held import parts_of, refund_under_way, refunds_of, share, surplus_of
from app.services.timeline import SYSTEM, Actor
from app.uow import session

if TYPE_CHECKING:
    from app.models.payment import Payment
    from app.services.money_held import Part

# What our own bank account pays and gets, in the books (domain/ledger.py).
BANK = "bank"


def book_observed(payment: Payment, *, standing_minor: int, initiator: str) -> None:
    """Book what went back since we last looked; the payment's invoice and the payment are locked, the invoice first.

    `standing_minor` is what the gateway still holds of the payment, in minor units. A refund that is under way is
    what went back, as far as it fits: our own refund and the gateway's news of it are one fact.
    """
    gone = payment.at_gateway_minor - standing_minor
    ours = refund_under_way(payment.id)
    if ours is not None and ours.amount_minor <= gone:
        _succeed(payment, ours, initiator)
        gone -= ours.amount_minor
    for part in parts_that_went(payment, gone):
        _record_unasked(payment, part.invoice_id, part.held_minor, standing_minor, initiator)
    _end_what_does_not_fit(payment)


def parts_that_went(payment: Payment, gone: int) -> list[Part]:
    """Return what each part of a payment loses when this much left the gateway, in minor units.

    A person is asked about what had been given back by a transfer of our own before.
    """
    parts = share(parts_of(payment), gone)
    twice = gone - sum(part.held_minor for part in parts)
    if twice > 0:
        _ask_about_twice(payment, Money(twice, payment.currency))
    return parts


def _ask_about_twice(payment: Payment, amount: Money) -> None:
    reviews.ask(
        "payment.returned_twice",
        f"payment:{payment.id}:{amount.minor}",
        f"{format_amount(amount)} {amount.currency} left {payment.gateway} that were given back by bank transfer "
        "already: the payer has them twice",
        invoice_id=payment.invoice_id,
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
    )


def book_outside(payment: Payment, refund: Refund, *, initiator: str, actor: Actor) -> None:
    """Book a refund that was made by a bank transfer of our own, and close what was asked because of it.

    The payment is locked, every invoice with its money before it.
    """
    refund.status = RefundStatus.SUCCEEDED
    refund.finished_at = datetime.now(UTC)
    _book(payment, refund, initiator)
    timeline.record(
        "refund.made_outside",
        actor=actor,
        invoice_id=refund.invoice_id or payment.invoice_id,
        payment_id=payment.id,
        data=said_of(refund) | {"day": str(refund.made_outside_on), "bank_reference": refund.bank_reference},
        tenant_id=payment.tenant_id,
    )
    reviews.answer_about(payment.id, "refund.refused", by=str(actor), resolution="paid back by bank transfer")


def _succeed(payment: Payment, refund: Refund, initiator: str) -> None:
    refund.status = RefundStatus.SUCCEEDED
    refund.finished_at = datetime.now(UTC)
    refund.next_check_at = None
    _book(payment, refund, initiator)
    timeline.record(
        "refund.succeeded",
        actor=Actor("gateway", payment.gateway),
        invoice_id=refund.invoice_id or payment.invoice_id,
        payment_id=payment.id,
        data=said_of(refund),
        tenant_id=payment.tenant_id,
    )


def _record_unasked(payment: Payment, invoice_id: int | None, minor: int, standing_minor: int, initiator: str) -> None:
    """Record a refund nobody here asked for, and ask a person about it."""
    refund = Refund(
        tenant_id=payment.tenant_id,
        payment_id=payment.id,
        invoice_id=invoice_id,
        amount_minor=minor,
        currency=payment.currency,
        status=RefundStatus.SUCCEEDED,
        reason="made at the gateway",
        idempotency_key=f"gateway:{standing_minor}:{invoice_id or 'credit'}:{payment.version}",
        requested_by=f"gateway:{payment.gateway}",
        finished_at=datetime.now(UTC),
    )
    session().add(refund)
    session().flush()
    _book(payment, refund, initiator)
    about = invoice_id or payment.invoice_id
    timeline.record(
        f"payment.{payment.status}",
        actor=Actor("gateway", payment.gateway),
        invoice_id=about,
        payment_id=payment.id,
        data=said_of(refund),
        tenant_id=payment.tenant_id,
    )
    amount = Money(minor, payment.currency)
    reviews.ask(
        f"payment.{payment.status}",
        f"refund:{refund.id}",
        f"{format_amount(amount)} {amount.currency} went back at {payment.gateway} without a request from here",
        invoice_id=about,
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
    )


def _book(payment: Payment, refund: Refund, initiator: str) -> None:
    """Take the money from its invoice, or from the payer's credit, and from the payment."""
    amount = Money(refund.amount_minor, refund.currency)
    through = payment.gateway
    if refund.made_outside_on is not None:
        through = BANK
        payment.outside_minor += amount.minor
    payment.refunded_minor += amount.minor
    payment.status = PaymentStatus.PARTIALLY_REFUNDED if payment.held_minor else PaymentStatus.REFUNDED
    payment.version += 1
    session().flush()
    if refund.invoice_id is None:
        surplus = surplus_of(payment.id, locked=True)
        assert surplus is not None  # noqa: S101 - a part of the payment that is no invoice's is a surplus
        surplus.refunded_minor += amount.minor
        if not surplus.left_minor:
            reviews.answer("payment.surplus", f"payment:{payment.id}", by=refund.requested_by, resolution="given back")
        postings = books.credit_refunded(through, initiator, amount)
    else:
        postings = books.refunded(through, initiator, amount)
    ledger.post(
        f"payment.{payment.status}",
        f"refund:{refund.id}:succeeded",
        postings,
        invoice_id=refund.invoice_id or payment.invoice_id,
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
    )
    if refund.invoice_id is not None:
        invoice = lock(session(), refund.invoice_id)
        invoice.refunded_minor += amount.minor
        recompute(invoice)
        if refund.requested_by != str(Actor("initiator", initiator)):
            notices.owe_refunded(invoice, payment, initiator)
    bulk_members.mirror(payment)


def _end_what_does_not_fit(payment: Payment) -> None:
    """End what is about money that is not there any more: refunds that left first keep theirs, then the open dispute.

    What left and does not fit cannot have been executed, a dispute of money that went back takes nothing, and what
    waits is withdrawn.
    """
    held = payment.held_minor
    parts = Counter({part.invoice_id: part.held_minor for part in parts_of(payment)})
    for refund in refunds_of(payment.id, IN_FLIGHT):
        if refund.amount_minor > held:
            end(payment, refund, RefundStatus.FAILED, "less_is_left", "The gateway holds less than this by now")
        else:
            parts[refund.invoice_id] -= refund.amount_minor
    _end_dispute_of_returned(payment, parts)
    for refund in refunds_of(payment.id, WAITING):
        if refund.amount_minor > parts[refund.invoice_id]:
            end(payment, refund, RefundStatus.CANCELLED, "less_is_left", "The gateway holds less than this by now")
        else:
            parts[refund.invoice_id] -= refund.amount_minor


def _end_dispute_of_returned(payment: Payment, parts: Counter[int | None]) -> None:
    """End an open dispute about money that went back to the payer, or take what it holds off what is free."""
    dispute = open_dispute_of(payment.id)
    if dispute is None:
        return
    of_credit = dispute.amount_minor - dispute.invoice_minor
    if dispute.invoice_minor > parts[dispute.invoice_id] or of_credit > parts[None]:
        end_without_loss(dispute, Actor("gateway", payment.gateway), "the money went back to the payer")
        return
    parts[dispute.invoice_id] -= dispute.invoice_minor
    parts[None] -= of_credit


def end(  # noqa: PLR0917 - who, what, how and why
    payment: Payment, refund: Refund, status: RefundStatus, code: str, why: str, actor: Actor = SYSTEM
) -> None:
    """End a refund without money having moved; what was reserved for it is free again."""
    refund.status = status
    refund.failure_code = code
    refund.failure_message = why[:500]
    refund.next_check_at = None
    refund.finished_at = datetime.now(UTC)
    session().flush()
    reviews.answer("refund.approval", f"refund:{refund.id}", by=str(actor), resolution=str(status))
    timeline.record(
        f"refund.{status}",
        actor=actor,
        invoice_id=refund.invoice_id or payment.invoice_id,
        payment_id=payment.id,
        reason=why[:200],
        data=said_of(refund) | {"code": code},
        tenant_id=payment.tenant_id,
    )


def resolve_unknown(payment: Payment) -> None:
    """Decide an unknown refund by a look that did not show it: look again, or after an hour call it failed.

    Both rows are locked. To be called after `book_observed`, when the gateway's state was understood.
    """
    refund = refund_under_way(payment.id)
    if refund is None or refund.status != RefundStatus.UNKNOWN or refund.sent_at is None:
        return
    now = datetime.now(UTC)
    again_s = next_look_s(int((now - refund.sent_at).total_seconds()))
    if again_s is not None:
        plan_look(refund, again_s)
        return
    end(payment, refund, RefundStatus.FAILED, "never_seen", "The gateway never showed it: it was not executed")
    reviews.ask(
        "refund.failed",
        f"refund:{refund.id}",
        f"A refund of {format_amount(Money(refund.amount_minor, refund.currency))} {refund.currency} got no answer and "
        "was not executed within the hour: ask for it again if it is still wanted",
        invoice_id=refund.invoice_id or payment.invoice_id,
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
    )


def plan_look(refund: Refund, in_s: int) -> None:
    """Plan when the janitor asks the gateway again."""
    refund.next_check_at = datetime.fromtimestamp(datetime.now(UTC).timestamp() + in_s, UTC)
    session().flush()


def said_of(refund: Refund) -> dict[str, object]:
    """Return what the timeline says of a refund."""
    amount = Money(refund.amount_minor, refund.currency)
    return {"refund": refund.id, "amount": format_amount(amount), "currency": amount.currency}
