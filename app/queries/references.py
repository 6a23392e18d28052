"""Reference numbers: the list, and everything about one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.errors import NotFound
from app.domain.invoice import PAYABLE
from app.models.account import Account
from app.models.base import DEFAULT_TENANT
from app.models.initiator import Initiator
from app.models.invoice import BULK, Invoice
from app.models.reference import OWNER, WORDS, Reference
from app.models.surplus import Surplus
from app.queries.counting import count_up_to
from app.queries.paging import COUNT_LIMIT, PAGE_SIZE, Count, Cursor, Page, next_cursor
from app.queries.session import session
from app.queries.text_cursor import TextCursor

if TYPE_CHECKING:
    from collections.abc import Sequence


# What the list may be sorted by; the first is usual. A leading minus is the other way round.
SORTS = ("-created", "created", "number", "-number", "owner", "-owner")


@dataclass(frozen=True, slots=True)
class ReferenceFilter:
    """What somebody is looking for: a part of the number, of the owner's name or of the e-mail address."""

    text: str = ""
    services: tuple[str, ...] = ()
    sort: str = SORTS[0]

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return bool(self.text or self.services)


class ReferenceRow(NamedTuple):
    """One line of the list; `invoices` are counted up to a hundred."""

    id: int
    number: str
    owner: str
    email: str
    service: str
    created_at: datetime
    invoices: int


class Amount(NamedTuple):
    """Minor units of one currency, of so many rows."""

    rows: int
    currency: str
    minor: int


class InvoiceRow(NamedTuple):
    """One invoice that carries the number."""

    id: int
    number: int | None
    payer: str
    status: str
    total_minor: int
    currency: str
    created_at: datetime
    still_minor: int


class ReferenceDetail(NamedTuple):
    """Everything one page says about a reference number."""

    reference: Reference
    account: Account
    service: Initiator
    open: list[Amount]
    credit: list[Amount]


COUNTED = 100
COMMON = 1000
LONGEST = 20
STILL = Invoice.total_minor - Invoice.credited_minor - Invoice.captured_minor
OF_SERVICE = Initiator.id == Reference.initiator_id


def search(wanted: ReferenceFilter, cursor: TextCursor | None = None, *, size: int = PAGE_SIZE) -> Page[ReferenceRow]:
    """Return a page of reference numbers, and how many match, counted up to a limit."""
    key, down = _key(wanted.sort)
    meant, count = _meant(wanted)
    statement = select(
        Reference.id,
        Reference.number,
        func.coalesce(Reference.owner, ""),
        func.coalesce(Reference.email, ""),
        Initiator.code,
        Reference.created_at,
        _invoices(),
        key,
    ).where(OF_SERVICE, *meant)
    statement = statement.order_by(*((key.desc(), Reference.id.desc()) if down else (key, Reference.id)))
    value = _value(wanted.sort, cursor) if cursor else None
    if cursor is not None and value is not None:
        place, end = tuple_(key, Reference.id), (value, cursor.id)
        statement = statement.where(place < end if down else place > end)
    found = list(session().execute(statement.limit(size + 1)))
    rows = [ReferenceRow(*row[:-1]) for row in found[:size]]
    last = found[size - 1] if len(found) > size else None
    following = TextCursor(_said(last[-1]), last.id) if last else None
    return Page(rows, following, count)


