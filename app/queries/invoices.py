"""Questions about invoices: the list, and everything about one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy import CTE, ColumnElement, Select, func, select

from app.domain.errors import NotFound
from app.domain.invoice import PAYABLE
from app.extensions import db
from app.models.dispute import Dispute
from app.models.initiator import Initiator
from app.models.invoice import BULK, KINDS, Invoice, InvoiceLine, InvoiceVat
from app.models.outbox import OutboxRow
from app.models.payment import Payment
from app.models.refund import Refund
from app.models.review_item import ReviewItem
from app.models.settlement import Allocation
from app.queries import credit_notes, house, timeline
from app.queries.far_days import are_far, are_whole
from app.queries.invoice_filter import PAID, InvoiceFilter, asked_days, conditions, everything
from app.queries.invoice_row import SHOW, InvoiceRow
from app.queries.invoice_words import COMMON, Place, are_common, count_of, found_by, having, newest, words_of
from app.queries.paging import COUNT_LIMIT, PAGE_SIZE, Count, Page
from app.queries.sorting import Mark, Sort, first_of, in_order, order_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.models.credit_note import CreditNote
    from app.models.inbox import InboxMessage
    from app.queries.timeline import Booking, Happening

# How many are looked at one by one for a common word: all of a filter, or at most so many of the next in the order.
FEW, LOOKED_AT = 2_000, 2_000
# What money is still to come for; a bulk payment holds what is owed on its members.
OPEN = InvoiceFilter(statuses=tuple(sorted(PAYABLE)), kinds=tuple(kind for kind in KINDS if kind != BULK))


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
        words = words_of(self.wanted.text) if self.wanted.text else ()
        return words if words and are_common(words) else ()

    @cached_property
    def walks(self) -> bool:
        """Whether only the next few thousand are looked at for the common words."""
        return bool(self.common) and not are_few(self.wanted)


class Owed(NamedTuple):
    """How many invoices, and what is still to come for them: (currency, minor units)."""

    many: Count
    sums: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class InvoiceDetail:
    """Everything one page says about an invoice."""

    invoice: Invoice
    service: Initiator
    lines: Sequence[InvoiceLine]
    payments: Sequence[Payment]
    messages: Sequence[InboxMessage]
    happenings: Sequence[Happening]
    bookings: Sequence[Booking]
    deliveries: Sequence[OutboxRow]
    questions: Sequence[ReviewItem]
    vat: Sequence[InvoiceVat]
    credit_notes: Sequence[CreditNote]
    refunds: Sequence[Refund]
    disputes: Sequence[Dispute]
    names: dict[str, str]


def search(
    wanted: InvoiceFilter, after: Mark | None = None, *, sort: Sort = Sort.NEWEST, size: int = PAGE_SIZE
) -> Page[InvoiceRow]:
    """Return a page of invoices in this order, and how many match, counted up to a limit.

    A page may have fewer rows and a next one, when only so many were looked at.
    """
    asked = Question(wanted)
    end: Mark | None = None
    if sort is Sort.NEWEST and asked.is_words:
        places, count = found_by(wanted.text, _place(after), size + 1)
        found = _at(places)
    else:
        count = _counted(asked)
        found, end = _listed(asked, after, sort, size + 1, few=bool(wanted) and not count.is_capped)
    following = _mark(found[size - 1], sort) if len(found) > size else end
    return Page(found[:size], following, count)


def rows(wanted: InvoiceFilter, after: Mark | None = None, *, sort: Sort = Sort.NEWEST, size: int) -> list[InvoiceRow]:
    """Return up to `size` invoices in this order, those after the mark; the index that is used follows the words."""
    return _listed(Question(wanted), after, sort, size)[0]


def count(wanted: InvoiceFilter) -> Count:
    """Return how many invoices match, counted up to ten thousand; with more than one thing asked, up to a thousand."""
    return _counted(Question(wanted))


def _listed(
    asked: Question, after: Mark | None, sort: Sort, size: int, *, few: bool = False
) -> tuple[list[InvoiceRow], Mark | None]:
    """Return up to `size` rows, and where the look for more ended, if it did before there were no more.

    Of `few` all are read and put in order: a walk along the order may pass every other invoice.
    """
    wanted = asked.wanted
    if sort is Sort.NEWEST and asked.is_words:
        return _at(newest(wanted.text, _place(after), size)), None
    if asked.walks:
        return _looked_at(asked, after, sort, size)
    listed: list[InvoiceRow] = []
    # Common words that are not looked for a few thousand at a time stand beside a filter that leaves few.
    few = few or bool(asked.common) or are_far(wanted, sort)
    of_days = are_whole(wanted, sort)
    for part in in_order(
        _meant(asked), sort, after, wanted.statuses, paid=wanted.only_paid(), few=few, of_days=of_days
    ):
        listed += _shown(part.limit(size - len(listed)), sort)
        if len(listed) == size:
            break
    return listed, None


def _looked_at(asked: Question, after: Mark | None, sort: Sort, size: int) -> tuple[list[InvoiceRow], Mark | None]:
    """Return those with these words among the next few thousand that match otherwise, and where these end."""
    listed: list[InvoiceRow] = []
    wanted = asked.wanted
    few = select(Invoice.id).where(*conditions(wanted))
    far, of_days = are_far(wanted, sort), are_whole(wanted, sort, many=True)
    for part in in_order(few, sort, after, wanted.statuses, paid=wanted.only_paid(), few=far, of_days=of_days):
        walk = part.limit(LOOKED_AT)
        # The first are chosen before more is read of them: most of what was looked at may have the words.
        meant = first_of(walk, sort, size - len(listed), lambda these: having(these, asked.common))
        listed += _shown(meant, sort)
        if len(listed) == size:
            return listed, None
        if end := _shown(walk.offset(LOOKED_AT - 1).limit(1), sort):
            return listed, _mark(end[0], sort)
    return listed, None


def _counted(asked: Question) -> Count:
    if asked.is_words:
        return count_of(asked.wanted.text)
    wanted, common = asked.wanted, asked.common
    limit = COMMON if common or wanted.parts() > 1 else COUNT_LIMIT
    meant = _meant(asked)
    if asked.walks:
        few = select(Invoice.id).where(*conditions(wanted))
        walk = next(in_order(few, Sort.NEWEST, None, (), few=are_far(wanted, Sort.NEWEST)))
        meant = having(walk.limit(LOOKED_AT).subquery(), common)
    else:
        meant = meant.order_by(*_narrowest(wanted))
    some = meant.limit(limit + 1).subquery()
    number = _session().scalar(select(func.count()).select_from(some)) or 0
    return Count(min(number, limit), number > limit or asked.walks)


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
    return (_session().scalar(select(func.count()).select_from(some)) or 0) <= FEW


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
    return _rows(SHOW.where(Invoice.id.in_([each.id for each in places])).order_by(*order_of(Sort.NEWEST)))


def _shown(ids: Select[int], sort: Sort) -> list[InvoiceRow]:
    """Return the lines of these invoices, which are few."""
    these = ids.subquery()
    return _rows(SHOW.join(these, these.c.id == Invoice.id).order_by(*order_of(sort)))


def _rows(found: Select[Any]) -> list[InvoiceRow]:
    return [InvoiceRow(*row) for row in _session().execute(found)]


def _mark(row: InvoiceRow, sort: Sort) -> Mark:
    if sort.by == "paid" and row.paid_at is None:
        return Mark(-Mark.of(row.created_at, row.id).value, row.id)
    return Mark.of({"created": row.created_at, "amount": row.total_minor, "paid": row.paid_at}[sort.by], row.id)


def owed(wanted: InvoiceFilter) -> Owed:
    """Return how many invoices match and what is still to come for them by currency, up to ten thousand of them."""
    still = (Invoice.total_minor - Invoice.credited_minor - Invoice.captured_minor).label("still")
    some = select(Invoice.currency, still).where(*everything(wanted)).limit(COUNT_LIMIT + 1).subquery()
    each = some.c.currency
    sums = select(each, func.count(), func.sum(some.c.still)).group_by(each).order_by(each)
    found = [(currency, many, int(minor)) for currency, many, minor in _session().execute(sums)]
    number = sum(many for _currency, many, _minor in found)
    capped = Count(min(number, COUNT_LIMIT), number > COUNT_LIMIT)
    return Owed(capped, [(currency, minor) for currency, _many, minor in found])


def services() -> Sequence[str]:
    """Return the codes of the services that send invoices."""
    return _session().scalars(select(Initiator.code).order_by(Initiator.code)).all()


def detail(number: int) -> InvoiceDetail:
    """Return everything about one invoice in a fixed number of queries. Raises NotFound."""
    invoice, service = _one(number)
    tx = _session()
    payments = tx.scalars(_payments_of(invoice.id)).all()
    messages = timeline.messages_about(payments)
    happenings = timeline.of_invoice(invoice.id, messages)
    of_payments = [each.id for each in payments]
    return InvoiceDetail(
        invoice=invoice,
        service=service,
        lines=tx.scalars(
            select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
        ).all(),
        payments=payments,
        messages=messages,
        happenings=happenings,
        bookings=timeline.bookings_of(invoice.id),
        deliveries=deliveries_of(invoice.id),
        questions=tx.scalars(
            select(ReviewItem)
            .where(ReviewItem.invoice_id == invoice.id, ReviewItem.resolved_at.is_(None))
            .order_by(ReviewItem.id)
        ).all(),
        vat=tx.scalars(
            select(InvoiceVat)
            .where(InvoiceVat.invoice_id == invoice.id)
            .order_by(InvoiceVat.basis_points.desc(), InvoiceVat.code)
        ).all(),
        credit_notes=credit_notes.of_invoice(invoice.id),
        refunds=tx.scalars(select(Refund).where(Refund.payment_id.in_(of_payments)).order_by(Refund.id.desc())).all(),
        disputes=tx.scalars(
            select(Dispute).where(Dispute.payment_id.in_(of_payments)).order_by(Dispute.id.desc())
        ).all(),
        names=house.names_of({each.actor for each in happenings if each.actor_kind == "operator"}),
    )


def by_number(number: int) -> Invoice:
    """Return one invoice as it is now. Raises NotFound."""
    return _one(number)[0]


def deliveries_of(invoice_id: int) -> Sequence[OutboxRow]:
    """Return what we owed or owe to the service about this invoice, newest first."""
    return (
        _session()
        .scalars(
            select(OutboxRow)
            .where(OutboxRow.invoice_id == invoice_id, OutboxRow.kind.startswith("initiator."))
            .order_by(OutboxRow.id.desc())
        )
        .all()
    )


def _one(number: int) -> tuple[Invoice, Initiator]:
    found = (
        _session()
        .execute(
            select(Invoice, Initiator)
            .join(Initiator, Initiator.id == Invoice.initiator_id)
            .where(Invoice.number == number)
            .execution_options(populate_existing=True)
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("invoice", number)
    invoice, service = found
    return invoice, service


def _payments_of(invoice_id: int) -> Select[Payment]:
    """Return the tries to pay this invoice, a collective payment that gave it a part included, newest first."""
    own = select(Payment.id).where(Payment.invoice_id == invoice_id)
    given = select(Allocation.payment_id).where(Allocation.invoice_id == invoice_id)
    return select(Payment).where(Payment.id.in_(own.union(given))).order_by(Payment.id.desc())


def _session() -> Session:
    return cast("Session", db.session())
