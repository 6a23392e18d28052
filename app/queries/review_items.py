"""Review items, which the portal calls questions: what is open and whose it is, what was decided, and one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, or_, select, text, tuple_

from app.domain.errors import NotFound
from app.models.dispute import Dispute
from app.models.event import Event
from app.models.invoice import Invoice
from app.models.operator import Operator, WhiteCode
from app.models.payment import Payment
from app.models.review_item import ReviewItem
from app.models.surplus import Surplus
from app.queries import actors
from app.queries.paging import PAGE_SIZE, Cursor
from app.queries.session import session
from app.queries.timeline import Happening

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

LONGEST = 100
# Spelled as the predicate of its partial index, which the planner compares literally.
OF_QUESTION = text("event.kind like 'review.item.%' and (event.data ->> 'item')::bigint = :item")


@dataclass(frozen=True, slots=True)
class ReviewItemFilter:
    """What somebody is looking for: kinds by their beginning, whose, and whether decided ones."""

    families: tuple[str, ...] = ()
    owner: str = ""
    decided: bool = False


@dataclass(frozen=True, slots=True)
class ReviewItems:
    """A page of them; `names` are those of their owners."""

    rows: Sequence[tuple[ReviewItem, int | None]]
    next: Cursor | None
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class ReviewItemDetail:
    """Everything one page says about a question, and what it is about as far as there is such a thing."""

    item: ReviewItem
    invoice: Invoice | None
    payment: Payment | None
    dispute_id: int | None
    surplus_id: int | None
    happenings: Sequence[Happening]
    names: dict[str, str]


def search(wanted: ReviewItemFilter, cursor: Cursor | None = None, *, size: int = PAGE_SIZE) -> ReviewItems:
    """Return a page: of open ones the oldest first, of decided ones the latest first."""
    found: Select[*tuple[Any, ...]] = select(ReviewItem, Invoice.number).join(
        Invoice, Invoice.id == ReviewItem.invoice_id, isouter=True
    )
    if wanted.families:
        found = found.where(or_(*(ReviewItem.kind.startswith(each, autoescape=True) for each in wanted.families)))
    if wanted.owner:
        found = found.where(ReviewItem.owner == wanted.owner)
    found = _decided(found, cursor) if wanted.decided else _open(found, cursor)
    rows = [(row[0], row[1]) for row in session().execute(found.limit(size + 1))]
    last = rows[size - 1][0] if len(rows) > size else None
    following = Cursor(last.resolved_at or last.created_at, last.id) if last else None
    who = [each.owner for each, _number in rows] + [each.resolved_by or "" for each, _number in rows]
    who += [person for each, _number in rows for person in actors.named_in(each.sentence)]
    return ReviewItems(rows[:size], following, actors.names(who))


def _decided(found: Select[*tuple[Any, ...]], cursor: Cursor | None) -> Select[*tuple[Any, ...]]:
    place = tuple_(ReviewItem.resolved_at, ReviewItem.id)
    found = found.where(ReviewItem.resolved_at.is_not(None))
    found = found.order_by(ReviewItem.resolved_at.desc(), ReviewItem.id.desc())
    return found if cursor is None else found.where(place < (cursor.created_at, cursor.id))


def _open(found: Select[*tuple[Any, ...]], cursor: Cursor | None) -> Select[*tuple[Any, ...]]:
    place = tuple_(ReviewItem.created_at, ReviewItem.id)
    found = found.where(ReviewItem.resolved_at.is_(None)).order_by(ReviewItem.created_at, ReviewItem.id)
    return found if cursor is None else found.where(place > (cursor.created_at, cursor.id))


def detail(item_id: int) -> ReviewItemDetail:
    """Return everything about one question in a fixed number of queries. Raises NotFound."""
    tx = session()
    item = tx.get(ReviewItem, item_id, populate_existing=True)
    if item is None:
        raise NotFound("question", item_id)
    told = _told(item)
    who = [item.owner, item.resolved_by, *(f"{each.actor_kind}:{each.actor}" for each in told)]
    who += [*(str(each.data.get("owner", "")) for each in told), *actors.named_in(item.sentence)]
    return ReviewItemDetail(
        item,
        tx.get(Invoice, item.invoice_id) if item.invoice_id else None,
        tx.get(Payment, item.payment_id) if item.payment_id else None,
        tx.scalar(select(Dispute.id).where(Dispute.payment_id == item.payment_id).order_by(Dispute.id.desc()).limit(1)),
        tx.scalar(select(Surplus.id).where(Surplus.payment_id == item.payment_id)),
        told,
        actors.names(who),
    )


def people(roles: Collection[str]) -> list[tuple[str, str]]:
    """Return who may be given a question: people on the white list in these roles, as they are kept and by name."""
    now = datetime.now(UTC)
    found = session().execute(
        select(Operator.id, Operator.name, Operator.subject)
        .join(WhiteCode, (WhiteCode.tenant_id == Operator.tenant_id) & (WhiteCode.subject == Operator.subject))
        .where(
            WhiteCode.revoked_at.is_(None),
            or_(WhiteCode.expires_at.is_(None), WhiteCode.expires_at > now),
            WhiteCode.role.in_(sorted(roles)),
        )
        .order_by(Operator.name, Operator.id)
        .limit(LONGEST)
    )
    return [(f"{actors.KIND}{key}", name or subject) for key, name, subject in found]


def _told(item: ReviewItem) -> list[Happening]:
    events = session().scalars(
        select(Event).where(OF_QUESTION.bindparams(item=item.id)).order_by(Event.id.desc()).limit(LONGEST)
    )
    return [
        Happening(each.created_at, each.kind, each.actor_kind, each.actor, each.reason, each.data) for each in events
    ]
