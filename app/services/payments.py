"""Starting a hosted payment: our row first, then the gateway, then what it answered (house.md 8, story a)."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.domain.errors import Invalid, ProviderFailure
from app.domain.invoice import InvoiceStatus, is_payable
from app.domain.money import Money, format_amount
from app.domain.origin import is_allowed
from app.domain.payment import PaymentStatus
from app.domain.ports import OneOffRequest
from app.models.payment import GatewayReference, Payment
from app.queries.invoice_filter import today_of
from app.services import competing_attempts, open_payment_pages, partial_payments, timeline
from app.services.bulk_members import order_reference_of
from app.services.invoice_status import is_past_due, lock, lock_by_number, recompute
from app.services.open_payment_pages import BeingMade, NotPayable
from app.services.timeline import Actor
from app.uow import retried, session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.domain.ports import CreatedPayment, HostedGateway
    from app.models.invoice import Invoice
    from app.services.initiators import Caller
    from app.services.open_payment_pages import OpenPage

# A payer who comes back within this time gets the same page again instead of a second way to pay (features.md F4).
REUSE = timedelta(minutes=10)
# How long who asks for a page waits for the same one, which somebody else is making.
PATIENCE_S, PAUSE_S = 5.0, 0.1
# An attempt whose answer was lost cannot be asked for without its reference: it is given up after this time.
LOST_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class OneOff:
    """What a service asks for: pay this invoice now and come back to `customer_url` (eis.md 5.2)."""

    number: int
    customer_url: str
    amount: Money | None = None
    reference_number: str = ""


@dataclass(frozen=True, slots=True)
class StartedPayment:
    """Where to send the payer, and whether the invoice's day is over."""

    link: str
    payment_id: int
    overdue: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """A payment row as the steps between transactions need it."""

    payment_id: int
    external_id: str | None
    link: str | None
    overdue: bool
    request: OneOffRequest


def start_one_off(
    caller: Caller,
    command: OneOff,
    gateway: HostedGateway,
    allowed_origins: Sequence[str],
    *,
    plain_http: bool = False,
    poll_ladder_s: Sequence[int] = (60,),
) -> StartedPayment:
    """Make a hosted payment for the balance, or a part of it, and return the page to send the payer to.

    The payer who asks again while the page is untouched gets the same page, and so do two who ask at once. Raises
    NotFound, Invalid, NotPayable for an invoice that is paid, refunded, cancelled (eis.md 14) or being paid at this
    moment, ProviderFailure; after an unknown outcome the attempt stays open, because the gateway may have made the
    payment (reliability.md 3.1, law 6).
    """
    check_return(command.customer_url, allowed_origins, plain_http=plain_http)
    pages = _pages(caller, command, gateway)
    untouched = open_payment_pages.look(pages, gateway, poll_ladder_s)
    looked_at = [page.payment_id for page in pages]
    for last in (False, False, True):
        attempt = _reusable(caller, command, gateway, untouched) or _open_or_join(caller, command, gateway, looked_at)
        if attempt.link:
            return StartedPayment(attempt.link, attempt.payment_id, attempt.overdue)
        try:
            created = gateway.create_payment(attempt.request)
        except ProviderFailure as failure:
            _store_failure(attempt, failure)
            # An opened link has the plain number already; the next attempt has a reference of its own.
            if failure.order_taken and not last:
                continue
            raise
        return _store_link(attempt, created, gateway, poll_ladder_s[0])
    raise AssertionError


def open_one_off(
    caller: Caller,
    command: OneOff,
    gateway: HostedGateway,
    allowed_origins: Sequence[str],
    *,
    plain_http: bool = False,
) -> Attempt:
    """Do all of it that happens before the gateway is called, for a rehearsal. Raises what `start_one_off` raises."""
    check_return(command.customer_url, allowed_origins, plain_http=plain_http)
    return _open(caller, command, gateway, alone=True)


def check_return(customer_url: str, allowed_origins: Sequence[str], *, plain_http: bool = False) -> None:
    """Let the payer return only to a registered origin. Raises Invalid naming `customer_url`."""
    if not is_allowed(customer_url, allowed_origins, plain_http=plain_http):
        raise Invalid.field("customer_url", "this url not supported")


