"""Finding invoices by any scrap: number, reference, name, address, amount, a gateway's word (performance.md B).

What is typed is taken apart into words as the index was; each must begin a word of the invoice. Numbers are kept with
all their ends, so that any part of one is the beginning of a word. Common words are looked for in the newest quarters
first, by the index of letters; rare ones in all, by the index of words.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)
from sqlalchemy import cast as sql_cast

from app.models.invoice import Invoice
from app.models.invoice_search import QUARTER, InvoiceSearch
from app.models.payment import GatewayReference, Payment
from app.queries.keyset import session

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_WORDS = 8
# Two digits behind the point, as amounts are written; thousands may be apart.
AMOUNT = re.compile(r"[0-9]{1,3}(?:[ \u00a0]?[0-9]{3}){0,3}[.,][0-9]{2}", re.ASCII)
GATEWAY = re.compile(r"[0-9a-f]{12,64}", re.ASCII)
HIGHEST = 2**63 - 1
COMMON = 1000
NEWEST = (InvoiceSearch.created_at.desc(), InvoiceSearch.invoice_id.desc())


class Place(NamedTuple):
    """Where an invoice stands in the newest-first order."""

    created_at: datetime
    id: int


def asked_for(text: str) -> ColumnElement[bool]:
    """Return whether an invoice is meant by what was typed: the shape says where to look (performance.md B)."""
    amount = amount_of(text)
    if amount is not None:
        return Invoice.total_minor == amount
    words = words_of(text)
    ways: list[Select[Any]] = at_once(text)
    if words:
        ways.append(select(_meant(words).c.invoice_id))
    return Invoice.id.in_(union_all(*ways)) if ways else literal(value=False)


def amount_of(text: str) -> int | None:
    """Return the minor units that were typed, or None when it was no amount."""
    return int(re.sub(r"[^0-9]", "", text)) if AMOUNT.fullmatch(text) else None


def words_of(text: str) -> tuple[str, ...]:
    """Return the words as the index keeps them: small, without accents, letters and digits only."""
    return () if amount_of(text) is not None else _words(text)


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    said: str = session().scalar(select(func.search_words(text))) or ""
    return tuple(said.split()[:MOST_WORDS])


def begin_with(words: Sequence[str]) -> ColumnElement[bool]:
    """Return whether each word begins a word of the invoice, asked of the index of whole words."""
    query = " & ".join(f"{word}:*" for word in words)
    return InvoiceSearch.document_vector.bool_op("@@")(func.to_tsquery(literal_column("'simple'"), query))


def _meant(words: Sequence[str]) -> CTE:
    """Return all that have the words, found before anything else is asked of them, never the other way round."""
    found = select(InvoiceSearch.created_at, InvoiceSearch.invoice_id).where(begin_with(words))
    return found.cte("meant").prefix_with("materialized")


def look_at(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the same asked of each row by looking at it, by no index."""
    return [InvoiceSearch.search_text.concat("").like(f"% {word}%") for word in words]


def newest(words: Sequence[str], after: Place | None, size: int) -> list[Place] | None:
    """Return the first places with these words from the newest quarters, or None when those are not enough.

    A common word fills its page from a few hundred rows of one quarter; a rare one is quickly found in all of them.
    """
    found: list[Place] = []
    for quarter in _quarters(after.created_at if after else datetime.now(UTC)):
        statement = select(InvoiceSearch.created_at, InvoiceSearch.invoice_id).where(*_of_quarter(quarter, words))
        if after is not None:
            place = tuple_(InvoiceSearch.created_at, InvoiceSearch.invoice_id)
            statement = statement.where(place < (after.created_at, after.id))
        rows = session().execute(statement.order_by(*NEWEST).limit(size - len(found)))
        found += [Place(*row) for row in rows]
        if len(found) >= size:
            return found
    return None


def rare(words: Sequence[str], after: Place | None, size: int) -> list[Place]:
    """Return the first places with these words from all quarters."""
    meant = _meant(words)
    statement = select(meant.c.created_at, meant.c.invoice_id)
    if after is not None:
        statement = statement.where(tuple_(meant.c.created_at, meant.c.invoice_id) < (after.created_at, after.id))
    rows = session().execute(statement.order_by(meant.c.created_at.desc(), meant.c.invoice_id.desc()).limit(size))
    return [Place(*row) for row in rows]


def are_common(words: Sequence[str]) -> bool:
    """Return whether the newest quarters have more than a thousand invoices with these words."""
    found = 0
    for quarter in _quarters(datetime.now(UTC)):
        some = select(InvoiceSearch.invoice_id).where(*_of_quarter(quarter, words)).limit(COMMON + 1 - found).subquery()
        found += session().scalar(select(func.count()).select_from(some)) or 0
        if found > COMMON:
            return True
    return False


def at_once(text: str) -> list[Select[Any]]:
    """Return the questions for ids that need no index of words: what was made a second ago is found, too."""
    said = text.lower()
    ways: list[Select[Any]] = []
    if text.isascii() and text.isdigit():
        ways.append(select(Invoice.id).where(Invoice.reference_number == text))
        if int(text) <= HIGHEST:
            ways.append(select(Invoice.id).where(sql_cast(Invoice.number, Text) == str(int(text))))
    if "@" in said:
        ways.append(select(Invoice.id).where(func.lower(Invoice.customer_email) == said))
    if GATEWAY.fullmatch(said):
        # Hexadecimal letters only, written into the statement: one with a parameter could not use the prefix index.
        prefix = literal(f"{said}%", Text, literal_execute=True)
        paid = select(Payment.invoice_id).join(GatewayReference, GatewayReference.payment_id == Payment.id)
        ways.append(paid.where(GatewayReference.external_id.like(prefix), Payment.invoice_id.is_not(None)))
    return ways


def _quarters(moment: datetime) -> list[int]:
    """Return the numbers of the quarter of a moment and of the one before, as the index counts them."""
    at = moment.astimezone(UTC)
    here = at.year * 4 + (at.month + 2) // 3
    return [here, here - 1]


def _begins(quarter: int) -> datetime:
    year, nth = divmod(quarter - 1, 4)
    return datetime(year, nth * 3 + 1, 1, tzinfo=UTC)


def _of_quarter(quarter: int, words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the longest word asked of the index of letters, in one quarter, and the others by look."""
    longest = max(words, key=len)
    within = literal_column(QUARTER.replace("created_at", "invoice_search.created_at")) == literal(
        quarter, BigInteger, literal_execute=True
    )
    return [
        within,
        InvoiceSearch.created_at >= _begins(quarter),
        InvoiceSearch.search_text.like(f"% {longest}%"),
        *look_at([word for word in words if word != longest]),
    ]
