"""Paying a deposit: one invoice per user and domain, however often the button is pressed (eis.md 5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from app.domain.deposit import parse
from app.domain.errors import Invalid
from app.domain.invoice import InvoiceStatus, is_payable
from app.models.deposit import Deposit
from app.models.invoice import DEPOSIT
from app.services.cancellation import cancel, hindrance
from app.services.invoice_status import lock
from app.services.numbered_invoices import NewInvoice, issue, owner_id
from app.services.payments import OneOff
from app.services.timeline import Actor
from app.uow import retried, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.domain.deposit import DepositOf
    from app.domain.money import Money
    from app.models.invoice import Invoice
    from app.services.initiators import Caller

# The one service with an endpoint that understands the news of a deposit (eis.md 10.2.3).
TAKES_DEPOSITS = "auction"
TURN = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True, slots=True)
class DepositPayment:
    """What the auction asks for: let this user deposit `amount` for this domain (eis.md 5.4)."""

    initiator_code: str
    description: str
    amount: Money
    customer_url: str
    reference_number: str = ""


def prepare(caller: Caller, command: DepositPayment) -> OneOff:
    """Return the payment to start: of the user's open deposit for the domain, made now if there is none.

    Raises Invalid naming the field, NumberRangeExhausted.
    """
    owner = owner_id(caller, command.initiator_code)
    if command.initiator_code != TAKES_DEPOSITS:
        raise Invalid.field("custom_field2", f"must be {TAKES_DEPOSITS}: no other service hears of deposits")
    if command.amount.minor <= 0:
        raise Invalid.field("transaction_amount", "must be above 0")
    number = _open(caller, owner, command, parse(command.description))
    return OneOff(number, command.customer_url, reference_number=command.reference_number)


@retried
def _open(caller: Caller, owner: int, command: DepositPayment, of: DepositOf) -> int:
    with transaction() as tx:
        # Two clicks at once are one deposit.
        tx.execute(TURN, {"name": f"deposit:{owner}:{of.domain}:{of.user_uuid}"})
        standing = tx.execute(
            select(Deposit.id, Deposit.invoice_id).where(
                Deposit.initiator_id == owner,
                Deposit.domain == of.domain,
                Deposit.user_uuid == of.user_uuid,
                Deposit.closed_at.is_(None),
            )
        ).one_or_none()
        if standing is not None:
            invoice = lock(tx, standing.invoice_id)
            deposit = tx.get_one(Deposit, standing.id, populate_existing=True)
            if deposit.closed_at is None and _is_for(invoice, command.amount):
                deposit.user_email = of.user_email
                return invoice.number or 0
            _close(tx, deposit, invoice, Actor("initiator", caller.code))
        return _begin(tx, caller, command, of)


def _is_for(invoice: Invoice, amount: Money) -> bool:
    asks_for = (invoice.open_minor, invoice.currency)
    return is_payable(InvoiceStatus(invoice.status)) and asks_for == (amount.minor, amount.currency)


def _close(tx: Session, deposit: Deposit, invoice: Invoice, actor: Actor) -> None:
    """End a deposit nobody will pay any more. Raises Invalid when its old amount is being paid at this moment."""
    if is_payable(InvoiceStatus(invoice.status)):
        if hindrance(tx, invoice):
            sentence = f"differs from that of deposit {invoice.number}, which {hindrance(tx, invoice)}"
            raise Invalid.field("transaction_amount", sentence)
        cancel(tx, invoice, actor, "replaced by a deposit of another amount")
    if deposit.closed_at is None:
        deposit.closed_at = datetime.now(UTC)
        tx.flush()


def _begin(tx: Session, caller: Caller, command: DepositPayment, of: DepositOf) -> int:
    told = {"domain": of.domain, "user": of.user_uuid}
    new = NewInvoice(command.initiator_code, DEPOSIT, command.amount, str(of), command.reference_number, told)
    invoice = issue(tx, caller, new)
    tx.add(
        Deposit(
            tenant_id=invoice.tenant_id,
            initiator_id=invoice.initiator_id,
            invoice_id=invoice.id,
            domain=of.domain,
            user_uuid=of.user_uuid,
            user_email=of.user_email,
        )
    )
    tx.flush()
    return invoice.number or 0