def _pages(caller: Caller, command: OneOff, gateway: HostedGateway) -> list[OpenPage]:
    with transaction() as tx:
        invoice = lock_by_number(tx, caller.owns, command.number)
        _due(invoice, command)
        return open_payment_pages.of(tx, invoice, gateway)


def _reusable(caller: Caller, command: OneOff, gateway: HostedGateway, untouched: Sequence[int]) -> Attempt | None:
    """Return the youngest of these attempts that asks for exactly the same and is young enough to be used again."""
    with transaction() as tx:
        invoice = lock_by_number(tx, caller.owns, command.number)
        due = _due(invoice, command)
        same = open_payment_pages.same(invoice, gateway, due, command.customer_url)
        row = tx.scalars(
            same.where(Payment.id.in_(untouched), Payment.created_at > func.now() - REUSE).limit(1)
        ).one_or_none()
        return None if row is None else _attempt(row, command, due, invoice)


def _open_or_join(caller: Caller, command: OneOff, gateway: HostedGateway, looked_at: Sequence[int]) -> Attempt:
    """Return a new attempt; of two who ask for the same at once the later one gets the page of the other.

    Whose page is not there after a payer's patience may have died: then the answer is as good as lost, and a page of
    one's own is made as after every lost answer.
    """
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        try:
            return _open(caller, command, gateway, looked_at)
        except BeingMade:
            time.sleep(PAUSE_S)
    return _open(caller, command, gateway, looked_at, alone=True)


@retried
def _open(
    caller: Caller,
    command: OneOff,
    gateway: HostedGateway,
    looked_at: Sequence[int] | None = None,
    *,
    alone: bool = False,
) -> Attempt:
    """Return a new attempt; or, when looks were taken, one for the same that somebody else made since then.

    Raises BeingMade while somebody else makes it, unless this one goes `alone`.
    """
    with transaction() as tx:
        invoice = lock_by_number(tx, caller.owns, command.number)
        due = _due(invoice, command)
        open_payment_pages.check_moving(tx, invoice, due)
        if not alone:
            open_payment_pages.check_made(tx, invoice, gateway, due, command.customer_url)
        if looked_at is not None:
            made = open_payment_pages.just_made(tx, invoice, gateway, due, command.customer_url, but=looked_at)
            if made is not None:
                return _attempt(made, command, due, invoice)
        payment = _add_payment(tx, invoice, gateway, due, command.customer_url)
        timeline.record(
            "payment.created",
            actor=Actor("initiator", caller.code),
            invoice_id=invoice.id,
            payment_id=payment.id,
            data={"amount": format_amount(due), "currency": due.currency, "attempt": payment.attempt_no},
            tenant_id=invoice.tenant_id,
        )
        return _attempt(payment, command, due, invoice)


def _add_payment(tx: Session, invoice: Invoice, gateway: HostedGateway, due: Money, customer_url: str) -> Payment:
    """Return the row of the invoice's next attempt; the invoice is locked, so that no two get the same number."""
    attempts = tx.scalar(select(func.count()).where(Payment.invoice_id == invoice.id, Payment.method == "hosted"))
    payment = Payment(
        tenant_id=invoice.tenant_id,
        public_token=secrets.token_urlsafe(16),
        invoice_id=invoice.id,
        initiator_id=invoice.initiator_id,
        method="hosted",
        gateway=gateway.name,
        account=gateway.account,
        amount_minor=due.minor,
        currency=due.currency,
        attempt_no=(attempts or 0) + 1,
        merchant_ref=order_reference_of(invoice, (attempts or 0) + 1),
        customer_url=customer_url,
        sent_at=datetime.now(UTC),
        expires_at=datetime.now(UTC) + LOST_AFTER,
        next_check_at=datetime.now(UTC) + timedelta(minutes=10),
    )
    tx.add(payment)
    tx.flush()
    return payment


def _attempt(payment: Payment, command: OneOff, due: Money, invoice: Invoice) -> Attempt:
    return Attempt(
        payment.id,
        payment.external_id,
        payment.payment_link,
        is_past_due(invoice, today_of()),
        OneOffRequest(
            order_reference=payment.merchant_ref or str(command.number),
            amount=due,
            customer_url=command.customer_url,
            reference_number=command.reference_number,
        ),
    )


