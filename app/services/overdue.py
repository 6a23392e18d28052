"""Invoices nobody paid by their day are overdue, also when nothing else touches them (other-systems.md 7.1)."""

from __future__ import annotations

import time

from sqlalchemy import Text, literal, select

from app.domain.invoice import InvoiceStatus
from app.models.invoice import Invoice
from app.queries.invoice_filter import today_of
from app.services import timeline
from app.services.batch_jobs import BatchJob
from app.services.invoice_status import lock, recompute
from app.uow import retried, transaction

JOB = BatchJob("mark_overdue_invoices", Invoice)
PASS_LIMIT = 500
JOB_S = 20.0


def mark() -> int:
    """Let the status of unpaid invoices follow from their day, the longest overdue first; return how many changed.

    Part after part until none is left or the time is up: thousands may have had the same last day.
    """
    ends_at = time.monotonic() + JOB_S
    marked = 0
    while part := _mark_some():
        marked += part
        if time.monotonic() >= ends_at:
            break
    return marked


def _mark_some() -> int:
    # Written into the statement: a prepared one with a parameter could not use the partial index.
    unpaid = Invoice.status == literal(str(InvoiceStatus.UNPAID), Text, literal_execute=True)
    with transaction() as tx:
        late = (
            select(Invoice.id)
            .where(unpaid, Invoice.due_on < today_of(), Invoice.id.not_in(JOB.resting()))
            .order_by(Invoice.due_on, Invoice.id)
            .limit(PASS_LIMIT)
        )
        ids = tx.scalars(late).all()
    return JOB.each(ids, _mark)


@retried
def _mark(invoice_id: int) -> bool:
    with transaction() as tx:
        invoice = lock(tx, invoice_id)
        if invoice.status != InvoiceStatus.UNPAID or recompute(invoice) is not InvoiceStatus.OVERDUE:
            return False
        timeline.record("invoice.overdue", invoice_id=invoice_id, tenant_id=invoice.tenant_id)
        return True
