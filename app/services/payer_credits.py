"""What payers paid too much: given back, or used for another invoice of the same service (security.md T09, F4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select, text, union_all

from app.domain.errors import Conflict, NotFound
from app.domain.invoice import PAYABLE, InvoiceStatus, is_payable
from app.domain.money import Money, say_amount
from app.domain.refund import is_bank_link
from app.models.base import one_of
from app.models.invoice import BULK, Invoice
from app.models.payment import Payment
from app.models.settlement import Allocation
from app.models.surplus import Surplus
from app.queries.own_numbers import numbered
from app.services import notices, refunds, reviews
from app.services.invoice_status import lock, lock_all_of
from app.services.money_held import reserved_minor, surplus_of
from app.services.settlement import settle_from_credit
from app.uow import retried, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from app.services.refunds import RequestedRefund
    from app.services.timeline import Actor

MOST_OFFERED = 20
PAID_TOO_MUCH = "paid too much"
# Spelled as the predicates of their partial indexes: with parameters the planner could not use them.
OPEN = text(one_of("invoice.status", sorted(PAYABLE)))
REFERRED = text("invoice.reference_number <> ''")


@dataclass(frozen=True, slots=True)
class Target:
    """An open invoice of the same payer, and what it still needs."""

    number: int
    due: Money


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be done with money that is over: what is free of it, and the payer's invoices that could take it.

    `refundable` tells whether it came through a gateway, which alone can give it back, and not by a bank link.
    `on_its_way` waits to go back already.
    """

    surplus_id: int
    payment_id: int
    free: Money
    refundable: bool
    on_its_way: Money
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What an invoice took of it, and whether it is paid now."""

    amount: Money
    invoice_paid: bool


class CreditRefused(Conflict):
    """This credit cannot be used for this invoice."""


def offer(surplus_id: int) -> Offer:
    """Return what may be done with this money. Raises NotFound."""
    with transaction() as tx:
        surplus = tx.get(Surplus, surplus_id, populate_existing=True)
        if surplus is None:
            raise NotFound("surplus", surplus_id)
        payment = tx.get_one(Payment, surplus.payment_id)
        on_its_way = Money(reserved_minor(payment.id, None), surplus.currency)
        return Offer(
            surplus.id,
            payment.id,
            Money(surplus.left_minor, surplus.currency) - on_its_way,
            payment.method in refunds.HOSTED and not is_bank_link(payment.gateway_method),
            on_its_way,
            tuple(_targets(tx, surplus)),
        )


@retried
def apply(
    surplus_id: int, number: int, *, actor: Actor, amount_minor: int | None = None, reason: str | None = None
) -> Applied:
    """Give an open invoice of the same service money that was over: so much, or all it needs and there is.

    Raises NotFound, CreditRefused.
    """
    with transaction() as tx:
        surplus, payment, invoice = _lock(tx, surplus_id, number)
        amount = Money(_checked(tx, surplus, invoice, amount_minor), surplus.currency)
        initiator = notices.initiator_code(invoice.initiator_id)
        surplus.applied_minor += amount.minor
        paid = settle_from_credit(payment, invoice, amount, initiator=initiator, actor=actor, reason=reason)
        if not surplus.left_minor:
            resolution = f"used for invoice {number}"
            reviews.answer("payment.surplus", f"payment:{payment.id}", by=str(actor), resolution=resolution)
        return Applied(amount, paid)


def refund(
    surplus_id: int, *, actor: Actor, key: str, amount_minor: int | None = None, reason: str = PAID_TOO_MUCH
) -> RequestedRefund:
    """Ask for money that was over to go back to the payer. Raises NotFound, and what `refunds.request` raises."""
    with transaction() as tx:
        surplus = tx.get(Surplus, surplus_id)
        if surplus is None:
            raise NotFound("surplus", surplus_id)
        order = refunds.RefundOrder(surplus.payment_id, amount_minor, reason, key, of_credit=True)
    return refunds.request(order, actor=actor)


def _lock(tx: Session, surplus_id: int, number: int) -> tuple[Surplus, Payment, Invoice]:
    """Lock the invoices of both sides in their order, then the payment, then what is over of it. Raises NotFound."""
    surplus = tx.get(Surplus, surplus_id)
    if surplus is None:
        raise NotFound("surplus", surplus_id)
    invoice_id = tx.scalar(select(Invoice.id).where(*numbered([surplus.initiator_id], number)))
    if invoice_id is None:
        raise NotFound("invoice", number)
    lock_all_of(tx, surplus.payment_id, also=invoice_id)
    invoice = lock(tx, invoice_id)
    payment = tx.get_one(Payment, surplus.payment_id, with_for_update=True, populate_existing=True)
    locked = surplus_of(payment.id, locked=True)
    assert locked is not None  # noqa: S101 - nothing is deleted
    return locked, payment, invoice


def _checked(tx: Session, surplus: Surplus, invoice: Invoice, amount_minor: int | None) -> int:
    due = invoice.open_minor
    free = surplus.left_minor - reserved_minor(surplus.payment_id, None)
    if invoice.kind == BULK or not is_payable(InvoiceStatus(invoice.status)) or invoice.currency != surplus.currency:
        raise CreditRefused(f"Invoice {invoice.number} is {invoice.status}: it takes no money", code="not_payable")
    given = tx.scalar(
        select(Allocation.id).where(
            Allocation.payment_id == surplus.payment_id,
            Allocation.invoice_id == invoice.id,
            Allocation.reversed_at.is_(None),
        )
    )
    if given is not None:
        raise CreditRefused(f"Invoice {invoice.number} has money of this payment already", code="given_already")
    amount = min(due, free) if amount_minor is None else amount_minor
    if not 0 < amount <= min(due, free):
        usable, asked = (Money(each, surplus.currency) for each in (max(min(due, free), 0), amount))
        raise CreditRefused(
            f"{say_amount(usable)} can be used, and {say_amount(asked)} was asked for", code="credit_amount"
        )
    return amount


def _targets(tx: Session, surplus: Surplus) -> list[Target]:
    paid_for = tx.get_one(Invoice, surplus.invoice_id)
    same = _same_payer(surplus, paid_for)
    if not same:
        return []
    # One way after the other, each along its index: asked as alternatives every invoice there is would be looked at.
    theirs = union_all(*(select(Invoice.id).where(each, OPEN) for each in same))
    found = tx.scalars(
        select(Invoice)
        .where(
            Invoice.id.in_(theirs),
            Invoice.initiator_id == surplus.initiator_id,
            Invoice.currency == surplus.currency,
            Invoice.kind != BULK,
            Invoice.id != paid_for.id,
        )
        .order_by(Invoice.id)
        .limit(MOST_OFFERED)
    )
    return [Target(each.number or 0, Money(each.open_minor, each.currency)) for each in found]


def _same_payer(surplus: Surplus, paid_for: Invoice) -> Sequence[ColumnElement[bool]]:
    """Return what tells the payer's other invoices: the account, the reference number, the mail address."""
    same: list[ColumnElement[bool]] = []
    if surplus.account_id is not None:
        same.append(Invoice.account_id == surplus.account_id)
    if paid_for.reference_number:
        same.append(and_(Invoice.reference_number == paid_for.reference_number, REFERRED))
    if paid_for.customer_email:
        same.append(func.lower(Invoice.customer_email) == paid_for.customer_email.lower())
    return same
