"""A payment that stays open: how often it is asked about, and how it ends when nobody pays it (reliability.md 3.11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func

from app.domain.payment import ObservedState, PaymentStatus
from app.services import competing_attempts, payment_discrepancies, reviews, timeline
from app.services.invoice_status import recompute
from app.uow import session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.ports import FetchedPayment
    from app.models.invoice import Invoice
    from app.models.payment import Payment

# Whoever has not touched a page for so long has left it: the next payer gets another one.
PAGE_LIVES = timedelta(days=1)
# What has not ended then is a person's; nightly comparisons see what comes later.
ASKED_FOR = timedelta(days=14)
OPEN = {PaymentStatus.PENDING, PaymentStatus.PROCESSING, PaymentStatus.AUTHORIZED}
UNFINISHED = "payment.unfinished"


def end_if_old(payment: Payment, invoice: Invoice, fetched: FetchedPayment) -> bool:
    """Let a page expire that nobody used, and ask about what does not end; returns whether a person was asked.

    Both rows are locked, and the gateway was asked this moment. Money that still comes through an expired page is
    found and booked as any that comes late.
    """
    if payment.status not in OPEN:
        if _is_older(payment, ASKED_FOR):
            by = f"gateway:{payment.gateway}"
            reviews.answer_about(payment.id, UNFINISHED, by=by, resolution=str(payment.status))
        return False
    if fetched.state is ObservedState.INITIAL:
        if _is_older(payment, PAGE_LIVES):
            _expire(payment, invoice)
        return False
    if not _is_older(payment, ASKED_FOR):
        return False
    payment_discrepancies.ask_about(payment, invoice, fetched, UNFINISHED, "this has not ended for two weeks")
    return True


def plan_next_check(payment: Payment, poll_ladder_s: Sequence[int]) -> None:
    """Ask again by itself while the payment is open, ever less often.

    Only the clock climbs the ladder (janitor.py): whatever else makes us look must not make us look more seldom.
    """
    waits = payment.status in OPEN or competing_attempts.is_watched(payment)
    if not waits or _is_older(payment, ASKED_FOR):
        payment.next_check_at = None
        return
    rung = min(payment.checks, len(poll_ladder_s) - 1)
    payment.next_check_at = func.now() + timedelta(seconds=poll_ladder_s[rung])


def _is_older(payment: Payment, age: timedelta) -> bool:
    return payment.created_at < datetime.now(UTC) - age


def _expire(payment: Payment, invoice: Invoice) -> None:
    payment.status = PaymentStatus.EXPIRED
    payment.failure_code = competing_attempts.PAGE_EXPIRED
    payment.version += 1
    session().flush()
    recompute(invoice)
    timeline.record(
        "payment.expired",
        invoice_id=invoice.id,
        payment_id=payment.id,
        reason="nobody used the page for a day",
        tenant_id=payment.tenant_id,
    )
