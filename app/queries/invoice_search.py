"""Finding invoices by any scrap: number, reference, name, address, amount, a gateway's word (performance.md B).

What is typed is taken apart into words as the index was; each must begin a word of the invoice. Numbers are kept with
all their ends, so that any part of one is the beginning of a word. Common words are found among the newest rows, rarer
ones by the index in the newest month, and what is rarer still in the whole table at once. Where nothing begins so, the
letters are looked for inside words.
"""

from __future__ import annotations

from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)

from app.models.invoice import Invoice
from app.models.invoice_search import InvoiceSearch
from app.queries.invoice_search_statements import (
    NEWEST,
    PLACE,
    SAMPLED,
    among_newest,
    by_names,
    in_all,
    in_months,
    with_letters,
)
from app.queries.kept import rows_of
from app.queries.named_invoices import at_once, names_in
from app.queries.paging import Count
from app.queries.session import session
from app.queries.typed_amount import amount_of, both_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.queries.typed_amount import Both

MOST_WORDS = 8
MANY = 100
# How many of the newest rows are looked at one by one; each time more, where those before show that a page will be full
# by the last.
WALKS = (300, 2000, 16_000)
# How many rows from all over the table tell how frequent words are, and of how many invoices they are too frequent
# for the index to be asked.
SAMPLE = 4000
FREQUENT = 2000
# How many from all over the table are looked at where the newest few hundred have too few: a service may have sent all
# of those in one go.
SMALL_SAMPLE = 400
# How many are read whole of what the newest month has too few of.
RARE = 5000
# How many of the newest tell which word is the rarest, and of the rarest but one how many times as many rows there may
# be for the index to be asked for it, too.
NEWEST_FEW = 1000
SECOND = 5
LETTERS = 3
# Numbers and words with a digit in them that are rare when they are so long.
LONG = 7


class Place(NamedTuple):
    """Where an invoice stands in the newest-first order."""

    created_at: datetime
    id: int


def asked_for(text: str) -> ColumnElement[bool]:
    """Return whether an invoice is meant by what was typed: the shape says where to look (performance.md B)."""
    amount = amount_of(text)
    if amount is not None:
        return Invoice.total_minor == amount
    both = both_of(text)
    if both is None:
        return in_words(text)
    return _of_both(both) if both.is_sure else or_(_of_both(both), in_words(text))


def _of_both(both: Both) -> ColumnElement[bool]:
    """Return whether an invoice has this amount and is meant by the words.

    Of words that many have those of the amount are looked at one by one.
    """
    words = words_of(both.words)
    if not words or not are_common(words):
        return and_(Invoice.total_minor == both.minor, in_words(both.words))
    few = select(Invoice.id).where(Invoice.total_minor == both.minor).cte("of_amount").prefix_with("materialized")
    return Invoice.id.in_(having(few, words))


def in_words(text: str) -> ColumnElement[bool]:
    """Return whether an invoice is meant by words or numbers, none of which is taken for an amount."""
    ways = [*at_once(text), *(each.with_only_columns(each.selected_columns.invoice_id) for each in _by_words(text))]
    return Invoice.id.in_(union_all(*ways)) if ways else literal(value=False)


def count_of(text: str) -> Count:
    """Return how many invoices are meant by words that were typed, counted to a hundred."""
    return found_by(text, None, 0)[1]


def found_by(text: str, after: Place | None, size: int) -> tuple[list[Place], Count, list[Place]]:
    """Return the first places of words that were typed, how many there are, counted to a hundred, and those counted.

    A hundred are seen by who looks for a page; to see a thousand takes up to ten times as long.
    """
    first = newest(text, None, max(size, MANY + 1))
    page = first[:size] if after is None else newest(text, after, size)
    return page, Count(min(len(first), MANY), is_capped=len(first) > MANY), first


def _by_words(text: str) -> list[Select[Any]]:
    """Return the questions for the places of what has the words, and where there is none, of what has their letters."""
    words = words_of(text)
    if not words:
        return []
    # Materialized, so that words are found first and all other conditions are checked on what they found. Without a
    # name, for a number beside words is looked for in two ways at once.
    found = select(*PLACE).where(begin_with(words))
    meant = found.cte().prefix_with("materialized")
    ways: list[Select[Any]] = [select(meant)]
    if inside := _inside(words):
        looks = map(InvoiceSearch.search_text.like, inside)
        ways.append(select(*PLACE).where(~exists(select(meant.c.invoice_id)), *looks))
    return ways


