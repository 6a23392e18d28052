"""Looking again: fetch what the gateway knows, compare it with what was asked, fold it in (reliability.md 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.errors import Outcome, ProviderFailure
from app.domain.money import Money
from app.domain.order_reference import parse
from app.domain.payment import DecisionKind, ObservedState, PaymentStatus, decide
from app.models.invoice import Invoice, InvoiceClaim
from app.models.payment import GatewayReference, Payment
from app.services import (
    competing_attempts,
    disputes,
    gateway_events,
    inbox,
    link_payments,
    notices,
    outbox,
    payment_discrepancies,
    refund_outcomes,
    timeline,
    unreachable,
)
from app.services.invoice_status import lock, lock_all_of, recompute
from app.services.invoices import reprice
from app.services.open_payments import end_if_old, plan_next_check
from app.services.settlement import settle
from app.services.timeline import Actor
from app.uow import retried, session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.domain.ports import FetchedPayment, HostedGateway

ORDINARY, MOST_PATIENT_S = 10, 60  # messages about one payment; seconds between looks in a storm
BELIEVED_AFTER = 3  # looks of the clock at a payment the gateway says it does not know
FAILED = {PaymentStatus.FAILED, PaymentStatus.EXPIRED}


@dataclass(frozen=True, slots=True)
class Look:
    """What one look is about: `seen` is the count of news it answers."""

    reference_id: int
    tenant_id: int
    external_id: str
    seen: int


def refresh(reference_id: int, gateway: HostedGateway, poll_ladder_s: Sequence[int]) -> str:
    """Look at one gateway reference and return what became of it, in a word for the inbox.

    Raises ProviderFailure when the gateway could not be asked; the outbox then asks again (reliability.md 3.9).
    """
    look = begin(reference_id)
    try:
        fetched = gateway.fetch_payment(look.external_id)
    except ProviderFailure as failure:
        if failure.outcome is Outcome.REFUSED and failure.permanent:
            return _unknown_there(look, failure, poll_ladder_s)
        raise
    return take_over(look, fetched, gateway, poll_ladder_s)


def give_up(reference_id: int) -> None:
    """Hand a reference that could not be asked about for days to a person; later news starts over."""
    with transaction() as tx:
        reference = tx.get_one(GatewayReference, reference_id, with_for_update=True)
        reference.clean_seq = reference.dirty_seq
        unreachable.ask(reference)


def begin(reference_id: int) -> Look:
    """Return what a look is about, before the gateway is asked."""
    with transaction() as tx:
        reference = tx.get_one(GatewayReference, reference_id, populate_existing=True)
        return Look(reference.id, reference.tenant_id, reference.external_id, reference.dirty_seq)


@retried
def take_over(look: Look, fetched: FetchedPayment, gateway: HostedGateway, poll_ladder_s: Sequence[int]) -> str:
    """Fold in what the gateway said, and return what became of it, in a word for the inbox."""
    with transaction() as tx:
        invoice = _lock_invoice(tx, look, fetched, gateway)
        payment = _lock_payment(tx, look, fetched, gateway, invoice)
        reference = tx.get_one(GatewayReference, look.reference_id, with_for_update=True, populate_existing=True)
        if invoice is None or payment is None:
            outcome = payment_discrepancies.ask_about_unmatched(reference, fetched, invoice)
        else:
            reference.payment_id = payment.id
            outcome = _fold(payment, invoice, fetched, gateway, poll_ladder_s)
        reference.custom_field_1 = fetched.custom_field_1
        heard = _finish(reference, look, outcome, invoice, payment)
        if payment is not None:
            gateway_events.ask_about(payment, {event: gateway.news(event) for event in heard})
        return outcome


def _finish(
    reference: GatewayReference, look: Look, outcome: str, invoice: Invoice | None, payment: Payment | None
) -> list[str]:
    reference.clean_seq = max(reference.clean_seq, look.seen)
    reference.last_fetched_at = datetime.now(UTC)
    unreachable.answer(reference)
    if reference.dirty_seq > reference.clean_seq:
        owe_look(reference, in_s=_patience_s(reference.dirty_seq))
    invoice_id = invoice.id if invoice else None
    payment_id = payment.id if payment else None
    handled = inbox.stamp(reference, outcome, invoice_id=invoice_id, payment_id=payment_id)
    if handled and invoice_id:
        timeline.record(
            "gateway.callback.received",
            actor=Actor("gateway", reference.gateway),
            invoice_id=invoice_id,
            payment_id=payment_id,
            data={"messages": len(handled), "outcome": outcome},
            tenant_id=reference.tenant_id,
        )
    return handled


def _patience_s(heard: int) -> int:
    """Return how long news that came during a look waits for the next: an ordinary payment's not at all.

    Each message beyond those of ordinary lives makes it a second longer, up to a minute, so that a storm of callbacks
    costs the gateway no more than a few questions (security.md T03).
    """
    return min(max(heard - ORDINARY, 0), MOST_PATIENT_S)


def owe_look(reference: GatewayReference, in_s: int = 0) -> None:
    """Owe one more look at this reference, now or in so many seconds."""
    outbox.post(
        inbox.REFRESH,
        f"{reference.id}:{reference.dirty_seq}",
        lane=reference.gateway,
        payload={"reference_id": reference.id},
        payment_id=reference.payment_id,
        run_at=datetime.now(UTC) + timedelta(seconds=in_s) if in_s else None,
        tenant_id=reference.tenant_id,
    )


def look_again(reference: GatewayReference) -> None:
    """Raise the count of news as if the gateway had called, and owe a look unless one is owed; the row is locked."""
    waiting = reference.dirty_seq > reference.clean_seq
    reference.dirty_seq += 1
    if not waiting:
        owe_look(reference)


def _lock_invoice(tx: Session, look: Look, fetched: FetchedPayment, gateway: HostedGateway) -> Invoice | None:
    known = tx.execute(
        select(Payment.id, Payment.invoice_id).where(
            Payment.tenant_id == look.tenant_id,
            Payment.gateway == gateway.name,
            Payment.external_id == look.external_id,
        )
    ).one_or_none()
    if known is not None:
        lock_all_of(tx, known.id)
    invoice_id = known.invoice_id if known is not None else None
    if invoice_id is None:
        number = parse(fetched.order_reference).number
        of_tenant = select(Invoice.id).where(Invoice.tenant_id == look.tenant_id, Invoice.number == number)
        invoice_id = None if number is None else tx.scalar(of_tenant)
    return None if invoice_id is None else lock(tx, invoice_id)


def _lock_payment(
    tx: Session, look: Look, fetched: FetchedPayment, gateway: HostedGateway, invoice: Invoice | None
) -> Payment | None:
    """Return the payment this reference stands for: known, or lost after sending, or made from a signed link."""
    if invoice is None:
        return None
    of_invoice = select(Payment).where(Payment.gateway == gateway.name, Payment.invoice_id == invoice.id)
    locked = of_invoice.with_for_update().execution_options(populate_existing=True)
    payment = tx.scalars(locked.where(Payment.external_id == look.external_id)).one_or_none()
    if payment is None:
        # A try the gateway refused was never made there: what has its reference is the link that was opened first.
        payment = tx.scalars(
            locked.where(
                Payment.external_id.is_(None),
                Payment.merchant_ref == fetched.order_reference,
                Payment.status != PaymentStatus.FAILED,
            )
        ).one_or_none()
        if payment is not None:
            payment.external_id = look.external_id
            tx.flush()
    if payment is None and fetched.account == gateway.account:
        payment = link_payments.payment_of(tx, look.external_id, fetched, gateway, invoice)
    return payment


def _fold(
    payment: Payment,
    invoice: Invoice,
    fetched: FetchedPayment,
    gateway: HostedGateway,
    poll_ladder_s: Sequence[int],
) -> str:
    """Fold one fetched truth into the payment; permutations of the same news end in the same state."""
    difference = payment_discrepancies.difference(payment, invoice, fetched, gateway) or link_payments.difference(
        payment, invoice, fetched
    )
    if difference and fetched.state in {ObservedState.COMPLETED, ObservedState.AUTHORIZED}:
        return payment_discrepancies.ask_about(payment, invoice, fetched, "payment.differs", difference)
    _note_fetch(payment, invoice, fetched, agrees=not difference)
    decision = decide(
        PaymentStatus(payment.status),
        fetched.state,
        standing_minor=fetched.standing.minor if fetched.standing is not None else None,
        captured_minor=payment.captured_minor,
        refunded_minor=payment.captured_minor - payment.at_gateway_minor,
        agreed_minor=None if difference else payment.amount_minor,
    )
    if decision.kind is DecisionKind.REVIEW:
        outcome = payment_discrepancies.ask_about(
            payment, invoice, fetched, f"payment.{fetched.state}", decision.reason
        )
        if fetched.state is ObservedState.UNKNOWN:
            plan_next_check(payment, poll_ladder_s)
        return outcome
    for step in (decision.via, decision.to):
        if step is not None:
            _move(payment, invoice, fetched, step, late=decision.late)
    if fetched.state in {ObservedState.COMPLETED, ObservedState.REFUNDED}:
        refund_outcomes.resolve_unknown(payment)
    if fetched.state is ObservedState.AUTHORIZED and competing_attempts.is_needless(payment, invoice):
        competing_attempts.owe_void(payment)
    if end_if_old(payment, invoice, fetched):
        return "review"
    plan_next_check(payment, poll_ladder_s)
    return str(decision.kind)


def _note_fetch(payment: Payment, invoice: Invoice, fetched: FetchedPayment, *, agrees: bool) -> None:
    if payment.snapshot != fetched.snapshot:
        payment.snapshot, payment.updated_at = fetched.snapshot, datetime.now(UTC)
    payment.gateway_method = fetched.method
    if payment.provider_state == fetched.provider_state:
        return
    payment.provider_state = fetched.provider_state
    timeline.record(
        "payment.fetched",
        actor=Actor("gateway", payment.gateway),
        invoice_id=invoice.id,
        payment_id=payment.id,
        data={"state": fetched.provider_state, "agrees": agrees, "reference": fetched.external_id},
        tenant_id=invoice.tenant_id,
    )


def _move(payment: Payment, invoice: Invoice, fetched: FetchedPayment, to: PaymentStatus, *, late: bool) -> None:
    tx = session()
    initiator = notices.initiator_code(invoice.initiator_id)
    if to is PaymentStatus.COMPLETED:
        _win_claim(tx, invoice, fetched)
        captured = Money(payment.amount_minor, payment.currency)
        gone = None if fetched.state is ObservedState.COMPLETED or _stands(fetched) else fetched.provider_state
        actor = Actor("gateway", payment.gateway)
        settle(payment, invoice, captured, initiator=initiator, actor=actor, late=late, gone=gone)
    elif to in {PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED}:
        standing = fetched.standing.minor if fetched.standing is not None else 0
        refund_outcomes.book_observed(payment, standing_minor=standing, initiator=initiator)
    elif to is PaymentStatus.CHARGED_BACK:
        standing = fetched.standing.minor if fetched.standing is not None else 0
        disputes.charged_back(payment, standing_minor=standing)
    else:
        payment.status = to
        payment.version += 1
        payment.checks = 0  # what has just moved may soon move again
        if to in FAILED and invoice.paid_at is None:
            invoice.last_charge_error = fetched.provider_state
        tx.flush()
        recompute(invoice)
        timeline.record(
            f"payment.{to}",
            actor=Actor("gateway", payment.gateway),
            invoice_id=invoice.id,
            payment_id=payment.id,
            tenant_id=invoice.tenant_id,
        )


def _stands(fetched: FetchedPayment) -> bool:
    """Return whether the gateway still holds anything of what came."""
    return fetched.standing is not None and fetched.standing.minor > 0


def _win_claim(tx: Session, invoice: Invoice, fetched: FetchedPayment) -> None:
    """Let the first payer of a shared number win it, at the price of the claim (eis.md 10.1.4).

    Of a number everybody gave up nothing can be won: money that still comes is the payer's credit.
    """
    if not fetched.custom_field_1 or invoice.paid_at is not None or invoice.cancelled_at is not None:
        return
    claim = tx.scalars(
        select(InvoiceClaim).where(
            InvoiceClaim.invoice_id == invoice.id, InvoiceClaim.user_unique_id == fetched.custom_field_1
        )
    ).one_or_none()
    if claim is None:
        return
    claim.won_at = datetime.now(UTC)
    if claim.amount_minor != invoice.total_minor and not invoice.captured_minor:
        reprice(tx, invoice, Money(claim.amount_minor, invoice.currency), Actor("system"))


@retried
def _unknown_there(look: Look, failure: ProviderFailure, poll_ladder_s: Sequence[int]) -> str:
    """The gateway does not know the reference: junk, unless it is one of ours.

    Then one such answer proves nothing: it is asked again, and a person when it goes on or nothing else is to come.
    """
    with transaction() as tx:
        reference = tx.get_one(GatewayReference, look.reference_id, with_for_update=True, populate_existing=True)
        reference.clean_seq = max(reference.clean_seq, look.seen)
        reference.last_fetched_at = datetime.now(UTC)
        unreachable.answer(reference)
        if reference.payment_id is not None:
            payment = tx.get_one(Payment, reference.payment_id)
            plan_next_check(payment, poll_ladder_s)
            if payment.next_check_at is None or payment.checks >= BELIEVED_AFTER:
                payment_discrepancies.ask_about_unknown(reference, payment, failure.detail)
        inbox.stamp(reference, "unknown there", invoice_id=None, payment_id=reference.payment_id)
        return "unknown there"
