"""Giving everything back of an invoice, at once and as often as asked: `POST refund/auction` (eis.md 5.10, 14)."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, select

from app.domain.errors import Conflict, Outcome, ProviderFailure
from app.domain.invoice import InvoiceStatus
from app.domain.payment import PaymentStatus
from app.domain.refund import RESERVED, RefundNotPossible, RefundStatus, advice
from app.models.event import Event
from app.models.invoice import Invoice
from app.models.payment import GatewayReference, Payment
from app.models.refund import Refund
from app.models.settlement import Allocation
from app.queries.own_numbers import numbered
from app.services import refund_calls, refunds
from app.services.invoice_status import lock_all_of, lock_by_number
from app.services.money_held import held_by
from app.services.refresh import refresh
from app.services.timeline import Actor
from app.services.voids import VOID_ASKED, NothingReserved, void
from app.uow import retried, session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select

    from app.domain.ports import HostedGateway
    from app.services.initiators import Caller

REASON = "asked for by the service"
# Members of one bulk payment are often asked for at once, and the gateway is sent one refund of a payment at a time:
# each waits a moment for the one before it, three seconds at most.
PAUSES_S = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8)


class NeverPaid(Conflict):
    """No money came for this invoice through a gateway"""  # noqa: D415 - the caller's own words follow


class WaitsForApproval(Conflict):
    """The refund waits for a second person to agree."""


class UnderDispute(Conflict):
    """The payer's bank has the money, or asks for it: a refund would pay it twice."""


class StillUnderWay(ProviderFailure):
    """Somebody else sent this very refund a moment ago, and its answer has not come."""

    told = "This refund is under way: it goes on by itself, and asking again tells its end"


class RefusedThere(ProviderFailure):
    """The gateway refused, now or when the refund was sent a moment ago; with its own code and words."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: refunds to see through, and payments whose amount is only reserved."""

    refund_ids: tuple[int, ...]
    authorised_ids: tuple[int, ...]


def refund_invoice(caller: Caller, number: int, gateway: HostedGateway, poll_ladder_s: Sequence[int]) -> None:
    """Return once everything the invoice took has gone back; doing it again finds it done.

    Raises NotFound, NeverPaid, UnderDispute, WaitsForApproval, RefundNotPossible, and ProviderFailure: refused with
    the gateway's code, or not known yet, in which case the refund goes on by itself and a later call finds its end.
    """
    actor = Actor("initiator", caller.code)
    plan = _plan(caller, number, actor)
    if plan.authorised_ids:
        _let_go(plan.authorised_ids, gateway, poll_ladder_s, actor)
        plan = _plan(caller, number, actor, after_void=True)
    for refund_id in plan.refund_ids:
        _see_through(refund_id, gateway, poll_ladder_s)


def _let_go(payment_ids: Sequence[int], gateway: HostedGateway, poll_ladder_s: Sequence[int], actor: Actor) -> None:
    """Void reserved amounts; what was taken meanwhile is not reserved any more and is refunded."""
    for payment_id in payment_ids:
        with suppress(NothingReserved):
            if void(payment_id, gateway, poll_ladder_s, actor=actor) == PaymentStatus.AUTHORIZED:
                raise ProviderFailure(gateway.name, "the void is not to be seen yet", outcome=Outcome.UNKNOWN)


@retried
def _plan(caller: Caller, number: int, actor: Actor, *, after_void: bool = False) -> Plan:
    with transaction() as tx:
        lock_all_of(tx, *tx.scalars(_payment_ids(*numbered(caller.owns, number))))
        invoice = lock_by_number(tx, caller.owns, number)
        if invoice.status in {InvoiceStatus.IN_PROTEST, InvoiceStatus.CHARGEBACK}:
            raise UnderDispute(code="disputed")
        payments = _payments(invoice)
        authorised = tuple(each.id for each in payments if each.status == PaymentStatus.AUTHORIZED)
        taken = [each for each in payments if each.status != PaymentStatus.AUTHORIZED]
        if not taken and not authorised:
            if after_void or invoice.status == InvoiceStatus.REFUNDED or _was_let_go(invoice):
                return Plan((), ())
            raise NeverPaid(code="never_paid")
        return Plan(tuple(key for each in taken for key in _asked(invoice, each, actor)), authorised)


