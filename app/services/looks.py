"""Asking by hand for the ordinary look at a payment: a hint like a callback, nothing more (reliability.md 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import NotFound
from app.models.inbox import InboxMessage
from app.models.payment import GatewayReference, Payment
from app.services import timeline
from app.services.refresh import look_again
from app.uow import retried, transaction

if TYPE_CHECKING:
    from app.services.timeline import Actor


@retried
def ask_about_message(message_id: int, *, by: Actor, reason: str | None = None) -> None:
    """Owe a look at what a message is about; the message itself is believed as little as before. Raises NotFound."""
    with transaction() as tx:
        message = tx.get(InboxMessage, message_id)
        if message is None or message.external_id is None:
            raise NotFound("message", message_id)
        ask(message.source, message.external_id, by=by, reason=reason)


@retried
def ask(gateway: str, external_id: str, *, by: Actor, reason: str | None = None) -> None:
    """Owe a look at a gateway's reference, known or not, unless one is owed already."""
    with transaction() as tx:
        payment_id = tx.scalar(
            select(Payment.id).where(Payment.gateway == gateway, Payment.external_id == external_id).limit(1)
        )
        tx.execute(
            insert(GatewayReference)
            .values(gateway=gateway, external_id=external_id, payment_id=payment_id)
            .on_conflict_do_nothing()
        )
        reference = tx.scalars(
            select(GatewayReference)
            .where(GatewayReference.gateway == gateway, GatewayReference.external_id == external_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
        look_again(reference)
        timeline.record(
            "gateway.look.asked",
            actor=by,
            invoice_id=_invoice_of(reference),
            payment_id=reference.payment_id,
            reason=reason,
            data={"gateway": gateway, "reference": external_id},
        )


def _invoice_of(reference: GatewayReference) -> int | None:
    with transaction() as tx:
        return tx.scalar(select(Payment.invoice_id).where(Payment.id == reference.payment_id))
