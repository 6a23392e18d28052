"""What of an invoice may be given back and how, said before anybody asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.errors import NotFound
from app.domain.payment import RECEIVED
from app.domain.refund import is_bank_link
from app.models.base import DEFAULT_TENANT
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.models.payment import Payment
from app.models.refund import Refund
from app.models.settlement import Allocation
from app.services.money_held import refundable
from app.services.notices import HEARS_OF_REFUNDS
from app.services.refunds import HOSTED, second_person
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.refund import Refundable
    from app.services.refunds import SecondPerson
    from app.services.timeline import Actor


# The gateway cannot give it back; a bank transfer can.
BANK_LINK = "bank_link"


@dataclass(frozen=True, slots=True)
class Part:
    """What an invoice took of one payment; `obstacle` is why none of it can go back: a code, None when it can."""

    payment: Payment
    taken_minor: int
    of: Refundable
    second_person: SecondPerson
    obstacle: str | None

    @property
    def gone_minor(self) -> int:
        """Return what has gone back or was lost, in minor units."""
        return self.taken_minor - self.of.captured_minor


@dataclass(frozen=True, slots=True)
class RefundOffer:
    """An invoice with what may go back of it, the refunds it has had, and whether its service has an ear for them."""

    invoice: Invoice
    service: str
    is_told: bool
    parts: tuple[Part, ...]
    refunds: Sequence[Refund]

    @property
    def possible(self) -> list[Part]:
        """Return the parts of which something can go back."""
        return [part for part in self.parts if part.obstacle is None]

    def part(self, payment_id: int | None) -> Part | None:
        """Return the part of this payment, if something of it can go back."""
        return next((part for part in self.possible if part.payment.id == payment_id), None)

    @property
    def returnable(self) -> list[Part]:
        """Return the parts of which something may have gone back by a bank transfer of our own: bank links, too."""
        return [part for part in self.parts if part.obstacle in {None, BANK_LINK} and part.of.left_minor > 0]

    def returnable_part(self, payment_id: int | None) -> Part | None:
        """Return the part of this payment, if something of it may have gone back by transfer."""
        return next((part for part in self.returnable if part.payment.id == payment_id), None)

    def asked_by(self, key: str) -> Refund | None:
        """Return the refund that was asked for under this key."""
        return next((each for each in self.refunds if each.idempotency_key == key), None)


def offer(number: int, actor: Actor, tenant_id: int = DEFAULT_TENANT) -> RefundOffer:
    """Return what may go back of an invoice when this person asks for it. Raises NotFound."""
    with transaction() as tx:
        invoice = tx.scalars(
            select(Invoice)
            .where(Invoice.tenant_id == tenant_id, Invoice.number == number)
            .execution_options(populate_existing=True)
        ).one_or_none()
        if invoice is None:
            raise NotFound("invoice", number)
        taken = tx.execute(
            select(Payment, Allocation.amount_minor)
            .join(Allocation, Allocation.payment_id == Payment.id)
            .where(Allocation.invoice_id == invoice.id, Allocation.reversed_at.is_(None))
            .order_by(Payment.id)
            .execution_options(populate_existing=True)
        ).all()
        asked = tx.scalars(select(Refund).where(Refund.invoice_id == invoice.id).order_by(Refund.id)).all()
        parts = tuple(_part(payment, invoice.id, minor, actor) for payment, minor in taken)
        service = tx.get_one(Initiator, invoice.initiator_id)
        is_told = service.code in HEARS_OF_REFUNDS
        return RefundOffer(invoice, service.name or service.code, is_told, parts, asked)


def _part(payment: Payment, invoice_id: int, taken_minor: int, actor: Actor) -> Part:
    of = refundable(payment, invoice_id, datetime.now(UTC))
    return Part(payment, taken_minor, of, second_person(payment, of, actor), _obstacle(payment, of))


def _obstacle(payment: Payment, of: Refundable) -> str | None:
    if payment.method not in HOSTED or payment.external_id is None:
        return "method"
    if of.captured_minor <= 0 or payment.status not in RECEIVED:
        return "gone"
    if is_bank_link(payment.gateway_method):
        return BANK_LINK
    if of.left_minor <= 0:
        return "disputed" if of.disputed_minor else "reserved"
    return None
