"""Invoices as their services may see them: filtered lists, one by number, and what belongs to each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_, union_all

from app.domain.errors import NotFound
from app.domain.invoice import InvoiceStatus
from app.models.announcement import Announcement
from app.models.bulk import BulkMember
from app.models.initiator import Initiator
from app.models.invoice import Invoice, InvoiceLine
from app.models.payment import Payment
from app.models.settlement import Allocation
from app.queries import invoices
from app.queries.far_days import are_far
from app.queries.invoice_filter import conditions, everything
from app.queries.invoice_search import are_common, having, words_of
from app.queries.invoices import LOOKED_AT
from app.queries.keyset import Slice, cut, newest
from app.queries.own_numbers import numbered
from app.queries.paging import Cursor
from app.queries.session import session
from app.queries.sorting import Mark, Sort, in_order, order_of
from app.queries.typed_amount import says_amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from app.queries.invoice_filter import InvoiceFilter


def search(
    owns: Sequence[int], wanted: InvoiceFilter, cursor: Cursor | None, size: int, sort: Sort = Sort.NEWEST
) -> Slice[Invoice]:
    """Return a page of the invoices of these initiators in this order; a cursor of another than the usual holds a mark.

    With a common word a page may have fewer rows and a next one: only so many are looked at.
    """
    if sort is not Sort.NEWEST:
        return _in_order(owns, wanted, cursor, size, sort)
    words = words_of(wanted.text) if wanted.text else ()
    if words and not says_amount(wanted.text) and are_common(words):
        return _looked_at(owns, wanted, words, cursor, size)
    # Thousands may have the same amount, and all of them long ago.
    if words or says_amount(wanted.text) or are_far(wanted, Sort.NEWEST):
        return _read_whole(owns, wanted, cursor, size)
    return newest(Invoice, owns, _conditions(wanted), cursor, size)


def _in_order(
    owns: Sequence[int], wanted: InvoiceFilter, cursor: Cursor | None, size: int, sort: Sort
) -> Slice[Invoice]:
    """Return a page of the portal's list, narrowed to these initiators and to what was issued."""
    own = codes({*owns}).values()
    services = tuple(code for code in own if not wanted.services or code in wanted.services)
    statuses = tuple(each for each in wanted.statuses or map(str, InvoiceStatus) if each != InvoiceStatus.DRAFT)
    if not services or not statuses:
        return Slice([], None)
    after = Mark.of(cursor.created_at, cursor.id) if cursor else None
    listed = invoices.search(replace(wanted, services=services, statuses=statuses), after, sort=sort, size=size)
    ids = [each.id for each in listed.rows]
    rows = session().scalars(select(Invoice).where(Invoice.id.in_(ids), Invoice.issued_at.is_not(None)))
    found = {each.id: each for each in rows}
    following = Mark.parse(str(listed.next)) if listed.next else None
    end = Cursor(following.moment, following.id) if following else None
    return Slice([found[each] for each in ids if each in found], end)


def _read_whole(owns: Sequence[int], wanted: InvoiceFilter, cursor: Cursor | None, size: int) -> Slice[Invoice]:
    """Return the page of rare words, an amount or days that were long ago: all of it is read, for all owners at once.

    Walked along the list, everything that came after would be passed (far_days.py).
    """
    asked = [Invoice.initiator_id.in_(owns), *_conditions(wanted)]
    if cursor is not None:
        asked.append(tuple_(Invoice.created_at, Invoice.id) < (cursor.created_at, cursor.id))
    ids = in_order(select(Invoice.id).where(*asked), Sort.NEWEST, None, (), few=True)
    these = next(ids).limit(size + 1).subquery()
    found = select(Invoice).join(these, these.c.id == Invoice.id).order_by(*order_of(Sort.NEWEST))
    return cut(list(session().scalars(found)), size)