def _was_let_go(invoice: Invoice) -> bool:
    """Return whether an amount that was reserved for this invoice has been voided."""
    cancelled = select(Payment.id).where(Payment.invoice_id == invoice.id, Payment.status == PaymentStatus.CANCELLED)
    asked = exists().where(Event.kind == VOID_ASKED, Event.payment_id.in_(cancelled))
    return bool(session().scalar(select(asked)))


def _payments(invoice: Invoice) -> list[Payment]:
    """Return the payments the invoice still holds money of, and those whose amount is reserved for it."""
    given = _payment_ids(Invoice.id == invoice.id)
    found = session().scalars(
        select(Payment)
        .where(
            Payment.id.in_(given) | ((Payment.invoice_id == invoice.id) & (Payment.status == PaymentStatus.AUTHORIZED))
        )
        .order_by(Payment.id)
    )
    return [each for each in found if each.status == PaymentStatus.AUTHORIZED or held_by(each, invoice.id)]


def _payment_ids(*of: ColumnElement[bool]) -> Select[int]:
    join = Allocation.invoice_id == Invoice.id
    return select(Allocation.payment_id).join(Invoice, join).where(*of, Allocation.reversed_at.is_(None))


def _asked(invoice: Invoice, payment: Payment, actor: Actor) -> list[int]:
    """Return the refunds that are to be seen through: those that were asked for, and one for what is left."""
    mine = select(Refund).where(Refund.payment_id == payment.id, Refund.invoice_id == invoice.id)
    open_ = [each for each in session().scalars(mine.order_by(Refund.id)) if each.status in RESERVED]
    asked = [each.id for each in open_]
    if sum(each.amount_minor for each in open_) < held_by(payment, invoice.id):
        tries = session().scalar(select(func.count()).select_from(mine.subquery()))
        order = refunds.RefundOrder(payment.id, None, REASON, f"whole:{invoice.id}:{tries}", invoice_id=invoice.id)
        asked.append(_request(order, actor))
    return asked


def _request(order: refunds.RefundOrder, actor: Actor) -> int:
    try:
        return refunds.request(order, actor=actor, at_once=True).id
    except RefundNotPossible as fault:
        if fault.code == "refund_method":
            raise NeverPaid(code="never_paid") from fault
        raise


def _see_through(refund_id: int, gateway: HostedGateway, poll_ladder_s: Sequence[int]) -> None:
    status = _sent(refund_id, gateway)
    if status in {RefundStatus.PROCESSING, RefundStatus.UNKNOWN}:
        status = _look(refund_id, gateway, poll_ladder_s)
    if status == RefundStatus.SUCCEEDED:
        return
    if status == RefundStatus.PENDING_APPROVAL:
        raise WaitsForApproval(code="refund_pending_approval")
    refund = session().get_one(Refund, refund_id, populate_existing=True)
    if status == RefundStatus.FAILED:
        code = refund.failure_code or ""
        raise RefusedThere(
            gateway.name,
            refund.failure_message or advice(code),
            outcome=Outcome.REFUSED,
            permanent=True,
            code=int(code) if code.isascii() and code.isdigit() else code,
        )
    kind = StillUnderWay if status == RefundStatus.PROCESSING else ProviderFailure
    raise kind(gateway.name, f"refund {refund_id} is {status}", outcome=Outcome.UNKNOWN)


def _sent(refund_id: int, gateway: HostedGateway) -> RefundStatus:
    """Send it once the refund before it has its answer. Raises ProviderFailure, AnotherUnderWay after three seconds."""
    for pause_s in PAUSES_S:
        try:
            return refund_calls.execute(refund_id, gateway)
        except refund_calls.AnotherUnderWay:
            time.sleep(pause_s)
    return refund_calls.execute(refund_id, gateway)


def _look(refund_id: int, gateway: HostedGateway, poll_ladder_s: Sequence[int]) -> RefundStatus:
    """Look once at the gateway, at once: most lost answers are answers to what was done."""
    with transaction() as tx:
        of_payment = (
            GatewayReference.tenant_id == Payment.tenant_id,
            GatewayReference.gateway == Payment.gateway,
            GatewayReference.external_id == Payment.external_id,
        )
        reference_id = tx.scalars(
            select(GatewayReference.id)
            .join(Payment, and_(*of_payment))
            .join(Refund, Refund.payment_id == Payment.id)
            .where(Refund.id == refund_id)
        ).one()
    refresh(reference_id, gateway, poll_ladder_s)
    return RefundStatus(session().get_one(Refund, refund_id, populate_existing=True).status)
