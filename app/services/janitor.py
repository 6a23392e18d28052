"""Asking by itself: open payments are looked at again until they are final (reliability.md 3.11)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from app.domain.payment import PaymentStatus
from app.models.payment import GatewayReference, Payment
from app.services import timeline
from app.services.batch_jobs import BatchJob
from app.services.invoice_status import lock, recompute
from app.services.refresh import look_again, owe_look
from app.uow import retried, ring_after_commit, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

POLLED = BatchJob("poll_open_payments", GatewayReference)
GIVEN_UP = BatchJob("give_up_lost_attempts", Payment)
WOKEN = BatchJob("wake_stranded_references", GatewayReference)
PASS_LIMIT = 500
DUE = (Payment.next_check_at <= func.now(), Payment.external_id.is_not(None))


def poll_open_payments() -> int:
    """Owe a look at every open payment whose time has come, and return how many.

    Each climbs a step of its ladder. A lost callback heals here: the counter of news is raised as if the gateway had
    called (features.md F1).
    """
    with transaction() as tx:
        ids = tx.scalars(
            select(GatewayReference.id)
            .join(Payment, Payment.id == GatewayReference.payment_id)
            .where(*DUE, GatewayReference.id.not_in(POLLED.resting()))
            .order_by(Payment.next_check_at)
            .limit(PASS_LIMIT)
        ).all()
    return POLLED.together(ids, _poll) if ids else 0


@retried
def _poll(ids: Sequence[int]) -> int:
    with transaction() as tx:
        due = tx.scalars(
            select(GatewayReference)
            .join(Payment, Payment.id == GatewayReference.payment_id)
            .where(*DUE, GatewayReference.id.in_(ids))
            # Both or neither: a look that has the payment wants the reference next, and would wait for us for ever.
            .with_for_update(of=[GatewayReference, Payment], skip_locked=True)
            .execution_options(populate_existing=True)
        ).all()
        for reference in due:
            look_again(reference)
        # The look plans the next check itself; this one only keeps the next pass from asking twice.
        tx.execute(
            text(
                "update payment set next_check_at = now() + interval '5 minutes', checks = checks + 1 "
                "where id = any(:ids)"
            ),
            {"ids": [reference.payment_id for reference in due]},
        )
        if due:
            ring_after_commit()
        return len(due)


def give_up_lost_attempts() -> int:
    """Expire attempts that never got a reference, once the gateway can no longer complete them; return how many."""
    with transaction() as tx:
        lost = tx.scalars(
            select(Payment.id)
            .where(
                Payment.external_id.is_(None),
                Payment.method == "hosted",
                Payment.status.in_([PaymentStatus.CREATED, PaymentStatus.PROCESSING]),
                Payment.expires_at <= func.now(),
                Payment.id.not_in(GIVEN_UP.resting()),
            )
            .order_by(Payment.invoice_id)
            .limit(PASS_LIMIT)
        ).all()
    return GIVEN_UP.each(lost, _expire)


@retried
def _expire(payment_id: int) -> bool:
    with transaction() as tx:
        invoice_id = tx.scalar(select(Payment.invoice_id).where(Payment.id == payment_id)) or 0
        invoice = lock(tx, invoice_id)
        payment = tx.get_one(Payment, payment_id, with_for_update=True, populate_existing=True)
        if payment.external_id is not None or payment.status not in {PaymentStatus.CREATED, PaymentStatus.PROCESSING}:
            return False
        payment.status = PaymentStatus.EXPIRED
        payment.next_check_at = None
        payment.version += 1
        tx.flush()
        recompute(invoice)
        timeline.record(
            "payment.expired",
            invoice_id=invoice_id,
            payment_id=payment_id,
            reason="never confirmed",
            tenant_id=payment.tenant_id,
        )
        return True


def wake_stranded_references(older_than: timedelta = timedelta(minutes=15)) -> int:
    """Owe a look at references with news nobody is looking into; returns how many. A net under the outbox."""
    with transaction() as tx:
        ids = tx.scalars(
            select(GatewayReference.id)
            .where(
                GatewayReference.id.not_in(WOKEN.resting()),
                GatewayReference.dirty_seq > GatewayReference.clean_seq,
                GatewayReference.last_heard_at < func.now() - older_than,
                text(
                    "not exists (select 1 from outbox o where o.kind = 'gateway.payment.refresh' "
                    "and o.state in ('pending', 'leased') "
                    "and (o.payload->>'reference_id')::bigint = gateway_reference.id)"
                ),
            )
            .limit(PASS_LIMIT)
        ).all()
    return WOKEN.together(ids, _wake) if ids else 0


@retried
def _wake(ids: Sequence[int]) -> int:
    with transaction() as tx:
        stranded = tx.scalars(
            select(GatewayReference)
            .where(GatewayReference.id.in_(ids), GatewayReference.dirty_seq > GatewayReference.clean_seq)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).all()
        for reference in stranded:
            reference.dirty_seq += 1
            owe_look(reference)
        return len(stranded)
