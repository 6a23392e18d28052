"""Sending a refund to the gateway: once, and what is not known afterwards is looked for there (reliability.md 3.3).

The row says `processing` before anything leaves and never leaves again from there unless it is certain that nothing
did. Money is booked by what the gateway still holds, whoever says so first: its answer, its callback or our own look.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.domain.errors import Outcome, ProviderFailure
from app.domain.money import Money, format_amount
from app.domain.payment import ObservedState
from app.domain.ports import RefundedPayment, RefundRequest
from app.domain.refund import LOOKS_S, NONCE_USED, RefundStatus, advice
from app.models.payment import GatewayReference
from app.models.refund import Refund
from app.services import reviews, timeline
from app.services.batch_jobs import BatchJob
from app.services.notices import initiator_code
from app.services.payments import know_reference
from app.services.refresh import look_again
from app.services.refund_outcomes import book_observed, end, plan_look, said_of
from app.services.refunds import lock_refund
from app.services.timeline import Actor
from app.uow import retried, ring_after_commit, session, transaction

if TYPE_CHECKING:
    from app.domain.ports import HostedGateway
    from app.models.payment import Payment

# Longer than any call takes: a refund that says `processing` after this time was left by a process that died.
CALL_S = 60
LOOK_LEASE_S = 300
SENDS = 3
JOB = BatchJob("watch_refunds", Refund)
PASS_LIMIT = 100


class AnotherUnderWay(ProviderFailure):
    """Another refund of this payment has left, and its answer has not come."""

    told = "Another refund of this payment is under way: this one follows by itself, and asking again tells its end"


@dataclass(frozen=True, slots=True)
class Sending:
    """A refund that is about to leave, and what the gateway holds of the payment afterwards."""

    refund_id: int
    request: RefundRequest
    left_minor: int


def execute(refund_id: int, gateway: HostedGateway) -> RefundStatus:
    """Send a refund that may leave, once, and return its state afterwards; one that has left is not sent again.

    Raises ProviderFailure when nothing was executed and it may be tried again, AnotherUnderWay for one, and NotFound.
    """
    sending = _begin(refund_id, gateway)
    if isinstance(sending, RefundStatus):
        return sending
    try:
        found = _went_back_already(sending, gateway)
        answer = gateway.refund_payment(sending.request) if found is None else found
    except ProviderFailure as failure:
        status = _store_failure(sending, failure)
        if status == RefundStatus.REQUESTED:
            raise
        return status
    return _store_answer(sending, answer)


def give_up(refund_id: int) -> None:
    """End a refund that could not be sent for days; a person is asked by who gave it up."""
    with transaction() as tx:
        refund, payment = lock_refund(tx, refund_id)
        if refund.status == RefundStatus.REQUESTED:
            end(payment, refund, RefundStatus.FAILED, "not_sent", "The gateway could not be reached")


def watch() -> int:
    """Look for refunds whose fate is open and whose time has come; return how many."""
    with transaction() as tx:
        due = tx.scalars(
            select(Refund.id)
            .where(Refund.next_check_at <= func.now(), Refund.id.not_in(JOB.resting()))
            .order_by(Refund.next_check_at)
            .limit(PASS_LIMIT)
        ).all()
    return JOB.each(due, _watch)


@retried
def _watch(refund_id: int) -> bool:
    with transaction() as tx:
        refund, payment = lock_refund(tx, refund_id)
        if refund.next_check_at is None or refund.next_check_at > datetime.now(UTC):
            return False
        if refund.status == RefundStatus.PROCESSING:
            _doubt(payment, refund, "the process that sent it died")
            return True
        # The look plans the next one; this only keeps the next pass from asking twice.
        plan_look(refund, LOOK_LEASE_S)
        _owe_look(payment)
        return True


@retried
def _begin(refund_id: int, gateway: HostedGateway) -> Sending | RefundStatus:
    with transaction() as tx:
        refund, payment = lock_refund(tx, refund_id)
        if refund.status != RefundStatus.REQUESTED:
            return RefundStatus(refund.status)
        if _another_is_under_way(refund):
            raise AnotherUnderWay(
                gateway.name,
                "another refund of this payment is under way",
                outcome=Outcome.NOT_SENT,
                retry_after_s=LOOKS_S[0],
            )
        refund.status = RefundStatus.PROCESSING
        refund.nonce = f"{secrets.randbelow(10**30):030d}"
        refund.sent_at = datetime.now(UTC)
        refund.next_check_at = refund.sent_at + timedelta(seconds=CALL_S)
        refund.tries += 1
        tx.flush()
        _tell("refund.processing", payment, refund)
        amount = Money(refund.amount_minor, refund.currency)
        request = RefundRequest(payment.external_id or "", amount, refund.nonce)
        return Sending(refund.id, request, payment.at_gateway_minor - amount.minor)


def _another_is_under_way(refund: Refund) -> bool:
    under_way = select(Refund.id).where(
        Refund.payment_id == refund.payment_id,
        Refund.status.in_([RefundStatus.PROCESSING, RefundStatus.UNKNOWN]),
        Refund.id != refund.id,
    )
    return session().scalar(under_way.limit(1)) is not None


def _went_back_already(sending: Sending, gateway: HostedGateway) -> RefundedPayment | None:
    """Return what the gateway holds of the payment when this money has left it, else None.

    A database that was put back to a moment ago asks for what it has sent (security.md T90). Raises ProviderFailure,
    and then nothing was executed.
    """
    try:
        found = gateway.fetch_payment(sending.request.external_id)
    except ProviderFailure as failure:
        if failure.may_have_been_executed:
            failure.outcome = Outcome.NOT_SENT
        raise
    if found.account != gateway.account or found.standing is None or found.standing.minor > sending.left_minor:
        return None
    return RefundedPayment(
        found.external_id, found.state, found.provider_state, found.initial, found.standing, found.raw
    )


@retried
def _store_answer(sending: Sending, answer: RefundedPayment) -> RefundStatus:
    """Book what the gateway says it still holds; an answer that does not add up is no answer."""
    with transaction() as tx:
        refund, payment = lock_refund(tx, sending.refund_id)
        if refund.status != RefundStatus.PROCESSING or refund.nonce != sending.request.nonce:
            # Ended here, and executed there after all; or what was taken for it was made there by somebody else.
            if answer.standing is None or answer.standing.minor != payment.at_gateway_minor:
                _owe_look(payment)
            return RefundStatus(refund.status)
        standing = answer.standing
        highest = payment.at_gateway_minor - refund.amount_minor
        if answer.state is ObservedState.REFUNDED and standing is not None and 0 <= standing.minor <= highest:
            book_observed(payment, standing_minor=standing.minor, initiator=initiator_code(payment.initiator_id))
            return RefundStatus(refund.status)
        left = "nothing" if standing is None else format_amount(standing)
        _doubt(payment, refund, f"the gateway says {answer.provider_state}, and that it holds {left}")
        return RefundStatus.UNKNOWN


@retried
def _store_failure(sending: Sending, failure: ProviderFailure) -> RefundStatus:
    """Keep what is certain: never sent may be sent again, refused has failed, everything else is looked for."""
    with transaction() as tx:
        refund, payment = lock_refund(tx, sending.refund_id)
        if refund.status != RefundStatus.PROCESSING or refund.nonce != sending.request.nonce:
            if _may_have_been_executed(failure):
                _owe_look(payment)
            return RefundStatus(refund.status)
        if _may_have_been_executed(failure):
            _doubt(payment, refund, failure.detail)
        elif failure.outcome is Outcome.REFUSED and (failure.permanent or refund.tries >= SENDS):
            _refused(payment, refund, failure)
        else:
            _not_sent(payment, refund, failure)
        return RefundStatus(refund.status)


def _may_have_been_executed(failure: ProviderFailure) -> bool:
    """Return whether the money may be on its way: a nonce that was used before was used by this very request."""
    return failure.may_have_been_executed or str(failure.code) == NONCE_USED


def _doubt(payment: Payment, refund: Refund, why: str) -> None:
    refund.status = RefundStatus.UNKNOWN
    refund.failure_message = why[:500]
    plan_look(refund, LOOKS_S[0])
    _tell("refund.unknown", payment, refund, why)
    _owe_look(payment)


def _refused(payment: Payment, refund: Refund, failure: ProviderFailure) -> None:
    code = str(failure.code or failure.status or "refused")
    end(payment, refund, RefundStatus.FAILED, code, failure.detail, Actor("gateway", payment.gateway))
    amount = Money(refund.amount_minor, refund.currency)
    reviews.ask(
        "refund.refused",
        f"refund:{refund.id}",
        f"{payment.gateway} refused to give {format_amount(amount)} {amount.currency} back: {failure.detail}. "
        f"{advice(code)}",
        invoice_id=refund.invoice_id or payment.invoice_id,
        payment_id=payment.id,
        evidence={"code": code, "refund": refund.id, "advice": advice(code)},
        tenant_id=refund.tenant_id,
    )
    # Somebody may have given the money back there: what the gateway holds now says so.
    _owe_look(payment)


def _not_sent(payment: Payment, refund: Refund, failure: ProviderFailure) -> None:
    refund.status = RefundStatus.REQUESTED
    refund.failure_message = failure.detail[:500]
    refund.next_check_at = None
    session().flush()
    _tell("refund.not_sent", payment, refund, failure.detail)


def _owe_look(payment: Payment) -> None:
    known = know_reference(payment, payment.gateway)
    reference = session().get_one(GatewayReference, known.id, with_for_update=True, populate_existing=True)
    look_again(reference)
    session().flush()
    ring_after_commit()


def _tell(kind: str, payment: Payment, refund: Refund, reason: str | None = None) -> None:
    timeline.record(
        kind,
        actor=Actor("gateway", payment.gateway),
        invoice_id=refund.invoice_id or payment.invoice_id,
        payment_id=payment.id,
        reason=reason[:200] if reason else None,
        data=said_of(refund) | {"try": refund.tries},
        tenant_id=payment.tenant_id,
    )
