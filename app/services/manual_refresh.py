"""Asking by hand for the ordinary look at a payment: a hint like a callback, nothing more (reliability.md 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import NotFound, Outcome, ProviderFailure
from app.models.base import DEFAULT_TENANT
from app.models.inbox import InboxMessage
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.models.payment import GatewayReference, Payment
from app.queries.consequences import of_this_transaction
from app.services import timeline
from app.services.refresh import begin, look_again, take_over
from app.services.rehearsals import undone
from app.uow import retried, session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.payment import ObservedState
    from app.domain.ports import HostedGateway
    from app.queries.consequences import Message
    from app.services.refresh import Look
    from app.services.timeline import Actor


class Standing(NamedTuple):
    """A payment and its invoice as they stand; a payment nobody knows here has no status. Minor units."""

    payment: str = ""
    captured_minor: int = 0
    currency: str = ""
    number: int | None = None
    invoice: str | None = None


class LookRehearsal(NamedTuple):
    """What the gateway says now, how things stand, how they would, and what would be told (kind and lane)."""

    there: ObservedState
    before: Standing
    after: Standing
    messages: tuple[Message, ...]


@retried
def ask_about_message(message_id: int, *, by: Actor, reason: str | None = None) -> None:
    """Owe a look at what a message is about; the message itself is believed as little as before. Raises NotFound."""
    with transaction() as tx:
        message = tx.get(InboxMessage, message_id)
        if message is None or message.external_id is None:
            raise NotFound("message", message_id)
        ask(message.source, message.external_id, by=by, reason=reason, tenant_id=message.tenant_id)


def rehearse(message_id: int, gateway: HostedGateway, poll_ladder_s: Sequence[int]) -> LookRehearsal | None:
    """Ask the gateway and return what a look would change, writing nothing; None when it never heard of the payment.

    Raises NotFound, ProviderFailure.
    """
    with transaction() as tx:
        message = tx.get(InboxMessage, message_id)
        if message is None or message.external_id is None:
            raise NotFound("message", message_id)
        known = select(GatewayReference.id).where(
            GatewayReference.tenant_id == message.tenant_id,
            GatewayReference.gateway == message.source,
            GatewayReference.external_id == message.external_id,
        )
        reference_id = tx.scalar(known)
        owns = tx.scalars(select(Initiator.id)).all()
    if reference_id is None:
        return None
    look = begin(reference_id)
    try:
        fetched = gateway.fetch_payment(look.external_id)
    except ProviderFailure as failure:
        if failure.outcome is Outcome.REFUSED and failure.permanent:
            return None
        raise

    def looked() -> LookRehearsal:
        before = _standing(gateway.name, look)
        take_over(look, fetched, gateway, poll_ladder_s)
        return LookRehearsal(fetched.state, before, _standing(gateway.name, look), of_this_transaction(owns).messages)

    return undone(looked)


def _standing(gateway: str, look: Look) -> Standing:
    """Return how things stand inside the open transaction."""
    found = (
        session()
        .execute(
            select(Payment.status, Payment.captured_minor, Payment.currency, Invoice.number, Invoice.status)
            .join(Invoice, Invoice.id == Payment.invoice_id, isouter=True)
            .where(
                Payment.tenant_id == look.tenant_id,
                Payment.gateway == gateway,
                Payment.external_id == look.external_id,
            )
        )
        .one_or_none()
    )
    return Standing() if found is None else Standing(*found)


@retried
def ask(
    gateway: str, external_id: str, *, by: Actor, reason: str | None = None, tenant_id: int = DEFAULT_TENANT
) -> None:
    """Owe a look at a gateway's reference, known or not, unless one is owed already."""
    named = {"tenant_id": tenant_id, "gateway": gateway, "external_id": external_id}
    with transaction() as tx:
        payment_id = tx.scalar(select(Payment.id).filter_by(**named).limit(1))
        tx.execute(insert(GatewayReference).values(**named, payment_id=payment_id).on_conflict_do_nothing())
        reference = tx.scalars(
            select(GatewayReference).filter_by(**named).with_for_update().execution_options(populate_existing=True)
        ).one()
        look_again(reference)
        timeline.record(
            "gateway.look.asked",
            actor=by,
            invoice_id=_invoice_of(reference),
            payment_id=reference.payment_id,
            reason=reason,
            data={"gateway": gateway, "reference": external_id},
            tenant_id=tenant_id,
        )


def _invoice_of(reference: GatewayReference) -> int | None:
    with transaction() as tx:
        return tx.scalar(select(Payment.invoice_id).where(Payment.id == reference.payment_id))
