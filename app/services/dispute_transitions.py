"""An open dispute: what it holds back, how it moves, and its end without a verdict (other-systems.md 7.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.dispute import EDGES, OPEN, DisputeStatus
from app.domain.errors import Conflict
from app.domain.money import Money, format_amount
from app.models.dispute import Dispute
from app.services import reviews, timeline
from app.services.gateway_events import DISPUTE_REPORTED
from app.services.invoice_status import lock, recompute
from app.uow import session

if TYPE_CHECKING:
    from app.services.timeline import Actor

# Questions that are answered by the end of the dispute they are about.
ABOUT_OPEN = ("dispute.deadline", "dispute.ended", DISPUTE_REPORTED)


class DisputeRefused(Conflict):
    """The dispute cannot go this way."""


def open_dispute_of(payment_id: int) -> Dispute | None:
    """Return the payment's dispute that has not ended, if there is one; the payment is locked, and it with it."""
    return (
        session()
        .scalars(
            select(Dispute)
            .where(Dispute.payment_id == payment_id, Dispute.status.in_(sorted(OPEN)))
            .execution_options(populate_existing=True)
        )
        .one_or_none()
    )


def move(dispute: Dispute, to: DisputeStatus, *, outcome: str | None = None, by: Actor | None = None) -> None:
    """Move a dispute along its edges, and answer what people were asked about it. Raises DisputeRefused."""
    if (DisputeStatus(dispute.status), to) not in EDGES:
        raise DisputeRefused(f"Dispute {dispute.id} is {dispute.status}: it cannot become {to}")
    dispute.status = to
    dispute.outcome = outcome or dispute.outcome
    if to not in OPEN:
        dispute.closed_at = datetime.now(UTC)
        dispute.closed_by = f"{by.kind}:{by.name}" if by else None
        reviews.answer_about(dispute.payment_id, *ABOUT_OPEN, by=dispute.closed_by or "system", resolution=str(to))
    session().flush()


def protest(dispute: Dispute, minor: int) -> None:
    """Put so much of the invoice into protest, or with a negative amount take it out."""
    if not minor:
        return
    invoice = lock(session(), dispute.invoice_id)
    invoice.disputed_minor += minor
    recompute(invoice)


def end_without_loss(dispute: Dispute, actor: Actor, outcome: str) -> None:
    """End an open dispute that takes nothing."""
    move(dispute, DisputeStatus.CLOSED, outcome=outcome, by=actor)
    protest(dispute, -dispute.invoice_minor)
    tell("dispute.closed", dispute, actor, reason=outcome)


def tell(kind: str, dispute: Dispute, actor: Actor, *, reason: str | None = None) -> None:
    """Write on the timeline what became of a dispute, and so tell the service of it."""
    timeline.record(
        kind,
        actor=actor,
        invoice_id=dispute.invoice_id,
        payment_id=dispute.payment_id,
        reason=reason,
        data=_said(dispute),
        tenant_id=dispute.tenant_id,
    )


def _said(dispute: Dispute) -> dict[str, object]:
    amount = Money(dispute.amount_minor, dispute.currency)
    return {"dispute": dispute.id, "amount": format_amount(amount), "currency": amount.currency}


def amount_of(dispute: Dispute) -> str:
    """Return the disputed amount in words of a sentence."""
    return f"{format_amount(Money(dispute.amount_minor, dispute.currency))} {dispute.currency}"