def _looked_at(
    owns: Sequence[int], wanted: InvoiceFilter, words: tuple[str, ...], cursor: Cursor | None, size: int
) -> Slice[Invoice]:
    """Return those with these words among the next few thousand of each initiator, as far as all were looked at."""
    asked = [Invoice.issued_at.is_not(None), *conditions(wanted)]
    if cursor is not None:
        asked.append(tuple_(Invoice.created_at, Invoice.id) < (cursor.created_at, cursor.id))
    order = (Invoice.created_at.desc(), Invoice.id.desc())
    walks = [
        select(Invoice.id, Invoice.created_at)
        .where(Invoice.initiator_id == owner, *asked)
        .order_by(*order)
        .limit(LOOKED_AT)
        for owner in owns
    ]
    ids = union_all(*(having(each.subquery(), words) for each in walks)).subquery()
    rows = session().scalars(select(Invoice).where(Invoice.id.in_(select(ids.c.id))).order_by(*order).limit(size + 1))
    ends = [session().execute(each.offset(LOOKED_AT - 1).limit(1)).one_or_none() for each in walks]
    until = max(((each.created_at, each.id) for each in ends if each is not None), default=None)
    found = [each for each in rows if until is None or (each.created_at, each.id) >= until]
    page = cut(found, size)
    return page if page.after or until is None else Slice(page.rows, Cursor(*until))


def by_number(owns: Sequence[int], number: int) -> Invoice:
    """Return one invoice. Raises NotFound alike for a number nobody has and for somebody else's."""
    found = (
        session()
        .scalars(select(Invoice).where(*numbered(owns, number)).execution_options(populate_existing=True))
        .one_or_none()
    )
    if found is None:
        raise NotFound("invoice", number)
    return found


def by_numbers(owns: Sequence[int], numbers: Sequence[int]) -> list[Invoice]:
    """Return these invoices in this order. Raises NotFound as `by_number` does."""
    rows = session().scalars(select(Invoice).where(*numbered(owns, *numbers)).execution_options(populate_existing=True))
    found = {each.number: each for each in rows}
    missing = next((number for number in numbers if number not in found), None)
    if missing is not None:
        raise NotFound("invoice", missing)
    return [found[number] for number in numbers]


def codes(initiator_ids: set[int]) -> dict[int, str]:
    """Return the codes of these initiators by id."""
    rows = session().execute(select(Initiator.id, Initiator.code).where(Initiator.id.in_(initiator_ids)))
    return {each.id: each.code for each in rows}


def numbers(invoice_ids: set[int]) -> dict[int, int | None]:
    """Return the numbers of these invoices by id."""
    rows = session().execute(select(Invoice.id, Invoice.number).where(Invoice.id.in_(invoice_ids)))
    return {each.id: each.number for each in rows}


def lines_of(invoice_ids: Sequence[int]) -> dict[int, list[InvoiceLine]]:
    """Return the lines of all these invoices, in one query."""
    rows = session().scalars(
        select(InvoiceLine).where(InvoiceLine.invoice_id.in_(invoice_ids)).order_by(InvoiceLine.position)
    )
    return _grouped((each.invoice_id, each) for each in rows)


def payments_of(invoice_ids: Sequence[int]) -> dict[int, list[Payment]]:
    """Return the payments of all these invoices, oldest first, in one query.

    Bulk payments that gave to them, or were begun for them, are theirs too.
    """
    own = select(Payment.id.label("payment_id"), Payment.invoice_id.label("invoice_id")).where(
        Payment.invoice_id.in_(invoice_ids)
    )
    given = select(Allocation.payment_id, Allocation.invoice_id).where(Allocation.invoice_id.in_(invoice_ids))
    begun = (
        select(Payment.id, BulkMember.member_id)
        .join(BulkMember, BulkMember.parent_id == Payment.invoice_id)
        .where(BulkMember.member_id.in_(invoice_ids), BulkMember.released_at.is_(None))
    )
    both = own.union(given, begun).subquery()
    rows = session().execute(
        select(both.c.invoice_id, Payment).join(both, both.c.payment_id == Payment.id).order_by(Payment.id)
    )
    return _grouped((invoice_id, payment) for invoice_id, payment in rows)


def events_of(invoice_ids: Sequence[int]) -> dict[int, list[Announcement]]:
    """Return the public events of all these invoices, oldest first, in one query."""
    rows = session().scalars(
        select(Announcement).where(Announcement.invoice_id.in_(invoice_ids)).order_by(Announcement.id)
    )
    return _grouped((each.invoice_id, each) for each in rows)


def _grouped(pairs: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for key, each in pairs:
        found[key].append(each)
    return found


def _conditions(wanted: InvoiceFilter) -> list[ColumnElement[bool]]:
    """Return what the list of the portal asks, too; what people still write there is not a service's business yet."""
    return [Invoice.issued_at.is_not(None), *everything(wanted)]
