"""Why is this not paid? The facts that answer it, in four questions whatever the invoice's past."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, tuple_

from app.domain.invoice import InvoiceStatus
from app.domain.money import Money
from app.domain.payment import PaymentStatus
from app.domain.why_not_paid import Explanation, Facts, Notice, Question, Try, explain
from app.models.base import DEFAULT_TENANT
from app.models.lane import Lane
from app.models.outbox import OutboxRow
from app.models.payment import GatewayReference, Payment
from app.models.review_item import ReviewItem
from app.queries.owned_invoices import payments_of
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.models.invoice import Invoice

# The service's own news of a payment (eis.md 10.2.1); what webhooks owe is told elsewhere.
TOLD_BY = "initiator.payment.notify"
UNDELIVERED = ("pending", "leased", "dead", "held")


def why_not_paid(invoice: Invoice) -> Explanation:
    """Return the first cause that holds, with what to do next, and the causes that do not."""
    payments = payments_of([invoice.id])[invoice.id][::-1]
    return explain(
        Facts(
            status=InvoiceStatus(invoice.status),
            total=Money(invoice.total_minor, invoice.currency),
            due=Money(invoice.open_minor, invoice.currency),
            link=invoice.payment_link,
            paid_at=_utc(invoice.paid_at),
            cancelled_at=_utc(invoice.cancelled_at),
            cancel_reason=invoice.cancel_reason,
            tries=_tries(payments),
            questions=_questions(invoice, payments),
            notice=_notice(invoice),
            gateway_rests_until=_rests_until({each.gateway for each in payments}),
        )
    )


def _tries(payments: Sequence[Payment]) -> tuple[Try, ...]:
    unread = set(
        session().scalars(
            select(GatewayReference.payment_id).where(
                GatewayReference.tenant_id == DEFAULT_TENANT,
                tuple_(GatewayReference.gateway, GatewayReference.external_id).in_(
                    [(each.gateway, each.external_id) for each in payments if each.external_id is not None]
                ),
                GatewayReference.dirty_seq > GatewayReference.clean_seq,
            )
        )
    )
    return tuple(
        Try(
            status=PaymentStatus(each.status),
            gateway=each.gateway,
            created_at=each.created_at.astimezone(UTC),
            provider_state=each.provider_state,
            has_reference=each.external_id is not None,
            failure_code=each.failure_code,
            next_check_at=_utc(each.next_check_at),
            expires_at=_utc(each.expires_at),
            unread=each.id in unread,
        )
        for each in payments
    )


def _questions(invoice: Invoice, payments: Sequence[Payment]) -> tuple[Question, ...]:
    rows = session().scalars(
        select(ReviewItem).where(
            ReviewItem.resolved_at.is_(None),
            or_(ReviewItem.invoice_id == invoice.id, ReviewItem.payment_id.in_([each.id for each in payments])),
            or_(ReviewItem.kind.startswith("payment."), ReviewItem.kind.startswith("gateway.")),
        )
    )
    return tuple(Question(each.sentence, each.owner, each.created_at.astimezone(UTC)) for each in rows)


def _notice(invoice: Invoice) -> Notice | None:
    row = (
        session()
        .execute(
            select(OutboxRow, Lane.name)
            .join(Lane, Lane.id == OutboxRow.lane_id)
            .where(OutboxRow.invoice_id == invoice.id, OutboxRow.kind == TOLD_BY, OutboxRow.state.in_(UNDELIVERED))
            .order_by(OutboxRow.id.desc())
            .limit(1)
        )
        .one_or_none()
    )
    if row is None:
        return None
    owed, lane = row
    return Notice(
        to=lane.removeprefix("initiator:"),
        state=owed.state,
        attempts=owed.attempts,
        since=owed.created_at.astimezone(UTC),
        next_try_at=owed.run_at.astimezone(UTC),
        answer_status=owed.answer_status,
    )


def _rests_until(gateways: set[str]) -> datetime | None:
    """Return until when the lane to a gateway rests, because it does not answer."""
    moment = session().scalar(
        select(Lane.paused_until)
        .where(Lane.name.in_(gateways), Lane.paused_until > datetime.now(UTC))
        .order_by(Lane.paused_until)
        .limit(1)
    )
    return _utc(moment)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
