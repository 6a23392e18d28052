"""Asking for money to go back: reserved under lock before anything leaves, agreed to by a second person where needed.

other-systems.md 7.3 says what is asked for, security.md T13 to T15 what must never happen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.errors import Conflict, Forbidden, NotFound
from app.domain.money import Money, format_amount
from app.domain.payment import RECEIVED
from app.domain.refund import RefundNotPossible, RefundStatus, check_made_outside, check_refund, needs_approval
from app.domain.tallinn import TALLINN
from app.models.payment import Payment
from app.models.refund import Refund
from app.queries.settings import whole_number
from app.services import outbox, reviews, timeline
from app.services.gateway_events import DISPUTE_REPORTED
from app.services.invoice_status import lock_all_of
from app.services.money_held import Part, refundable
from app.services.notices import initiator_code
from app.services.refund_outcomes import book_outside, end, said_of
from app.uow import retried, session, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.domain.refund import MadeOutside, Refundable
    from app.services.timeline import Actor

EXECUTE = "gateway.refund.execute"
HOSTED = {"hosted", "linkpay"}
WITHDRAWN = "withdrawn"
REJECTED = "rejected"
# Whoever asks and executes at once leaves the row in the outbox this long, in case it dies in between.
SOON = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """What is asked for: of a payment, an amount in minor units or all that is left, for a reason, under a key.

    It goes off what an invoice took (the payment's own unless said), or off the payer's credit. With `made` it has gone
    already, by a bank transfer of our own: it is booked and never sent.
    """

    payment_id: int
    amount_minor: int | None
    reason: str
    key: str
    invoice_id: int | None = None
    of_credit: bool = False
    made: MadeOutside | None = None


@dataclass(frozen=True, slots=True)
class RequestedRefund:
    """A refund as it stands after it was asked for."""

    id: int
    status: RefundStatus
    amount: Money
    is_new: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """When a second person must agree: above the limit (minor units, None for never), or always and why."""

    limit_minor: int | None
    always: str | None
    staff_days: int

    def asked(self, of: Refundable, amount_minor: int) -> bool:
        """Return whether somebody else must agree to this amount."""
        return self.always is not None or needs_approval(
            of, amount_minor, four_eyes_minor=self.limit_minor, staff_days=self.staff_days
        )


class OtherOrder(Conflict):
    """This key belongs to another refund of the payment."""


class SamePerson(Forbidden):
    """Who asked for a refund cannot be the one who agrees to it."""


@retried
def request(order: RefundOrder, *, actor: Actor, at_once: bool = False) -> RequestedRefund:
    """Reserve a refund and return it; the same order again returns the same refund.

    It leaves as soon as a worker takes it; with `at_once` the caller executes it and the worker is the net. Raises
    NotFound, RefundNotPossible, RefundTooLarge, or OtherOrder for a key that stands for something else.
    """
    with transaction() as tx:
        payment = lock_payment(tx, order.payment_id)
        invoice_id = None if order.of_credit else order.invoice_id or payment.invoice_id
        known = tx.scalars(
            select(Refund).where(Refund.payment_id == payment.id, Refund.idempotency_key == order.key)
        ).one_or_none()
        if known is not None:
            return _same(known, order, invoice_id)
        _check_kind(payment)
        _check_made(payment, order.made, invoice_id)
        of = refundable(payment, invoice_id, datetime.now(UTC))
        amount_minor = of.left_minor if order.amount_minor is None else order.amount_minor
        check_refund(of, Money(amount_minor, payment.currency))
        waits = second_person(payment, of, actor).asked(of, amount_minor)
        refund = _reserve(payment, order, Part(invoice_id, amount_minor), _first_status(order, waits=waits), actor)
        if waits:
            _ask_second_person(payment, refund)
        elif order.made is not None:
            book_outside(payment, refund, initiator=initiator_code(payment.initiator_id), actor=actor)
        else:
            _owe(refund, datetime.now(UTC) + SOON if at_once else None)
        return _view(refund)


@retried
def approve(refund_id: int, *, actor: Actor, reason: str | None = None) -> None:
    """Agree to a refund, which leaves then, or is booked when it was made outside.

    Raises NotFound, Conflict, SamePerson, Forbidden to all but operators.
    """
    with transaction() as tx:
        refund, payment = _lock_to_decide(tx, refund_id, actor)
        refund.approved_by = str(actor)
        if refund.made_outside_on is None:
            refund.status = RefundStatus.REQUESTED
            tx.flush()
        reviews.answer("refund.approval", f"refund:{refund.id}", by=str(actor), resolution="approved")
        timeline.record(
            "refund.approved",
            actor=actor,
            invoice_id=refund.invoice_id or payment.invoice_id,
            payment_id=payment.id,
            reason=reason[:200] if reason else None,
            data=said_of(refund),
            tenant_id=payment.tenant_id,
        )
        if refund.made_outside_on is None:
            _owe(refund)
        else:
            book_outside(payment, refund, initiator=initiator_code(payment.initiator_id), actor=actor)


@retried
def reject(refund_id: int, *, actor: Actor, reason: str) -> None:
    """Do not agree to a refund, which ends it. Raises what `approve` raises."""
    with transaction() as tx:
        refund, payment = _lock_to_decide(tx, refund_id, actor)
        end(payment, refund, RefundStatus.CANCELLED, REJECTED, reason, actor)


@retried
def withdraw(refund_id: int, *, actor: Actor, reason: str) -> None:
    """Take a refund back that has not left; a second time changes nothing.

    A service takes back what it asked for itself. Raises NotFound, Conflict.
    """
    with transaction() as tx:
        refund, payment = lock_refund(tx, refund_id)
        if refund.status == RefundStatus.CANCELLED and refund.failure_code == WITHDRAWN:
            return
        if actor.kind == "initiator" and refund.requested_by != str(actor):
            raise Conflict("Somebody else asked for this refund: they withdraw it", code="refund_of_others")
        _expect(refund, RefundStatus.PENDING_APPROVAL, RefundStatus.REQUESTED)
        end(payment, refund, RefundStatus.CANCELLED, WITHDRAWN, reason, actor)


def second_person(payment: Payment, of: Refundable, actor: Actor) -> SecondPerson:
    """Return when this part of a payment needs a second person's word before it goes back."""
    by_service = actor.kind == "initiator"
    limit = "service_refund_approval_above" if by_service else "refund_approval_above"
    staff_days = whole_number("refund_window_days", payment.tenant_id) or 0
    always = "window" if of.age_days > staff_days else None
    if reviews.is_open(DISPUTE_REPORTED, payment.id):  # the bank may be about to take the same money
        always = "dispute"
    return SecondPerson(whole_number(limit, payment.tenant_id), always, staff_days)


def lock_payment(tx: Session, payment_id: int) -> Payment:
    """Return the payment locked, every invoice with its money before it. Raises NotFound."""
    lock_all_of(tx, payment_id)
    payment = tx.get(Payment, payment_id, with_for_update=True, populate_existing=True)
    if payment is None:
        raise NotFound("payment", payment_id)
    return payment


def lock_refund(tx: Session, refund_id: int) -> tuple[Refund, Payment]:
    """Return a refund and its payment, all locked in the one order. Raises NotFound."""
    refund = tx.get(Refund, refund_id)
    if refund is None:
        raise NotFound("refund", refund_id)
    payment = lock_payment(tx, refund.payment_id)
    tx.refresh(refund, with_for_update=True)
    return refund, payment


def _same(known: Refund, order: RefundOrder, invoice_id: int | None) -> RequestedRefund:
    other_amount = order.amount_minor is not None and order.amount_minor != known.amount_minor
    made = (order.made.on, order.made.bank_reference) if order.made else (None, None)
    if other_amount or known.invoice_id != invoice_id or made != (known.made_outside_on, known.bank_reference):
        raise OtherOrder(code="other_refund")
    return replace(_view(known), is_new=False)


def _view(refund: Refund) -> RequestedRefund:
    return RequestedRefund(refund.id, RefundStatus(refund.status), Money(refund.amount_minor, refund.currency))


def _check_kind(payment: Payment) -> None:
    if payment.method not in HOSTED or payment.external_id is None:
        raise RefundNotPossible(
            f"This money did not come through a gateway ({payment.method}): who received it gives it back",
            code="refund_method",
        )
    if payment.status not in RECEIVED:
        raise RefundNotPossible(f"Payment {payment.public_token} is {payment.status}", code="refund_status")


def _check_made(payment: Payment, made: MadeOutside | None, invoice_id: int | None) -> None:
    """Refuse a transfer that cannot have given this money back, or that stands in the books for it already."""
    if made is None:
        return
    now = datetime.now(UTC)
    paid_at = payment.completed_at or now
    check_made_outside(made, paid_on=paid_at.astimezone(TALLINN).date(), today=now.astimezone(TALLINN).date())
    known = select(Refund.id).where(
        Refund.payment_id == payment.id,
        Refund.invoice_id.is_not_distinct_from(invoice_id),
        Refund.bank_reference == made.bank_reference,
        Refund.status != RefundStatus.CANCELLED,
    )
    if booked := session().scalar(known):
        raise Conflict(f"This transfer stands in the books already, as refund {booked}", code="refund_reference_used")


def _first_status(order: RefundOrder, *, waits: bool) -> RefundStatus:
    if waits:
        return RefundStatus.PENDING_APPROVAL
    return RefundStatus.REQUESTED if order.made is None else RefundStatus.SUCCEEDED


def _reserve(payment: Payment, order: RefundOrder, part: Part, status: RefundStatus, actor: Actor) -> Refund:
    refund = Refund(
        tenant_id=payment.tenant_id,
        payment_id=payment.id,
        invoice_id=part.invoice_id,
        amount_minor=part.held_minor,
        currency=payment.currency,
        status=status,
        reason=order.reason[:500],
        idempotency_key=order.key,
        requested_by=str(actor),
        made_outside_on=order.made.on if order.made else None,
        bank_reference=order.made.bank_reference if order.made else None,
    )
    session().add(refund)
    session().flush()
    timeline.record(
        "refund.requested",
        actor=actor,
        invoice_id=part.invoice_id or payment.invoice_id,
        payment_id=payment.id,
        reason=order.reason[:200],
        data=said_of(refund),
        tenant_id=payment.tenant_id,
    )
    return refund


def _lock_to_decide(tx: Session, refund_id: int, actor: Actor) -> tuple[Refund, Payment]:
    """Return a refund that waits for this person's word. Raises NotFound, Conflict, SamePerson, Forbidden."""
    refund, payment = lock_refund(tx, refund_id)
    if actor.kind != "operator":
        raise Forbidden("A person agrees to a refund")
    if refund.requested_by == str(actor):
        raise SamePerson
    _expect(refund, RefundStatus.PENDING_APPROVAL)
    return refund, payment


def _ask_second_person(payment: Payment, refund: Refund) -> None:
    amount = Money(refund.amount_minor, refund.currency)
    reviews.ask(
        "refund.approval",
        f"refund:{refund.id}",
        f"{refund.requested_by} asks to give {format_amount(amount)} {amount.currency} back: {refund.reason}",
        invoice_id=refund.invoice_id or payment.invoice_id,
        payment_id=payment.id,
        evidence=said_of(refund),
        tenant_id=refund.tenant_id,
    )


def _owe(refund: Refund, run_at: datetime | None = None) -> None:
    payment = session().get_one(Payment, refund.payment_id)
    outbox.post(
        EXECUTE,
        f"refund:{refund.id}",
        lane=payment.gateway,
        payload={"refund_id": refund.id},
        invoice_id=refund.invoice_id or payment.invoice_id,
        payment_id=payment.id,
        run_at=run_at,
        tenant_id=refund.tenant_id,
    )


def _expect(refund: Refund, *statuses: RefundStatus) -> None:
    if refund.status not in statuses:
        raise Conflict(f"Refund {refund.public_token} is {refund.status}", code="refund_status", status=refund.status)
