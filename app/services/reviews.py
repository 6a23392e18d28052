"""Questions for a person: asked once, with the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.models.review_item import ReviewItem
from app.services import timeline
from app.uow import session

if TYPE_CHECKING:
    from collections.abc import Sequence


def ask(
    kind: str,
    dedupe_key: str,
    sentence: str,
    *,
    invoice_id: int | None = None,
    payment_id: int | None = None,
    evidence: dict[str, Any] | None = None,
    tenant_id: int,
) -> bool:
    """Open a review item and say so on the timeline; return False when the same question was asked before."""
    asked = (
        session()
        .execute(
            insert(ReviewItem)
            .values(
                tenant_id=tenant_id,
                kind=kind,
                dedupe_key=dedupe_key,
                sentence=sentence,
                invoice_id=invoice_id,
                payment_id=payment_id,
                evidence=evidence or {},
            )
            .on_conflict_do_nothing(constraint="uq_review_item_kind_dedupe_key")
            .returning(ReviewItem.id)
        )
        .scalar_one_or_none()
    )
    if asked is None:
        return False
    timeline.record(
        "review.item.opened",
        invoice_id=invoice_id,
        payment_id=payment_id,
        reason=sentence,
        data={"kind": kind, "item": asked},
        tenant_id=tenant_id,
    )
    return True


def ask_again(kind: str, dedupe_key: str, sentence: str, evidence: dict[str, Any]) -> None:
    """Open a question that was asked before, because there is more to decide; the timeline keeps what it was."""
    asked = session().execute(
        update(ReviewItem)
        .where(ReviewItem.kind == kind, ReviewItem.dedupe_key == dedupe_key)
        .values(sentence=sentence, evidence=evidence, resolved_at=None, resolved_by=None, resolution=None)
        .returning(ReviewItem.id, ReviewItem.invoice_id, ReviewItem.payment_id, ReviewItem.tenant_id)
    )
    for item in asked:
        timeline.record(
            "review.item.opened",
            invoice_id=item.invoice_id,
            payment_id=item.payment_id,
            reason=sentence,
            data={"kind": kind, "item": item.id},
            tenant_id=item.tenant_id,
        )


def note(kind: str, dedupe_key: str, evidence: dict[str, Any]) -> None:
    """Write newer evidence under an open question."""
    session().execute(
        update(ReviewItem)
        .where(ReviewItem.kind == kind, ReviewItem.dedupe_key == dedupe_key, ReviewItem.resolved_at.is_(None))
        .values(evidence=evidence)
    )


def answer(kind: str, dedupe_key: str, *, by: str, resolution: str) -> bool:
    """Close an open question with its answer; return False when there is none."""
    closed = session().execute(
        update(ReviewItem)
        .where(ReviewItem.kind == kind, ReviewItem.dedupe_key == dedupe_key, ReviewItem.resolved_at.is_(None))
        .values(resolved_at=func.clock_timestamp(), resolved_by=by, resolution=resolution)
        .returning(ReviewItem.id)
    )
    return bool(closed.all())


def answer_each(kind: str, dedupe_keys: Sequence[str], *, by: str, resolution: str) -> None:
    """Close those of these questions that are open, all with the same answer."""
    session().execute(
        update(ReviewItem)
        .where(ReviewItem.kind == kind, ReviewItem.dedupe_key.in_(dedupe_keys), ReviewItem.resolved_at.is_(None))
        .values(resolved_at=func.clock_timestamp(), resolved_by=by, resolution=resolution)
    )


def answer_about(payment_id: int, *kinds: str, by: str, resolution: str) -> int:
    """Close all open questions of these kinds about a payment; return how many there were."""
    closed = session().execute(
        update(ReviewItem)
        .where(ReviewItem.kind.in_(kinds), ReviewItem.payment_id == payment_id, ReviewItem.resolved_at.is_(None))
        .values(resolved_at=func.clock_timestamp(), resolved_by=by, resolution=resolution)
        .returning(ReviewItem.id)
    )
    return len(closed.all())


def is_open(kind: str, payment_id: int) -> bool:
    """Return whether such a question about a payment waits for its answer."""
    waiting = exists().where(
        ReviewItem.kind == kind, ReviewItem.payment_id == payment_id, ReviewItem.resolved_at.is_(None)
    )
    return bool(session().scalar(select(waiting)))
