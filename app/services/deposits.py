"""What is known of deposits: whose, for which domain, and what became of each (eis.md 3.6, 5.5)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.domain.deposit import DepositStatus
from app.domain.money import Money, format_amount
from app.models.deposit import Deposit
from app.uow import session

if TYPE_CHECKING:
    from app.models.invoice import Invoice

AFFILIATION = 1  # the number of auction_deposit in the interface before this one (eis.md 3.1)


def of_invoice(invoice: Invoice) -> Deposit | None:
    """Return the deposit that is paid with this invoice, if it is one."""
    return session().scalars(select(Deposit).where(Deposit.invoice_id == invoice.id)).one_or_none()


def mark_paid(invoice: Invoice) -> None:
    """Note that the deposit's locked invoice is paid: another click is about another deposit."""
    deposit = of_invoice(invoice)
    if deposit is not None:
        set_status(deposit, DepositStatus.PAID)


def set_status(deposit: Deposit, status: DepositStatus) -> None:
    """Note what became of a deposit; one that is paid or returned is never paid for again."""
    now = datetime.now(UTC)
    deposit.status = status
    deposit.updated_at = now
    if status is not DepositStatus.PREPAYMENT and deposit.closed_at is None:
        deposit.closed_at = now
    session().flush()


def news_of(deposit: Deposit, invoice: Invoice) -> dict[str, Any]:
    """Return what the auction is told of a paid deposit (eis.md 10.2.3); the amount is a number, with its cents."""
    return {
        "domain_name": deposit.domain,
        "user_uuid": deposit.user_uuid,
        "user_email": deposit.user_email,
        "transaction_amount": Decimal(format_amount(Money(invoice.total_minor, invoice.currency))),
        "invoice_number": invoice.number,
        "description": "deposit",
        "affiliation": AFFILIATION,
    }
