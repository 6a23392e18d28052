"""Disputes: what is open with its deadline, what ended, and everything about one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select, text, tuple_

from app.domain.errors import NotFound
from app.models.dispute import STILL_OPEN, Dispute
from app.models.event import Event
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.models.payment import Payment
from app.queries import actors
from app.queries.counting import count_up_to
from app.queries.paging import COUNT_LIMIT, PAGE_SIZE, Cursor, Page, next_cursor
from app.queries.session import session
from app.queries.timeline import Happening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import TextClause

OPEN = 200
LONGEST = 100


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """One line of the list."""

    dispute: Dispute
    number: int | None
    payer: str
    service: str


@dataclass(frozen=True, slots=True)
class DisputeDetail:
    """Everything one page says about a dispute; `names` are those of the people in it."""

    dispute: Dispute
    payment: Payment
    invoice: Invoice
    service: Initiator
    happenings: Sequence[Happening]
    names: dict[str, str]


def open_ones() -> list[DisputeRow]:
    """Return the open disputes, the nearest deadline first, at most two hundred."""
    found = _rows(text(STILL_OPEN_OF_IT)).order_by(Dispute.evidence_due_on.asc().nulls_last(), Dispute.id).limit(OPEN)
    return [DisputeRow(*row) for row in session().execute(found)]


def ended(cursor: Cursor | None = None, *, size: int = PAGE_SIZE) -> Page[DisputeRow]:
    """Return a page of those that ended, newest first, and how many there are, counted up to ten thousand."""
    over = text(f"not ({STILL_OPEN_OF_IT})")
    found = _rows(over).order_by(Dispute.created_at.desc(), Dispute.id.desc()).limit(size + 1)
    if cursor is not None:
        found = found.where(tuple_(Dispute.created_at, Dispute.id) < (cursor.created_at, cursor.id))
    rows = [DisputeRow(*row) for row in session().execute(found)]
    following = next_cursor([row.dispute for row in rows], size)
    return Page(rows[:size], following, count_up_to(COUNT_LIMIT, select(Dispute.id).where(over)))


def detail(dispute_id: int) -> DisputeDetail:
    """Return everything about one dispute in a fixed number of queries. Raises NotFound."""
    found = (
        session()
        .execute(
            select(Dispute, Payment, Invoice, Initiator)
            .join(Payment, Payment.id == Dispute.payment_id)
            .join(Invoice, Invoice.id == Dispute.invoice_id)
            .join(Initiator, Initiator.id == Payment.initiator_id)
            .where(Dispute.id == dispute_id)
            .execution_options(populate_existing=True)
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("dispute", dispute_id)
    dispute, payment, invoice, service = found
    told = _told(dispute)
    who = [dispute.opened_by, dispute.closed_by, *(f"{each.actor_kind}:{each.actor}" for each in told)]
    return DisputeDetail(dispute, payment, invoice, service, told, actors.names(who))


STILL_OPEN_OF_IT = STILL_OPEN.replace("status", "dispute.status")


def _told(dispute: Dispute) -> list[Happening]:
    events = session().scalars(
        select(Event)
        .where(Event.invoice_id == dispute.invoice_id, Event.data["dispute"].as_integer() == dispute.id)
        .order_by(Event.id.desc())
        .limit(LONGEST)
    )
    return [
        Happening(each.created_at, each.kind, each.actor_kind, each.actor, each.reason, each.data) for each in events
    ]


def _rows(which: TextClause) -> Select[*tuple[Any, ...]]:
    return (
        select(Dispute, Invoice.number, func.coalesce(Invoice.customer_name, ""), Initiator.code)
        .join(Invoice, Invoice.id == Dispute.invoice_id)
        .join(Initiator, Initiator.id == Invoice.initiator_id)
        .where(which)
    )
