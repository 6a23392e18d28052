"""Working on questions: taking one, handing it on, asking the gateway again, and deciding it with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.errors import Conflict, NotFound
from app.domain.money import Money, format_amount
from app.models.payment import GatewayReference, Payment
from app.models.review_item import ReviewItem
from app.services import link_payments, timeline
from app.services.payments import know_reference
from app.services.refresh import look_again
from app.uow import retried, ring_after_commit, session, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.services.timeline import Actor

TEAM = "finance"
REFERENCE = "reference"


class QuestionMoved(Conflict):
    """Somebody else has decided this question, or has it now."""


@retried
def take(item_id: int, *, actor: Actor, seen_owner: str) -> None:
    """Make the question this person's. Raises NotFound, or QuestionMoved when it is not the seen owner's any more."""
    with transaction() as tx:
        item = _lock(tx, item_id)
        if item.owner == str(actor):
            return
        if item.owner != seen_owner:
            raise QuestionMoved(code="owner")
        item.owner = str(actor)
        _tell("review.item.taken", item, actor, None)


@retried
def hand_on(item_id: int, to: str, *, actor: Actor, reason: str) -> None:
    """Give the question to somebody else, `operator:12`, or back to the team. Raises NotFound, QuestionMoved."""
    with transaction() as tx:
        item = _lock(tx, item_id)
        if item.owner == to:
            return
        item.owner = to
        _tell("review.item.handed_on", item, actor, reason)


@retried
def resolve(item_id: int, resolution: str, *, actor: Actor, reason: str) -> None:
    """Decide the question, once; money moves by other verbs. Raises NotFound, QuestionMoved when it is decided."""
    with transaction() as tx:
        item = _lock(tx, item_id)
        item.resolved_at = datetime.now(UTC)
        item.resolved_by = str(actor)
        item.resolution = f"{resolution}: {reason}"
        _tell("review.item.resolved", item, actor, reason)


@retried
def look(item_id: int, *, actor: Actor, reason: str) -> None:
    """Owe another look at the gateway; what it says is booked as always and the question stays open.

    Raises NotFound, QuestionMoved, Conflict when the question is about nothing a gateway knows.
    """
    with transaction() as tx:
        item = _lock(tx, item_id)
        reference_id = reference_of(tx, item)
        if reference_id is None:
            raise Conflict("This question is about nothing a gateway could be asked for", code="no_reference")
        look_again(tx.get_one(GatewayReference, reference_id, with_for_update=True, populate_existing=True))
        _tell("review.item.looked", item, actor, reason)
        ring_after_commit()


@retried
def count(item_id: int, *, actor: Actor, reason: str) -> None:
    """Let the money count that an older link asked for, and owe the look that books it: the gateway's word, not ours.

    Raises NotFound, QuestionMoved, Conflict when the question is another one.
    """
    with transaction() as tx:
        item = _lock(tx, item_id)
        if not can_count(item):
            raise Conflict("The money of this question cannot be counted as it came", code="other_question")
        item.resolved_at = datetime.now(UTC)
        item.resolved_by = str(actor)
        item.resolution = f"{link_payments.COUNTS}: {reason}"
        _tell("review.item.resolved", item, actor, reason)
        reference_id = reference_of(tx, item)
        look_again(tx.get_one(GatewayReference, reference_id, with_for_update=True, populate_existing=True))
        ring_after_commit()


def can_count(item: ReviewItem) -> bool:
    """Return whether the question is about money that came as an older link asked for it, and only about that."""
    if item.kind != link_payments.DIFFERS or item.payment_id is None:
        return False
    payment = session().get_one(Payment, item.payment_id)
    asked = format_amount(Money(payment.amount_minor, payment.currency))
    said = item.evidence
    return (
        payment.method == link_payments.LINK
        and not payment.captured_minor
        and (said.get("initial"), said.get("account")) == (asked, payment.account)
    )


def can_look(item: ReviewItem) -> bool:
    """Return whether the question is about something a gateway can be asked for."""
    if item.payment_id is None:
        return item.dedupe_key.startswith(f"{REFERENCE}:")
    known = select(Payment.id).where(Payment.id == item.payment_id, Payment.external_id.is_not(None))
    return session().scalar(known) is not None


def reference_of(tx: Session, item: ReviewItem) -> int | None:
    """Return the gateway's reference the question is about, None when there is none."""
    if item.payment_id is not None:
        payment = tx.get_one(Payment, item.payment_id)
        return know_reference(payment, payment.gateway).id if payment.external_id is not None else None
    kind, _colon, rest = item.dedupe_key.partition(":")
    key = rest.partition(":")[0]
    if kind != REFERENCE or not key.isdigit():
        return None
    return tx.scalar(select(GatewayReference.id).where(GatewayReference.id == int(key)))


def _lock(tx: Session, item_id: int) -> ReviewItem:
    item = tx.get(ReviewItem, item_id, with_for_update=True, populate_existing=True)
    if item is None:
        raise NotFound("question", item_id)
    if item.resolved_at is not None:
        raise QuestionMoved(code="resolved")
    return item


def _tell(kind: str, item: ReviewItem, actor: Actor, reason: str | None) -> None:
    session().flush()
    timeline.record(
        kind,
        actor=actor,
        invoice_id=item.invoice_id,
        payment_id=item.payment_id,
        reason=reason,
        data={"kind": item.kind, "item": item.id, "owner": item.owner},
        tenant_id=item.tenant_id,
    )
