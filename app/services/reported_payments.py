"""Money that reached a service itself: it has booked it, and here it stands outside (eis.md 8.5)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from app.domain.money import Money
from app.models.payment import Payment
from app.services import notices
from app.services.settlement import settle

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.models.invoice import Invoice
    from app.services.timeline import Actor


def settle_reported(tx: Session, invoice: Invoice, actor: Actor, *, account: str, by: str) -> None:
    """Settle a locked invoice with what is still open of it; `by` says in its reference how we heard of it."""
    due = Money(invoice.open_minor, invoice.currency)
    payment = Payment(
        tenant_id=invoice.tenant_id,
        public_token=secrets.token_urlsafe(16),
        invoice_id=invoice.id,
        initiator_id=invoice.initiator_id,
        method="reported",
        gateway="service",
        account=account,
        status="created",
        amount_minor=due.minor,
        currency=due.currency,
        external_id=f"{by}:{invoice.number}:{invoice.version}",
    )
    tx.add(payment)
    tx.flush()
    settle(payment, invoice, due, initiator=notices.initiator_code(invoice.initiator_id), actor=actor)
