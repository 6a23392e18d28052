"""Invoices by their numbers, as the service they belong to names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.models.initiator import Initiator
from app.models.invoice import Invoice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement


def numbered(owns: Sequence[int], *numbers: int) -> tuple[ColumnElement[bool], ...]:
    """Return what is asked of the invoices of these initiators, all of one tenant, with these numbers.

    Their index begins with the tenant: before version 18 PostgreSQL goes through all of it where none is named.
    """
    tenant = select(Initiator.tenant_id).where(Initiator.id.in_(owns)).limit(1).scalar_subquery()
    number = Invoice.number == numbers[0] if len(numbers) == 1 else Invoice.number.in_(numbers)
    return Invoice.tenant_id == tenant, number, Invoice.initiator_id.in_(owns)
