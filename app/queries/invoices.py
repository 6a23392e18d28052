"""The list of invoices: which match, in what order, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import CTE, BigInteger, ColumnElement, Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.invoice import PAYABLE
from app.models.initiator import Initiator
from app.models.invoice import BULK, KINDS, Invoice
from app.queries.far_days import are_far, are_long, are_whole, heads
from app.queries.invoice_filter import PAID, InvoiceFilter, asked_days, conditions, everything
from app.queries.invoice_row import SHOW, InvoiceRow
from app.queries.invoice_search import Place, are_common, count_of, found_by, having, words_of
from app.queries.kept import rows_of
from app.queries.paging import COUNT_LIMIT, PAGE_SIZE, Count, Page
from app.queries.session import session
from app.queries.sorting import BY_ROW, Mark, Sort, in_order, order_of, window
from app.queries.typed_amount import says_amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# How many are counted where more than one thing is asked.
COMMON = 1000
# How many are looked at one by one for a common word: all of a filter, or at most so many of the next in the order.
FEW, LOOKED_AT = 2_000, 2_000
# What money is still to come for; a bulk payment holds what is owed on its members.
OPEN = InvoiceFilter(statuses=tuple(sorted(PAYABLE)), kinds=tuple(kind for kind in KINDS if kind != BULK))

IDS = bindparam("ids", type_=ARRAY(BigInteger))
THESE = SHOW.where(Invoice.id == func.any(IDS)).order_by(*order_of(Sort.NEWEST))


@dataclass(frozen=True)
class Question:
    """What is asked, and how the answer is best looked for, which is found out when it matters."""

    wanted: InvoiceFilter

    @cached_property
    def is_words(self) -> bool:
        """Whether words are asked for and nothing else."""
        return self.wanted == InvoiceFilter(text=self.wanted.text) and bool(words_of(self.wanted.text))

    @cached_property
    def common(self) -> tuple[str, ...]:
        """The words that are asked for, if a walk along any order soon finds enough of them."""
        words = words_of(self.wanted.text) if self.wanted.text and not says_amount(self.wanted.text) else ()
        return words if words and are_common(words) else ()

    @cached_property
    def walks(self) -> bool:
        """Whether only the next few thousand are looked at for the common words."""
        return bool(self.common) and not are_few(self.wanted)


class Owed(NamedTuple):
    """How many invoices, and what is still to come for them: (currency, minor units)."""

    many: Count
    sums: list[tuple[str, int]]


def search(
    wanted: InvoiceFilter, after: Mark | None = None, *, sort: Sort = Sort.NEWEST, size: int = PAGE_SIZE
) -> Page[InvoiceRow]:
    """Return a page of invoices in this order, and how many match, counted up to a limit.

    A page may have fewer rows and a next one, when only so many were looked at. Up to a thousand are added up.
    """
    asked = Question(wanted)
    end: Mark | None = None
    these: Sequence[int] | None = None
    if sort is Sort.NEWEST and asked.is_words:
        places, count, counted = found_by(wanted.text, _place(after), size + 1)
        found, these = _at(places), [each.id for each in counted]
    elif asked.walks:
        found, end, count = _looked_at(asked, after, sort, size + 1)
    else:
        count, these = _counted(asked)
        found = _listed(asked, after, sort, size + 1) if these is None else _of_few(these, after, sort, size + 1)
    following = _mark(found[size - 1], sort) if len(found) > size else end
    adds_up = wanted and after is None and not asked.walks and not count.is_capped and count.number <= COMMON
    return Page(found[:size], following, count, _sums(asked, these) if adds_up else ())


def _sums(asked: Question, counted: Sequence[int] | None) -> list[tuple[str, int]]:
    """Return what the invoices that match, which are few, come to by currency; `counted` are they where it is known."""
    known = bindparam("counted", list(counted or ()), ARRAY(BigInteger))
    these = Invoice.id.in_(_meant(asked)) if counted is None else Invoice.id == func.any(known)
    each = Invoice.currency
    sums = select(each, func.sum(Invoice.total_minor)).where(these).group_by(each).order_by(each)
    return [(currency, int(minor)) for currency, minor in session().execute(sums)]


def _listed(asked: Question, after: Mark | None, sort: Sort, size: int) -> list[InvoiceRow]:
    """Return up to `size` rows of what is too many to be read whole."""
    wanted = asked.wanted
    whole = bool(asked.common) or are_far(wanted, sort) or says_amount(wanted.text)
    found = _meant(asked)
    if are_long(wanted, sort):
        found = select(Invoice.id).where(Invoice.id.in_(heads(found, wanted, sort, after, size)))
    of_days = are_whole(wanted, sort)
    parts = in_order(found, sort, after, wanted.statuses, paid=wanted.only_paid(), few=whole, of_days=of_days)
    return _filled(parts, sort, size)


def _of_few(ids: Sequence[int], after: Mark | None, sort: Sort, size: int) -> list[InvoiceRow]:
    """Return up to `size` rows of these invoices: all are put in order, for a walk might pass every other one."""
    these = bindparam("ids", list(ids), ARRAY(BigInteger))
    found = select(Invoice.id).where(Invoice.id == func.any(these))
    return _filled(in_order(found, sort, after, (), few=True), sort, size)


def _filled(parts: Iterator[Any], sort: Sort, size: int) -> list[InvoiceRow]:
    """Return up to `size` rows, from one part of an order after the other."""
    listed: list[InvoiceRow] = []
    for part in parts:
        listed += _shown(part.limit(size - len(listed)), sort)
        if len(listed) == size:
            break
    return listed


def _looked_at(
    asked: Question, after: Mark | None, sort: Sort, size: int
) -> tuple[list[InvoiceRow], Mark | None, Count]:
    """Return those with these words among the next few thousand that match otherwise, where these end, and how many.

    They are counted from the beginning of the list as far as its first page was looked at.
    """
    listed: list[InvoiceRow] = []
    seen, last = 0, None
    parts = _walks(asked, after, sort)
    for part in parts:
        found, last, many = _in_window(part.limit(LOOKED_AT), asked.common, sort, size - len(listed))
        listed, seen = listed + found, seen + many
        if len(listed) == size or last is not None:
            break
    is_all = last is None and next(parts, None) is None
    if asked.is_words:
        count = count_of(asked.wanted.text)
    elif after is not None:
        count = _looked_at(asked, None, sort, size)[2]
    else:
        count = Count(min(seen, COMMON), is_capped=seen > COMMON or not is_all)
    return listed, None if len(listed) == size else last, count


def _walks(asked: Question, after: Mark | None, sort: Sort) -> Iterator[Any]:
    """Return the questions for what matches beside the words, one after the other in this order."""
    wanted = asked.wanted
    few, of_days = are_far(wanted, sort), are_whole(wanted, sort, many=True)
    found = select(Invoice.id).where(*conditions(wanted))
    return in_order(found, sort, after, wanted.statuses, paid=wanted.only_paid(), few=few, of_days=of_days)


def _in_window(walk: Any, words: Sequence[str], sort: Sort, size: int) -> tuple[list[InvoiceRow], Mark | None, int]:
    """Return the first of a walk that have the words, where it ended if it was long enough, and how many have them."""
    these = window(walk, sort)
    meant = having(these.rows, words).add_columns(*these.keys).cte("meant").prefix_with("materialized")
    first = select(meant.c.id).order_by(*these.in_order(meant)).limit(size)
    last = select(these.rows.c.id).order_by(*these.in_order(these.rows, backwards=True)).limit(1)
    passed, many = (select(func.count()).select_from(each).scalar_subquery() for each in (these.rows, meant))
    one = select(passed, many, func.array(first.scalar_subquery()), last.scalar_subquery())
    length, number, ids, end = session().execute(one).one()
    shown = _rows(SHOW.where(Invoice.id.in_([*ids, end])).order_by(*order_of(sort)))
    return [each for each in shown if each.id in ids], _mark(shown[-1], sort) if length == LOOKED_AT else None, number


def _counted(asked: Question) -> tuple[Count, list[int] | None]:
    """Return how many match, counted up to ten thousand; with more than one thing asked to a thousand.

    Of a thousand or fewer the ids are returned, too.
    """
    wanted = asked.wanted
    found = _meant(asked).order_by(*_narrowest(wanted))
    if asked.is_words or wanted.parts() > 1:
        ids = list(session().scalars(found.limit(COMMON + 1)))
        return (Count(COMMON, is_capped=True), None) if len(ids) > COMMON else (Count(len(ids), is_capped=False), ids)
    number = session().scalar(select(func.count()).select_from(found.limit(COUNT_LIMIT + 1).subquery())) or 0
    return Count(min(number, COUNT_LIMIT), is_capped=number > COUNT_LIMIT), None


def _narrowest(wanted: InvoiceFilter) -> list[ColumnElement[Any]]:
    """Return the order of the index that has what is asked for side by side.

    Without it the table would be read from its oldest row on until enough are found, which for days of this year is
    half of it.
    """
    created, _due, paid = asked_days(wanted)
    if any(paid):
        return [PAID.desc()]
    return [Invoice.created_at.desc()] if any(created) else []


def are_few(wanted: InvoiceFilter) -> bool:
    """Return whether what is asked beside the words leaves so few invoices that each can be looked at."""
    asked = conditions(wanted)
    if not asked:
        return False
    some = select(Invoice.id).where(*asked).order_by(*_narrowest(wanted)).limit(FEW + 1).subquery()
    return (session().scalar(select(func.count()).select_from(some)) or 0) <= FEW


def _meant(asked: Question) -> Select[int]:
    """Return the question for the ids of what matches, in no order; common words are looked at, no index is asked.

    An index that holds what is asked for and what the list is ordered by answers it alone, without the table.
    """
    if not asked.common:
        return select(Invoice.id).where(*everything(asked.wanted))
    few: CTE = select(Invoice.id).where(*conditions(asked.wanted)).cte("few").prefix_with("materialized")
    return select(Invoice.id).where(Invoice.id.in_(having(few, asked.common)))


def _place(after: Mark | None) -> Place | None:
    return Place(after.moment, after.id) if after else None


def _at(places: Sequence[Place]) -> list[InvoiceRow]:
    """Return the lines of these invoices, which were found in the table of words, newest first."""
    return [InvoiceRow(*row) for row in rows_of(THESE, {"ids": [each.id for each in places]})]


def _shown(ids: Select[int], sort: Sort) -> list[InvoiceRow]:
    """Return the lines of these invoices, which are few."""
    these = ids.subquery()
    return _rows(SHOW.join(these, these.c.id == Invoice.id).order_by(*order_of(sort)))


def _rows(found: Select[Any]) -> list[InvoiceRow]:
    return [InvoiceRow(*row) for row in session().execute(found)]


def _mark(row: InvoiceRow, sort: Sort) -> Mark:
    if sort.by in BY_ROW:
        return Mark(0, row.id)
    if sort.by == "paid" and row.paid_at is None:
        return Mark(-Mark.of(row.created_at, row.id).value, row.id)
    return Mark.of({"created": row.created_at, "amount": row.total_minor, "paid": row.paid_at}[sort.by], row.id)


def owed(wanted: InvoiceFilter) -> Owed:
    """Return how many invoices match and what is still to come for them by currency, up to ten thousand of them."""
    still = (Invoice.total_minor - Invoice.credited_minor - Invoice.captured_minor).label("still")
    some = select(Invoice.currency, still).where(*everything(wanted)).limit(COUNT_LIMIT + 1).subquery()
    each = some.c.currency
    sums = select(each, func.count(), func.sum(some.c.still)).group_by(each).order_by(each)
    found = [(currency, many, int(minor)) for currency, many, minor in session().execute(sums)]
    number = sum(many for _currency, many, _minor in found)
    capped = Count(min(number, COUNT_LIMIT), number > COUNT_LIMIT)
    return Owed(capped, [(currency, minor) for currency, _many, minor in found])


def services() -> Sequence[str]:
    """Return the codes of the services that send invoices."""
    return session().scalars(select(Initiator.code).order_by(Initiator.code)).all()