def detail(number: str) -> ReferenceDetail:
    """Return one reference number with what is owed on it and what its account has to its credit. Raises NotFound."""
    if not (number.isascii() and number.isdigit()):
        raise NotFound("reference", number[:LONGEST])
    found = (
        session()
        .execute(
            select(Reference, Account, Initiator)
            .join(Account, Account.id == Reference.account_id)
            .join(Initiator, Initiator.id == Reference.initiator_id)
            .where(Reference.tenant_id == DEFAULT_TENANT, Reference.number == number)
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("reference", number)
    reference, account, service = found
    return ReferenceDetail(reference, account, service, _open(number), _credit(account.id))


def owner_of(number: str) -> Account | None:
    """Return whose number this is; none where it is nobody's."""
    same = (Reference.tenant_id == DEFAULT_TENANT, Reference.number == number)
    return session().scalar(select(Account).join(Reference, Reference.account_id == Account.id).where(*same))


def exists(number: str) -> bool:
    """Return whether this very number is one of ours."""
    ours = select(Reference.id).where(Reference.tenant_id == DEFAULT_TENANT, Reference.number == number)
    return session().scalar(ours) is not None


def invoices_of(
    number: str, cursor: Cursor | None = None, *, only_open: bool = False, size: int = PAGE_SIZE
) -> Page[InvoiceRow]:
    """Return a page of the invoices that carry this number, newest first; or of those money is still to come for."""
    carrying = [*_carrying(number), *(_still_open() if only_open else ())]
    statement = (
        select(
            Invoice.id,
            Invoice.number,
            Invoice.customer_name,
            Invoice.status,
            Invoice.total_minor,
            Invoice.currency,
            Invoice.created_at,
            STILL,
        )
        .where(*carrying)
        .order_by(Invoice.created_at.desc(), Invoice.id.desc())
        .limit(size + 1)
    )
    if cursor is not None:
        statement = statement.where(tuple_(Invoice.created_at, Invoice.id) < (cursor.created_at, cursor.id))
    rows = [InvoiceRow(*row) for row in session().execute(statement)]
    count = count_up_to(COUNT_LIMIT, select(Invoice.id).where(*carrying))
    return Page(rows[:size], next_cursor(rows, size), count)


def _meant(wanted: ReferenceFilter) -> tuple[list[ColumnElement[bool]], Count]:
    """Return what is asked of each row of the page, and how many there are.

    Of words a thousand are counted: so many are soon found along any order, fewer are read once, by the index of
    words, and put in order.
    """
    asked = [Reference.tenant_id == DEFAULT_TENANT]
    if wanted.services:
        asked.append(Initiator.code.in_(wanted.services))
    words = [_has(word) for word in wanted.text.lower().split()]
    matching = select(Reference.id).where(OF_SERVICE, *asked, *words)
    if not words:
        return asked, count_up_to(COUNT_LIMIT, matching)
    ids = list(session().scalars(matching.limit(COMMON + 1)))
    if len(ids) > COMMON:
        return [*asked, *words], Count(COMMON, is_capped=True)
    return [Reference.id == func.any(bindparam("ids", ids, ARRAY(BigInteger)))], Count(len(ids), is_capped=False)


def _has(word: str) -> ColumnElement[bool]:
    in_words = WORDS.contains(word, autoescape=True)
    is_number = word.isascii() and word.isdigit()
    return or_(Reference.number.startswith(word), in_words) if is_number else in_words


def _key(sort: str) -> tuple[Any, bool]:
    name = sort.removeprefix("-")
    columns: dict[str, Any] = {"created": Reference.created_at, "number": Reference.number, "owner": OWNER}
    return columns[name], sort.startswith("-")


def _said(value: datetime | str) -> str:
    return value.isoformat() if isinstance(value, datetime) else value


def _value(sort: str, cursor: TextCursor) -> Any:
    """Return where a page ended, or None for what cannot be compared: the list then starts at the top."""
    if sort.removeprefix("-") != "created":
        return cursor.value
    try:
        return datetime.fromisoformat(cursor.value)
    except ValueError:
        return None


def _invoices() -> Any:
    some = select(Invoice.id).where(*_carrying(Reference.number)).correlate(Reference).limit(COUNTED)
    return select(func.count()).select_from(some.lateral()).scalar_subquery()


def _carrying(number: Any) -> list[ColumnElement[bool]]:
    # The second condition repeats the predicate of the index: a parameter does not prove to the planner that it holds.
    return [Invoice.reference_number == number, Invoice.reference_number != ""]


def _still_open() -> list[ColumnElement[bool]]:
    return [Invoice.status.in_(sorted(PAYABLE)), Invoice.kind != BULK]


def _open(number: str) -> list[Amount]:
    statement = (
        select(func.count(), Invoice.currency, func.sum(STILL))
        .where(*_carrying(number), *_still_open())
        .group_by(Invoice.currency)
    )
    return [Amount(rows, currency, int(minor)) for rows, currency, minor in session().execute(statement)]


def _credit(account_id: int) -> list[Amount]:
    left = Surplus.amount_minor - Surplus.refunded_minor - Surplus.applied_minor - Surplus.lost_minor
    taken = Surplus.refunded_minor + Surplus.applied_minor + Surplus.lost_minor
    statement = (
        select(func.count(), Surplus.currency, func.sum(left))
        .where(Surplus.account_id == account_id, taken < Surplus.amount_minor)
        .group_by(Surplus.currency)
    )
    return [Amount(rows, currency, int(minor)) for rows, currency, minor in session().execute(statement)]


def services() -> Sequence[str]:
    """Return the codes of the services numbers may belong to."""
    return session().scalars(select(Initiator.code).order_by(Initiator.code)).all()
