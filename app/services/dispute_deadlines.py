"""Evidence for a dispute is due on a day: a person is asked for it, and the service told, before that (7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.dispute import DisputeStatus, warnings_due
from app.models.dispute import Dispute
from app.queries.invoice_filter import today_of
from app.services import reviews
from app.services.open_dispute import amount_of, tell
from app.services.timeline import SYSTEM
from app.uow import transaction

if TYPE_CHECKING:
    from datetime import date


def warn(today: date | None = None) -> int:
    """Ask for evidence that was not handed in yet, three days and one day before its deadline; return how often."""
    day = today or today_of()
    with transaction() as tx:
        still_open = select(Dispute).where(Dispute.status == DisputeStatus.OPENED, Dispute.evidence_due_on.is_not(None))
        return sum(_warn_of(dispute, day) for dispute in tx.scalars(still_open).all())


def _warn_of(dispute: Dispute, day: date) -> int:
    assert dispute.evidence_due_on is not None  # noqa: S101 - asked for above
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
