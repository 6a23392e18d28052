"""What a gateway's events say beside the payment's state: anybody may send them, so a person is asked (T16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.domain.dispute import News
from app.domain.payment import PaymentStatus
from app.models.dispute import Dispute
from app.services import reviews
from app.uow import session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.models.payment import Payment

DISPUTE_REPORTED = "dispute.reported"
KINDS = {
    News.DISPUTED: DISPUTE_REPORTED,
    News.TAKEN_BACK: DISPUTE_REPORTED,
    News.DISPUTE_ENDED: "dispute.ended",
    News.FRAUD: "payment.fraud_reported",
    News.REFUND_FAILED: "refund.failed_late",
}
SENTENCES = {
    News.DISPUTED: "the payer disputes this payment: look it up in its portal, open the dispute here with its deadline",
    News.TAKEN_BACK: "the money was taken back, and its own state does not say so: look it up in its portal",
    News.DISPUTE_ENDED: "a dispute ended: look up how in its portal and end it here",
    News.FRAUD: "this payment is fraud: stop what it paid for, and give it back before the bank does",
    News.REFUND_FAILED: "a refund did not reach the payer: look it up in its portal and pay it back by bank transfer",
}


def ask_about(payment: Payment, heard: Mapping[str, News]) -> None:
    """Ask a person about events that no fetched state answers; the payment is locked, after it was looked at."""
    for event, news in heard.items():
        if news is News.UNKNOWN:
            reviews.ask(
                "gateway.event_unknown",
                f"payment:{payment.id}",  # once, however many names somebody makes up
                f"{payment.gateway} sends an event nobody here knows: {event}",
                payment_id=payment.id,
                invoice_id=payment.invoice_id,
                tenant_id=payment.tenant_id,
            )
        elif news in KINDS and not _is_known(payment, news):
            reviews.ask(
                KINDS[news],
                f"payment:{payment.id}:{news}:{_disputes(payment.id)}",
                f"{payment.gateway} reports ({event}): {SENTENCES[news]}",
                payment_id=payment.id,
                invoice_id=payment.invoice_id,
                evidence={"event": event},
                tenant_id=payment.tenant_id,
            )


def _is_known(payment: Payment, news: News) -> bool:
    return news is News.TAKEN_BACK and payment.status == PaymentStatus.CHARGED_BACK


def _disputes(payment_id: int) -> int:
    return session().scalar(select(func.count()).select_from(Dispute).where(Dispute.payment_id == payment_id)) or 0
