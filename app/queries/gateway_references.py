"""Which of a gateway's references belong to a payment of ours."""

from __future__ import annotations

from sqlalchemy import exists, select

from app.extensions import db
from app.models.base import DEFAULT_TENANT
from app.models.payment import GatewayReference


def is_known(gateway: str, external_id: str) -> bool:
    """Return whether the reference was ever tied to a payment."""
    found = exists().where(
        GatewayReference.tenant_id == DEFAULT_TENANT,
        GatewayReference.gateway == gateway,
        GatewayReference.external_id == external_id,
        GatewayReference.payment_id.is_not(None),
    )
    return bool(db.session.scalar(select(found)))