def words_of(text: str) -> tuple[str, ...]:
    """Return the words as the index keeps them: small, without accents, letters and digits only.

    There are none where an amount is said for sure, which no word is; a bare number is a word as well.
    """
    both = both_of(text)
    return () if amount_of(text) is not None or (both is not None and both.is_sure) else _words(text)


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    said: str = session().scalar(select(func.search_words(text))) or ""
    return tuple(said.split()[:MOST_WORDS])


def begin_with(words: tuple[str, ...]) -> ColumnElement[bool]:
    """Return whether each word begins a word of the invoice, asked of the index of whole words."""
    first = rarest(words, and_second=True)
    query = " & ".join(f"{word}:*" for word in first)
    asked = InvoiceSearch.document_vector.bool_op("@@")(func.to_tsquery(literal_column("'simple'"), query))
    return and_(asked, *look_at([word for word in words if word not in first]))


@lru_cache(maxsize=4096)
def rarest(words: tuple[str, ...], *, and_second: bool = False) -> tuple[str, ...]:
    """Return which of the words the index is asked for, the others being looked at in what it finds.

    A word of every other invoice would be read from the index a million times to narrow nothing. Which are rare is
    seen in the newest rows; whatever they show, the same invoices are found. Where the whole table is asked,
    the rarest but one is asked of the index, too: an entry of it is read ten times as fast.
    """
    if len(words) < 2:  # noqa: PLR2004 - with one word there is no choice
        return words
    row = select(InvoiceSearch.search_text).order_by(*NEWEST).limit(NEWEST_FEW).subquery().c
    having = [func.count().filter(row.search_text.like(f"% {word}%")) for word in words]
    counts: list[int] = list(session().execute(select(*having)).one())
    least = min(counts)
    if and_second and counts.count(least) == 1:
        least = min(SECOND * max(least, 1), sorted(counts)[1])
    return tuple(word for word, count in zip(words, counts, strict=True) if count <= least)


def _inside(words: Sequence[str]) -> list[str]:
    """Return how the words look that are in there at any place; none when each can only begin a word.

    The index of letters is asked once the question before has found nothing, so that only rare letters are.
    """
    if not any(map(_can_be_inside, words)):
        return []
    return [f"%{word}%" if _can_be_inside(word) else f"% {word}%" for word in words]


def _can_be_inside(word: str) -> bool:
    """Return whether a word is long enough for the index of letters; numbers are kept with all their ends anyway."""
    return len(word) >= LETTERS and not word.isdigit()


