"""Deposits: whose, for which domain, what became of the money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Select, select, tuple_

from app.domain.errors import NotFound
from app.models.deposit import WORDS, Deposit
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.queries.counting import count_up_to
from app.queries.paging import COUNT_LIMIT, PAGE_SIZE, Cursor, Page, next_cursor
from app.queries.session import session

if TYPE_CHECKING:
    from datetime import datetime


BESIDE = 20


@dataclass(frozen=True, slots=True)
class DepositFilter:
    """What somebody is looking for: a part of the domain, of the e-mail address or of the auction's id of the user.

    `statuses` are what the auction says, `money` what the invoice is.
    """

    text: str = ""
    statuses: tuple[str, ...] = ()
    money: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return bool(self.text or self.statuses or self.money)


class DepositRow(NamedTuple):
    """One line of the list."""

    id: int
    domain: str
    user_uuid: str
    user_email: str
    status: str
    invoice_number: int | None
    invoice_status: str
    total_minor: int
    currency: str
    created_at: datetime
    paid_at: datetime | None


class DepositDetail(NamedTuple):
    """Everything one page says about a deposit; `others` are this user's for the same domain."""

    deposit: Deposit
    invoice: Invoice
    service: Initiator
    others: list[DepositRow]


def search(wanted: DepositFilter, cursor: Cursor | None = None, *, size: int = PAGE_SIZE) -> Page[DepositRow]:
    """Return a page of deposits, newest first, and how many match, counted up to ten thousand."""
    statement = _rows(_matching(wanted)).limit(size + 1)
    if cursor is not None:
        statement = statement.where(tuple_(Deposit.created_at, Deposit.id) < (cursor.created_at, cursor.id))
    rows = [DepositRow(*row) for row in session().execute(statement)]
    count = count_up_to(COUNT_LIMIT, _matching(wanted).with_only_columns(Deposit.id))
    return Page(rows[:size], next_cursor(rows, size), count)


def detail(deposit_id: int) -> DepositDetail:
    """Return one deposit with its invoice and this user's other deposits for the domain. Raises NotFound."""
    found = (
        session()
        .execute(
            select(Deposit, Invoice, Initiator)
            .join(Invoice, Invoice.id == Deposit.invoice_id)
            .join(Initiator, Initiator.id == Deposit.initiator_id)
            .where(Deposit.id == deposit_id)
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("deposit", deposit_id)
    deposit, invoice, service = found
    same = select(Deposit).join(Invoice, Invoice.id == Deposit.invoice_id)
    same = same.where(
        Deposit.domain == deposit.domain, Deposit.user_uuid == deposit.user_uuid, Deposit.id != deposit.id
    )
    return DepositDetail(
        deposit, invoice, service, [DepositRow(*row) for row in session().execute(_rows(same).limit(BESIDE))]
    )


def _rows(statement: Any) -> Select[Any]:
    wanted = statement.with_only_columns(
        Deposit.id,
        Deposit.domain,
        Deposit.user_uuid,
        Deposit.user_email,
        Deposit.status,
        Invoice.number,
        Invoice.status,
        Invoice.total_minor,
        Invoice.currency,
        Deposit.created_at,
        Invoice.paid_at,
    )
    newest: Select[Any] = wanted.order_by(Deposit.created_at.desc(), Deposit.id.desc())
    return newest


def _matching(wanted: DepositFilter) -> Select[Any]:
    statement = select(Deposit).join(Invoice, Invoice.id == Deposit.invoice_id)
    if wanted.statuses:
        statement = statement.where(Deposit.status.in_(wanted.statuses))
    if wanted.money:
        statement = statement.where(Invoice.status.in_(wanted.money))
    for word in wanted.text.lower().split():
        statement = statement.where(WORDS.contains(word, autoescape=True))
    return statement
