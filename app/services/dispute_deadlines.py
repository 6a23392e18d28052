"""Evidence for a dispute is due on a day: a person is asked for it, and the service told, before that (7.3)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.dispute import DisputeStatus, warnings_due
from app.models.dispute import Dispute
from app.queries.invoice_filter import today_of
from app.services import reviews
from app.services.batch_jobs import BatchJob
from app.services.dispute_transitions import amount_of, tell
from app.services.timeline import SYSTEM
from app.uow import transaction

if TYPE_CHECKING:
    from datetime import date

JOB = BatchJob("warn_of_dispute_deadlines", Dispute)


def warn(today: date | None = None) -> int:
    """Ask for evidence that was not handed in yet, three days and one day before its deadline; return of how many."""
    day = today or today_of()
    with transaction() as tx:
        still_open = Dispute.status == DisputeStatus.OPENED, Dispute.evidence_due_on.is_not(None)
        ids = tx.scalars(select(Dispute.id).where(*still_open, Dispute.id.not_in(JOB.resting()))).all()
    return JOB.each(ids, partial(_warn, day))


def _warn(day: date, dispute_id: int) -> int:
    with transaction() as tx:
        return _warn_of(tx.get_one(Dispute, dispute_id, populate_existing=True), day)


def _warn_of(dispute: Dispute, day: date) -> int:
    if dispute.status != DisputeStatus.OPENED or dispute.evidence_due_on is None:
        return 0
    asked = 0
    for days in warnings_due(dispute.evidence_due_on, day):
        sentence = f"Evidence for a dispute of {amount_of(dispute)} is due on {dispute.evidence_due_on:%d.%m.%Y}"
        if reviews.ask(
            "dispute.deadline",
            f"dispute:{dispute.id}:{days}",
            sentence,
            invoice_id=dispute.invoice_id,
            payment_id=dispute.payment_id,
            tenant_id=dispute.tenant_id,
        ):
            tell("dispute.deadline", dispute, SYSTEM, reason=sentence)
            asked += 1
    return asked
