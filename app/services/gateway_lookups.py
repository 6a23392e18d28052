"""Looking a payment up at the gateway: nothing changes, and it is written down that somebody looked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.errors import ProviderFailure
from app.models.base import DEFAULT_TENANT
from app.models.invoice import Invoice
from app.models.payment import Payment
from app.services import timeline
from app.uow import transaction

if TYPE_CHECKING:
    from app.domain.ports import FetchedPayment, HostedGateway
    from app.services.timeline import Actor


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the gateway says under a reference, or why it says nothing, and what we hold under the same."""

    reference: str
    fetched: FetchedPayment | None
    failure: ProviderFailure | None
    payment: Payment | None
    invoice: Invoice | None


def look_up(reference: str, gateway: HostedGateway, *, by: Actor) -> Lookup:
    """Return what the gateway says beside what we hold. Raises Invalid for what is no reference.

    The line that somebody looked is committed before the gateway is asked, so that no transaction is open meanwhile
    and a look that found nothing is known of, too.
    """
    payment, invoice = _note(reference, gateway, by)
    try:
        return Lookup(reference, gateway.fetch_payment(reference), None, payment, invoice)
    except ProviderFailure as failure:
        return Lookup(reference, None, failure, payment, invoice)


def _note(reference: str, gateway: HostedGateway, by: Actor) -> tuple[Payment | None, Invoice | None]:
    with transaction() as tx:
        payment = tx.scalars(
            select(Payment)
            .where(
                Payment.tenant_id == DEFAULT_TENANT, Payment.gateway == gateway.name, Payment.external_id == reference
            )
            .limit(1)
        ).one_or_none()
        invoice = None if payment is None or payment.invoice_id is None else tx.get(Invoice, payment.invoice_id)
        timeline.record(
            "gateway.payment.looked_up",
            actor=by,
            invoice_id=invoice.id if invoice else None,
            payment_id=payment.id if payment else None,
            data={"gateway": gateway.name, "reference": reference},
            tenant_id=payment.tenant_id if payment else DEFAULT_TENANT,
        )
        return payment, invoice
