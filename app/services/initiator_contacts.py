"""Who at a service is written to when messages to it are given up."""

from __future__ import annotations

from sqlalchemy import select

from app.domain.errors import NotFound
from app.domain.mail import is_address
from app.models.initiator import Initiator
from app.services import timeline
from app.services.timeline import SYSTEM, Actor
from app.uow import transaction


def change(code: str, email: str | None, *, actor: Actor = SYSTEM, reason: str | None = None) -> None:
    """Write to this address from now on; None writes to nobody. Raises NotFound, ValueError for what is no address.

    The history keeps only where the address is, never whose: its chain is for ever (security.md T95).
    """
    if email is not None and not is_address(email):
        raise ValueError("email: must be one plain address")
    with transaction() as tx:
        owner = tx.scalars(select(Initiator).where(Initiator.code == code).with_for_update()).one_or_none()
        if owner is None:
            raise NotFound("initiator", code)
        before, owner.contact_email = owner.contact_email, email
        if before == email:
            return
        tx.flush()
        data = {"initiator": code, "before": _where(before), "after": _where(email)}
        timeline.record("initiator.contact.changed", actor=actor, reason=reason, data=data, tenant_id=owner.tenant_id)


def _where(email: str | None) -> str | None:
    return f"…@{email.rpartition('@')[2]}" if email else None
