"""Letting go of money a card only reserved: nothing was taken, so nothing is given back (eis.md 5.11, 9.1.5)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from app.domain.errors import Conflict, ProviderFailure
from app.domain.payment import ObservedState, PaymentStatus
from app.models.payment import GatewayReference, Payment
from app.services import timeline
from app.services.payments import know_reference
from app.services.refresh import begin, look_again, take_over
from app.services.refunds import lock_payment
from app.services.timeline import SYSTEM
from app.uow import retried, session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.ports import HostedGateway
    from app.services.timeline import Actor

VOID_ASKED = "payment.void.asked"
# A page that was closed here may have been used there all the same.
RESERVING = {PaymentStatus.AUTHORIZED, PaymentStatus.CANCELLED}


class NothingReserved(Conflict):
    """There is no reserved amount to let go of."""


def void(payment_id: int, gateway: HostedGateway, poll_ladder_s: Sequence[int], *, actor: Actor) -> PaymentStatus:
    """Void an authorised payment and return its state as the gateway shows it afterwards.

    A void may be asked for twice: the gateway's state decides, and a look is owed before the request leaves. Raises
    NotFound, NothingReserved for a payment that is not authorised (a taken amount is refunded), ProviderFailure when
    the gateway still shows the amount as reserved: it refused, or the request was lost and is to be sent again.
    """
    reference_id, external_id = _begin(payment_id, actor)
    failed: ProviderFailure | None = None
    try:
        gateway.void_payment(external_id, f"{secrets.randbelow(10**30):030d}")
    except ProviderFailure as failure:
        failed = failure
    look = begin(reference_id)
    fetched = gateway.fetch_payment(look.external_id)
    take_over(look, fetched, gateway, poll_ladder_s)
    if failed is not None and fetched.state is ObservedState.AUTHORIZED:
        raise failed
    return _status(payment_id)


@retried
def _begin(payment_id: int, actor: Actor) -> tuple[int, str]:
    with transaction() as tx:
        payment = lock_payment(tx, payment_id)
        if payment.status not in RESERVING or payment.external_id is None:
            raise NothingReserved(
                f"Payment {payment_id} is {payment.status}: only a reserved amount is voided", code="no_void"
            )
        known = know_reference(payment, payment.gateway)
        reference = tx.get_one(GatewayReference, known.id, with_for_update=True, populate_existing=True)
        look_again(reference)
        timeline.record(
            VOID_ASKED, actor=actor, invoice_id=payment.invoice_id, payment_id=payment.id, tenant_id=payment.tenant_id
        )
        return reference.id, payment.external_id


def _status(payment_id: int) -> PaymentStatus:
    return PaymentStatus(session().get_one(Payment, payment_id, populate_existing=True).status)


def void_needless(payment_id: int, gateway: HostedGateway, poll_ladder_s: Sequence[int]) -> None:
    """Let go of an amount that is not needed any more; one that moved on meanwhile is left alone."""
    try:
        void(payment_id, gateway, poll_ladder_s, actor=SYSTEM)
    except NothingReserved:
        return