def _due(invoice: Invoice, command: OneOff) -> Money:
    """Return what the payer is sent to pay: all that is due, or the part that was asked for where parts are allowed."""
    if not is_payable(InvoiceStatus(invoice.status)):
        raise NotPayable(f"Invoice {invoice.number} is {invoice.status}", code="not_payable", status=invoice.status)
    due = Money(invoice.open_minor, invoice.currency)
    asked = command.amount
    if asked is not None and (asked.currency != due.currency or not 0 < asked.minor <= due.minor):
        raise Invalid.field("amount", f"must be above 0 and at most {format_amount(due)} {due.currency}")
    if asked is not None and asked != due and not partial_payments.are_allowed(invoice):
        raise Invalid.field(
            "amount", f"must be {format_amount(due)} {due.currency}, all that is due: no part payments here"
        )
    return asked or due


@retried
def _store_link(
    attempt: Attempt, created: CreatedPayment, gateway: HostedGateway, first_check_s: int
) -> StartedPayment:
    with transaction() as tx:
        payment = _lock_attempt(attempt)
        if payment.external_id is None:
            payment.external_id = created.external_id
        payment.payment_link = created.payment_link
        if payment.status == PaymentStatus.CREATED:
            payment.status = PaymentStatus.PENDING
            payment.provider_state = created.provider_state
            payment.next_check_at = datetime.now(UTC) + timedelta(seconds=first_check_s)
            payment.expires_at = None
        payment.version += 1
        tx.flush()
        know_reference(payment, gateway.name)
        invoice = lock(tx, payment.invoice_id or 0)
        recompute(invoice)
        timeline.record(
            "payment.link.made",
            actor=Actor("gateway", gateway.name),
            invoice_id=payment.invoice_id,
            payment_id=payment.id,
            data={"reference": created.external_id, "state": created.provider_state},
            tenant_id=payment.tenant_id,
        )
        closed = competing_attempts.is_watched(payment)
    if closed:  # it was paid another way while the gateway made the page
        raise NotPayable(f"Invoice {invoice.number} is {invoice.status}", code="not_payable", status=invoice.status)
    return StartedPayment(created.payment_link, attempt.payment_id, attempt.overdue)


def know_reference(payment: Payment, gateway: str) -> GatewayReference:
    """Return the row that counts the news about this payment's reference, tied to the payment."""
    reference = (
        session()
        .scalars(
            select(GatewayReference).where(
                GatewayReference.tenant_id == payment.tenant_id,
                GatewayReference.gateway == gateway,
                GatewayReference.external_id == payment.external_id,
            )
        )
        .one_or_none()
    )
    if reference is None:
        reference = GatewayReference(
            tenant_id=payment.tenant_id, gateway=gateway, external_id=payment.external_id, payment_id=payment.id
        )
        session().add(reference)
    reference.payment_id = payment.id
    session().flush()
    return reference


def _lock_attempt(attempt: Attempt) -> Payment:
    """Return the attempt's payment, locked after its invoice."""
    invoice_id = session().scalar(select(Payment.invoice_id).where(Payment.id == attempt.payment_id))
    lock(session(), invoice_id or 0)
    return (
        session()
        .scalars(
            select(Payment)
            .where(Payment.id == attempt.payment_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        .one()
    )


@retried
def _store_failure(attempt: Attempt, failure: ProviderFailure) -> None:
    """Keep what is known: refused is failed, what may have been made is processing until the gateway tells us more."""
    with transaction() as tx:
        payment = _lock_attempt(attempt)
        if payment.status != PaymentStatus.CREATED:
            return
        unknown = failure.may_have_been_executed
        payment.status = PaymentStatus.PROCESSING if unknown else PaymentStatus.FAILED
        payment.failure_code = str(failure.code or failure.outcome)
        payment.failure_message = failure.detail[:500]
        payment.version += 1
        payment.next_check_at = payment.next_check_at if unknown else None
        tx.flush()
        recompute(lock(tx, payment.invoice_id or 0))
        timeline.record(
            "payment.unknown" if unknown else "payment.refused",
            actor=Actor("gateway", payment.gateway),
            invoice_id=payment.invoice_id,
            payment_id=payment.id,
            reason=failure.detail[:200],
            data={"code": failure.code, "outcome": failure.outcome},
            tenant_id=payment.tenant_id,
        )
