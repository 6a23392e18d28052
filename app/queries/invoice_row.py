"""One line of the list of invoices, and what is read for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.domain.invoice import PAYABLE
from app.models.initiator import Initiator
from app.models.invoice import Invoice

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One line of the list."""

    id: int
    number: int | None
    payer: str
    service: str
    reference: str
    status: str
    total_minor: int
    currency: str
    created_at: datetime
    paid_at: datetime | None
    due_on: date | None
    kind: str
    email: str
    description: str
    captured_minor: int
    credited_minor: int

    @property
    def owed_minor(self) -> int | None:
        """Return what is still to come, in minor units; None when nothing is asked any more."""
        return self.total_minor - self.credited_minor - self.captured_minor if self.status in PAYABLE else None


SHOWN = (
    Invoice.id,
    Invoice.number,
    Invoice.customer_name,
    Initiator.code,
    Invoice.reference_number,
    Invoice.status,
    Invoice.total_minor,
    Invoice.currency,
    Invoice.created_at,
    Invoice.paid_at,
    Invoice.due_on,
    Invoice.kind,
    Invoice.customer_email,
    Invoice.description,
    Invoice.captured_minor,
    Invoice.credited_minor,
)
SHOW: Any = select(*SHOWN).join(Initiator, Initiator.id == Invoice.initiator_id)
