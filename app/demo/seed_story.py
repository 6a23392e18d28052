"""One invented invoice and all that happened to it: who owes how much for what, who tried to pay, what is true now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.domain.dispute import DisputeStatus
from app.domain.invoice import InvoiceFacts, InvoiceStatus, derive_status
from app.domain.payment import ACTIVE, PaymentStatus

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(slots=True)
class Payer:
    """Somebody who gets invoices of one service; `reference` is empty where the service uses none."""

    account_id: int
    code: str
    name: str
    email: str
    reference: str
    taxed: bool


@dataclass(slots=True)
class Line:
    """One line of an invoice; amounts in minor units, the rate in percent."""

    description: str
    quantity: int
    price: int
    rate: int | None

    @property
    def net(self) -> int:
        """Return the amount before tax."""
        return self.quantity * self.price

    @property
    def tax(self) -> int:
        """Return the tax, rounded half up."""
        return (self.net * (self.rate or 0) + 50) // 100


@dataclass(slots=True)
class Try:
    """One try to pay; amounts in minor units."""

    method: str
    gateway: str
    status: PaymentStatus
    amount: int
    began: datetime
    ended: datetime
    attempt: int
    state: str
    gateway_method: str | None
    external_id: str
    token: str
    id: int = 0
    captured: int = 0
    allocated: int = 0
    refunded: int = 0

    @property
    def is_hosted(self) -> bool:
        """Return whether the gateway told us of it."""
        return self.gateway == "everypay"


@dataclass(slots=True)
class Story:
    """One invoice and all that happened to it."""

    number: int
    payer: Payer
    created_at: datetime
    token: str
    id: int = 0
    lines: list[Line] = field(default_factory=list)
    tries: list[Try] = field(default_factory=list)
    issued: bool = True
    total: int = 0
    error: str | None = None
    dispute: DisputeStatus | None = None
    dispute_id: int = 0
    answered_at: datetime | None = None
    verdict_at: datetime | None = None
    paid_at: datetime | None = None
    overdue_at: datetime | None = None
    cancelled_at: datetime | None = None
    written_off_at: datetime | None = None
    gone_at: datetime | None = None

    @property
    def captured(self) -> int:
        """Return what payments gave to the invoice."""
        return sum(each.allocated for each in self.tries)

    @property
    def refunded(self) -> int:
        """Return what went back."""
        return sum(each.refunded for each in self.tries)

    @property
    def disputed(self) -> int:
        """Return what an open dispute holds back."""
        return self.captured if self.dispute == DisputeStatus.UNDER_REVIEW else 0

    @property
    def lost(self) -> int:
        """Return what a lost dispute took."""
        return self.captured if self.dispute == DisputeStatus.LOST else 0

    def status(self) -> InvoiceStatus:
        """Return the status that follows from the facts, by the one rule for it."""
        return derive_status(
            InvoiceFacts(
                issued=self.issued,
                cancelled=self.cancelled_at is not None,
                written_off=self.written_off_at is not None,
                open_dispute=self.disputed > 0,
                ever_paid=self.paid_at is not None,
                total_minor=self.total,
                captured_minor=self.captured,
                refunded_minor=self.refunded,
                lost_minor=self.lost,
                has_active_payment=any(each.status in ACTIVE for each in self.tries),
                last_charge_failed=self.error is not None,
                overdue=self.overdue_at is not None,
            )
        )
