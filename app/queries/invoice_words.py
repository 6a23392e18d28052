"""Finding invoices by any scrap: number, reference, name, address, amount, a gateway's word (performance.md B).

What is typed is taken apart into words as the index was; each must begin a word of the invoice. Numbers are kept with
all their ends, so that any part of one is the beginning of a word. Common words are found among the newest rows, rarer
ones in the newest quarters, the rarest in all. Where nothing begins so, the letters are looked for inside words.
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
    and_,
    exists,
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
# How many of the newest rows are looked at one by one, and how many of those must have a common word.
WALKED, OFTEN = 4000, 120
SAMPLE = 1000
LETTERS = 3


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
        meant = _meant(words)
        ways.append(select(meant.c.invoice_id))
        if inside := _inside(words):
            ways.append(select(InvoiceSearch.invoice_id).where(~exists(select(meant.c.invoice_id)), *inside))
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


def begin_with(words: tuple[str, ...]) -> ColumnElement[bool]:
    """Return whether each word begins a word of the invoice, asked of the index of whole words."""
    first = rarest(words)
    query = " & ".join(f"{word}:*" for word in first)
    asked = InvoiceSearch.document_vector.bool_op("@@")(func.to_tsquery(literal_column("'simple'"), query))
    return and_(asked, *look_at([word for word in words if word not in first]))


@lru_cache(maxsize=4096)
def rarest(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of the words the index is asked for, the others being looked at in what it finds.

    A word of every other invoice would be read from the index a million times to narrow nothing. Which are rare is
    seen in the newest rows; whatever they show, the same invoices are found.
    """
    if len(words) < 2:  # noqa: PLR2004 - with one word there is no choice
        return words
    order = (InvoiceSearch.created_at.desc(), InvoiceSearch.invoice_id.desc())
    row = select(InvoiceSearch.search_text).order_by(*order).limit(SAMPLE).subquery().c
    having = [func.count().filter(row.search_text.like(f"% {word}%")) for word in words]
    counts: list[int] = list(session().execute(select(*having)).one())
    least = min(counts)
    return tuple(word for word, count in zip(words, counts, strict=True) if count == least)


def _meant(words: tuple[str, ...], quarter: int | None = None) -> CTE:
    """Return all that have the words, found before anything else is asked of them, never the other way round."""
    found: CTE = _with_words(words, quarter).cte("meant").prefix_with("materialized")
    return found


def _with_words(words: tuple[str, ...], quarter: int | None) -> Any:
    found = select(InvoiceSearch.created_at, InvoiceSearch.invoice_id).where(begin_with(words))
    if quarter is None:
        return found
    within: ColumnElement[int] = literal_column(QUARTER.replace("created_at", "invoice_search.created_at"))
    return found.where(within == literal(quarter, BigInteger, literal_execute=True))


def _inside(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return whether the words are in there, those of letters at any place; none when each can only begin a word.

    The index of letters is asked once the question before has found nothing, so that only rare letters are.
    """
    if not any(map(_can_be_inside, words)):
        return []
    return [InvoiceSearch.search_text.like(f"%{word}%" if _can_be_inside(word) else f"% {word}%") for word in words]


def _can_be_inside(word: str) -> bool:
    """Return whether a word is long enough for the index of letters; numbers are kept with all their ends anyway."""
    return len(word) >= LETTERS and not word.isdigit()


def look_at(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the same asked of each row by looking at it, by no index: that of letters would read half the table."""
    return [(InvoiceSearch.search_text + "").like(f"% {word}%") for word in words]


def having(ids: Any, words: Sequence[str]) -> Select[int]:
    """Return those of the ids whose invoices have these words, looked at one by one."""
    return select(ids.c.id).join(InvoiceSearch, InvoiceSearch.invoice_id == ids.c.id).where(*look_at(words))


def newest(words: tuple[str, ...], after: Place | None, size: int) -> list[Place] | None:
    """Return the first places with these words from the newest rows, or None when those are not enough.

    Three out of a hundred rows fill a page from the newest few thousand, looked at one by one; rarer words from the
    newest quarters by the index; the rarest are quickly found in all quarters, which is not asked here.
    """
    walked = session().execute(_among_newest(words, after, WALKED).limit(size))
    found = [Place(*row) for row in walked]
    if len(found) == size:
        return found
    found = []
    for quarter in _quarters(after.created_at if after else datetime.now(UTC)):
        found += _first_of(_meant(words, quarter), after, size - len(found))
        if len(found) == size:
            return found
    return None


def are_common(words: tuple[str, ...]) -> bool:
    """Return whether the newest quarters have more than a thousand invoices with these words."""
    if _many(_among_newest(words, None, WALKED), OFTEN) > OFTEN:
        found = _many(_among_newest(words, None, WALKED * 10), COMMON)
        if found > COMMON:
            return True
    found = 0
    for quarter in _quarters(datetime.now(UTC)):
        found += _many(_with_words(words, quarter), COMMON - found)
    return found > COMMON


def rare(words: tuple[str, ...], after: Place | None, size: int) -> list[Place]:
    """Return the first places with these words from all quarters."""
    return _first_of(_meant(words), after, size)


def _among_newest(words: tuple[str, ...], after: Place | None, rows: int) -> Select[Any]:
    """Return the question for those of the newest rows that have the words, newest first."""
    few = select(InvoiceSearch.created_at, InvoiceSearch.invoice_id, InvoiceSearch.search_text)
    if after is not None:
        few = few.where(tuple_(InvoiceSearch.created_at, InvoiceSearch.invoice_id) < (after.created_at, after.id))
    order = (InvoiceSearch.created_at.desc(), InvoiceSearch.invoice_id.desc())
    row = few.order_by(*order).limit(rows).subquery().c
    return select(row.created_at, row.invoice_id).where(*(row.search_text.like(f"% {word}%") for word in words))


def _many(found: Select[Any], limit: int) -> int:
    """Return how many there are, counted to one above the limit."""
    return session().scalar(select(func.count()).select_from(found.limit(limit + 1).subquery())) or 0


def _first_of(meant: CTE, after: Place | None, size: int) -> list[Place]:
    found = select(meant.c.created_at, meant.c.invoice_id)
    if after is not None:
        found = found.where(tuple_(meant.c.created_at, meant.c.invoice_id) < (after.created_at, after.id))
    order = (meant.c.created_at.desc(), meant.c.invoice_id.desc())
    return [Place(*each) for each in session().execute(found.order_by(*order).limit(size))]


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
