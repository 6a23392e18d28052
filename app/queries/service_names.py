"""What the services are called that ask us for invoices."""

from __future__ import annotations

from sqlalchemy import select

from app.models.base import DEFAULT_TENANT
from app.models.initiator import Initiator
from app.queries.session import session


def all_names() -> dict[str, str]:
    """Return the name of each service by its code."""
    rows = session().execute(select(Initiator.code, Initiator.name).where(Initiator.tenant_id == DEFAULT_TENANT))
    return {row.code: row.name for row in rows}
