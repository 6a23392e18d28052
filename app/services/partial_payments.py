"""Whether an invoice may be paid in parts: its service's own word, else the tenant's, else the installation's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import select

from app.domain.errors import NotFound
from app.models.initiator import Initiator
from app.models.invoice import BULK, DEPOSIT
from app.queries.settings import switch
from app.services import timeline
from app.services.timeline import SYSTEM, Actor
from app.uow import session, transaction

if TYPE_CHECKING:
    from app.config import Settings
    from app.models.invoice import Invoice

SETTING = "partial_payments"
# A bulk payment is shared out by what each invoice needs, and a deposit lets nobody in before it is whole.
NEVER = {BULK, DEPOSIT}


def are_allowed(invoice: Invoice) -> bool:
    """Return whether a payer may be sent to pay less than all that is due on this invoice."""
    if invoice.kind in NEVER:
        return False
    own = session().scalar(select(Initiator.partial_payments).where(Initiator.id == invoice.initiator_id))
    if own is not None:
        return own
    of_tenant = switch(SETTING, invoice.tenant_id)
    settings: Settings = current_app.extensions["settings"]
    return settings.partial_payments if of_tenant is None else of_tenant


def allow(code: str, *, allowed: bool | None, actor: Actor = SYSTEM, reason: str | None = None) -> None:
    """Let the invoices of a service be paid in parts, or not; None leaves it to the tenant. Raises NotFound."""
    with transaction() as tx:
        owner = tx.scalars(select(Initiator).where(Initiator.code == code).with_for_update()).one_or_none()
        if owner is None:
            raise NotFound("initiator", code)
        before, owner.partial_payments = owner.partial_payments, allowed
        if before == allowed:
            return
        tx.flush()
        data = {"initiator": code, "before": before, "after": allowed}
        timeline.record(
            "initiator.partial_payments.changed", actor=actor, reason=reason, data=data, tenant_id=owner.tenant_id
        )
