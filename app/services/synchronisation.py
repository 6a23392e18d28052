"""Sending an invoice to its initiator again, with the status it should have there (eis.md 5.13, 8.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.domain.errors import Conflict, Invalid, NotFound, Outcome, ProviderFailure
from app.domain.invoice import EIS_WORD, InvoiceStatus
from app.models.invoice import Invoice
from app.models.payment import Payment
from app.services import notices, timeline
from app.services.timeline import Actor
from app.uow import transaction

if TYPE_CHECKING:
    from app.domain.ports import Answer, InitiatorClient
    from app.services.initiators import Caller

# Services with an endpoint for it (eis.md 10.2.7).
TAKES = {"registry", "auction"}


class NotTaken(Conflict):
    """The initiator does not take this status for this invoice."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is sent, and about which rows."""

    tenant_id: int
    invoice_id: int
    payment_id: int | None
    initiator: str
    body: dict[str, Any]


def synchronise(caller: Caller, invoice_id: int, status: str, initiators: InitiatorClient) -> None:
    """Tell the initiator of this invoice to take the status; the invoice here is not changed.

    `status` is one of the six words. Raises NotFound, Invalid for no such word, NotTaken when the initiator refuses or
    has no address for it, ProviderFailure when it does not answer: a repeat does no harm there (decisions.md 26).
    """
    said = _prepare(caller, invoice_id, status)
    try:
        answer = initiators.synchronise(said.initiator, said.body)
    except ProviderFailure as failure:
        _record_failure(said, failure, caller)
        if failure.outcome is Outcome.REFUSED and failure.permanent:
            raise NotTaken(failure.detail) from failure
        raise
    _record_answer(said, answer, caller)


def _prepare(caller: Caller, invoice_id: int, status: str) -> Said:
    if status not in EIS_WORD.values():
        raise Invalid.field("status", f"must be one of: {', '.join(sorted(set(EIS_WORD.values())))}")
    with transaction() as tx:
        found = select(Invoice).where(Invoice.id == invoice_id, Invoice.initiator_id.in_(caller.owns))
        invoice = tx.scalars(found).one_or_none()
        if invoice is None:
            raise NotFound("invoice", invoice_id)
        initiator = notices.initiator_code(invoice.initiator_id)
        if initiator not in TAKES:
            raise NotTaken("Synchronization for this service not working at the moment!")
        if status == EIS_WORD[InvoiceStatus.OVERDUE]:
            raise NotTaken("You can not change to this status!")
        payment = tx.scalars(
            select(Payment)
            .where(Payment.invoice_id == invoice.id, Payment.external_id.is_not(None))
            .order_by(Payment.completed_at.desc().nulls_last(), Payment.id.desc())
            .limit(1)
        ).one_or_none()
        body = notices.synchronise_body(invoice, payment, initiator, status)
        return Said(invoice.tenant_id, invoice.id, payment.id if payment else None, initiator, body)


def _record_answer(said: Said, answer: Answer, caller: Caller) -> None:
    with transaction():
        timeline.record(
            "initiator.notified",
            actor=Actor("initiator", caller.code),
            invoice_id=said.invoice_id,
            payment_id=said.payment_id,
            data={
                "initiator": said.initiator,
                "kind": notices.SYNCHRONISE,
                "said": said.body["status"],
                "status": answer.status,
                "ms": answer.elapsed_ms,
            },
            tenant_id=said.tenant_id,
        )


def _record_failure(said: Said, failure: ProviderFailure, caller: Caller) -> None:
    refused = failure.outcome is Outcome.REFUSED and failure.permanent
    with transaction():
        timeline.record(
            "initiator.refused" if refused else "initiator.notice.unknown",
            actor=Actor("initiator", caller.code),
            invoice_id=said.invoice_id,
            payment_id=said.payment_id,
            reason=failure.detail[:200],
            data={
                "initiator": said.initiator,
                "kind": notices.SYNCHRONISE,
                "said": said.body["status"],
                "status": failure.status,
            },
            tenant_id=said.tenant_id,
        )