def look_at(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the same asked of each row by looking at it, by no index: that of letters would read half the table."""
    return [(InvoiceSearch.search_text + "").like(f"% {word}%") for word in words]


def having(ids: Any, words: Sequence[str]) -> Select[int]:
    """Return those of the ids whose invoices have these words, looked at one by one."""
    return select(ids.c.id).join(InvoiceSearch, InvoiceSearch.invoice_id == ids.c.id).where(*look_at(words))


def newest(text: str, after: Place | None, size: int) -> list[Place]:
    """Return the first places of what was typed, which is no amount: by its words, and by what needs none.

    Three rows out of a thousand fill a page from the newest few thousand, looked at one by one; where the newest few
    hundred have too few, the index is asked.
    """
    words = words_of(text)
    found = _with_words(words, after, size)
    if len(found) == size:
        return found
    if not found and (after is None or not _with_words(words, None, 1)):
        found = _with_letters(words, after, size)
    return sorted({*found, *_without_words(text, after, size), *_with_amount(text, after, size)}, reverse=True)[:size]


def _with_words(words: tuple[str, ...], after: Place | None, size: int) -> list[Place]:
    """Return the first places with these words, looked for where they are soonest found."""
    soon = [] if _are_rare(words) else _walked(_beginning(words), after, size) or _of_newest_month(words, after, size)
    return soon or _by_index(words, after, size)


def _are_rare(words: Sequence[str]) -> bool:
    """Return whether a word is so long a number, or so long with a digit in it, that hardly any invoice has it."""
    return any(len(word) >= LONG and any(map(str.isdigit, word)) for word in words)


def _walked(patterns: Sequence[str], after: Place | None, size: int) -> list[Place]:
    """Return so many places from the newest rows, or none at all where too many would have to be looked at."""
    found: list[Place] = []
    passed = 0
    for rows in WALKS:
        asked = {"patterns": patterns, "rows": rows - passed, "passed": passed, "size": size - len(found)}
        found += _places(among_newest(is_after=after is not None), after, asked)
        if len(found) == size:
            return found
        is_promising = len(found) * WALKS[-1] >= size * rows
        if not is_promising and (passed or not _are_elsewhere(patterns, size)):
            break
        passed = rows
    return []


def _of_newest_month(words: tuple[str, ...], after: Place | None, size: int) -> list[Place]:
    """Return so many places from the newest month, by the index of words, or none where it has too few."""
    by_month = _of_index(words, rarest(words)) | {"size": size}
    found = _places(in_months(is_after=after is not None, to_oldest=False), after, by_month)
    return found if len(found) == size else []


def _by_index(words: tuple[str, ...], after: Place | None, size: int) -> list[Place]:
    """Return the first places by the index of words; what is rare is read whole, what was rare of late by month."""
    is_after = after is not None
    by_words = _of_index(words, rarest(words, and_second=True)) | {"size": size, "rows": RARE + 1}
    rows = _rows(in_all(is_after=is_after), after, by_words)
    if not rows or rows[0].many <= RARE:
        return [Place(*row[:2]) for row in rows]
    by_month = _of_index(words, rarest(words)) | {"size": size}
    return _places(in_months(is_after=is_after, to_oldest=True), after, by_month)


def _of_index(words: tuple[str, ...], first: tuple[str, ...]) -> dict[str, Any]:
    """Return what the index is asked for, and what is looked at in what it finds."""
    others = [word for word in words if word not in first]
    return {"asked": " & ".join(f"{word}:*" for word in first), "patterns": _beginning(others)}


def _with_letters(words: Sequence[str], after: Place | None, size: int) -> list[Place]:
    """Return the first places with these letters inside words; none where each can only begin one."""
    patterns = _inside(words)
    if not patterns:
        return []
    if not _are_rare(words) and (walked := _walked(patterns, after, size)):
        return walked
    asked = {f"pattern_{nth}": pattern for nth, pattern in enumerate(patterns)} | {"size": size}
    return _places(with_letters(len(patterns), is_after=after is not None), after, asked)


def _without_words(text: str, after: Place | None, size: int) -> list[Place]:
    """Return the first places of what is looked up without words, made a second ago or not."""
    names = names_in(text)
    return _places(by_names(tuple(names), is_after=after is not None), after, names | {"size": size}) if names else []


def _with_amount(text: str, after: Place | None, size: int) -> list[Place]:
    """Return the first places of what has the words and the amount beside them; none where none is said."""
    both = both_of(text)
    if both is None:
        return []
    # greatest(x) is x, but no index has this order: those of the amount are read and put in order.
    order = (func.greatest(Invoice.created_at).desc(), Invoice.id.desc())
    found = select(Invoice.created_at, Invoice.id).where(_of_both(both)).order_by(*order).limit(size)
    if after is not None:
        found = found.where(tuple_(Invoice.created_at, Invoice.id) < (after.created_at, after.id))
    return [Place(*row) for row in session().execute(found)]


def are_common(words: Sequence[str]) -> bool:
    """Return whether so many invoices have these words that they are sooner found by looking at one after the other."""
    return _about(words) > FREQUENT


def _are_elsewhere(patterns: Sequence[str], size: int) -> bool:
    """Return whether a page would be full by the end of the longest walk, were the newest like all others."""
    _whole, looked_at, seen = _sampled(patterns, SMALL_SAMPLE)
    return seen * WALKS[-1] >= size * max(looked_at, 1)


def _about(words: Sequence[str]) -> int:
    """Return about how many invoices have these words, as some thousand rows from all over the table show it."""
    whole, looked_at, seen = _sampled(_beginning(words), SAMPLE)
    return int(seen * max(whole, looked_at) / max(looked_at, 1))


def _sampled(patterns: Sequence[str], size: int) -> tuple[int, int, int]:
    """Return how many rows there are, about so many of which were looked at, and how many of these look so."""
    [(whole, looked_at, seen)] = rows_of(SAMPLED, {"patterns": patterns, "size": size})
    return whole, looked_at, seen


def _beginning(words: Sequence[str]) -> list[str]:
    return [f"% {word}%" for word in words]


def _places(probe: Select[Any], after: Place | None, asked: dict[str, Any]) -> list[Place]:
    return [Place(*each) for each in _rows(probe, after, asked)]


def _rows(probe: Select[Any], after: Place | None, asked: dict[str, Any]) -> Sequence[Any]:
    """Return what a question finds with these values; it was built for a page after another one, or for the first."""
    if after is not None:
        at = after.created_at.astimezone(UTC)
        asked |= {"after_at": at, "after_id": after.id, "month": at.year * 12 + at.month}
    return rows_of(probe, asked)
