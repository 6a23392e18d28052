"""Telling a service again that an invoice is paid, in the way that counts nothing twice (decisions.md 26)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.bulk_action import FOLLOWS, Skip, Subject, judge
from app.domain.invoice import EIS_WORD, InvoiceStatus
from app.domain.task import TaskKind
from app.models.outbox import OutboxRow
from app.models.payment import Payment
from app.services import notices, outbox, timeline
from app.services.invoice_status import lock
from app.services.notices import PAYMENT_STATUS, SYNCHRONISE
from app.services.status_changes import DONE, Verdict, skipped

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.models.invoice import Invoice
    from app.services.timeline import Actor


def resend(tx: Session, invoice_id: int, key: str, actor: Actor, reason: str) -> Verdict:
    """Owe the news of an invoice once more, in the caller's transaction; the same `key` owes it once."""
    invoice = lock(tx, invoice_id)
    service = notices.initiator_code(invoice.initiator_id)
    why = judge(TaskKind.RESEND, Subject(service, invoice.kind, InvoiceStatus(invoice.status)))
    if why is not None:
        return skipped(why)
    last = _last_notice(tx, invoice)
    if last is not None and last.state in {"pending", "leased"}:
        return skipped(Skip.ABOUT_TO_BE_TOLD)
    if last is not None and last.repeatable and invoice.status == InvoiceStatus.PAID:
        _owe(invoice, service, key, PAYMENT_STATUS, last.payload["body"], last.payment_id)
    elif service in FOLLOWS and service in notices.COUNTS_REPEATS:
        payment = _payment(tx, invoice)
        body = notices.synchronise_body(invoice, payment, service, EIS_WORD[InvoiceStatus(invoice.status)])
        _owe(invoice, service, key, SYNCHRONISE, body, payment.id if payment else None)
    else:
        return skipped(Skip.NOT_TOLD_BY_US)
    timeline.record(
        "initiator.notice.again",
        actor=actor,
        invoice_id=invoice.id,
        reason=reason,
        data={"initiator": service},
        tenant_id=invoice.tenant_id,
    )
    return DONE


def _owe(  # noqa: PLR0917 - one row of the outbox
    invoice: Invoice, service: str, key: str, kind: str, body: object, payment_id: int | None
) -> None:
    outbox.post(
        kind,
        key,
        lane=f"initiator:{service}",
        payload={"initiator": service, "body": body},
        invoice_id=invoice.id,
        payment_id=payment_id,
        tenant_id=invoice.tenant_id,
    )


def _last_notice(tx: Session, invoice: Invoice) -> OutboxRow | None:
    found = select(OutboxRow).where(OutboxRow.invoice_id == invoice.id, OutboxRow.kind == PAYMENT_STATUS)
    return tx.scalars(found.order_by(OutboxRow.id.desc()).limit(1)).one_or_none()


def _payment(tx: Session, invoice: Invoice) -> Payment | None:
    found = select(Payment).where(Payment.invoice_id == invoice.id, Payment.completed_at.is_not(None))
    return tx.scalars(found.order_by(Payment.completed_at.desc(), Payment.id.desc()).limit(1)).one_or_none()
