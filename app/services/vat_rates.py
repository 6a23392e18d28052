"""Adding and ending rates of value added tax; what was issued keeps the rate it was issued with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.domain import vat
from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.vat import Rate, VatCategory
from app.models.tenant import Tenant
from app.models.vat_rate import VatRate
from app.services import timeline
from app.uow import retried, transaction

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from app.services.timeline import Actor


class AlreadyEnded(Conflict):
    """This rate has its last day already."""


@dataclass(frozen=True, slots=True)
class Added:
    """A rate that was added, and the last day of the one it follows; or one put right before its first day."""

    id: int
    previous_ends_on: date | None = None
    is_correction: bool = False


@retried
def add(rate: Rate, *, today: date, actor: Actor, reason: str, tenant_id: int = 1) -> Added:
    """Add a rate; the open one of the same code ends the day before, if that is not over: invoices carry it.

    A rate of this code and first day that has not begun is put right instead: no invoice carries it yet.

    Raises Invalid, RatesOverlap.
    """
    vat.check(rate)
    with transaction() as tx:
        tx.get_one(Tenant, tenant_id, with_for_update=True)  # two people may add the first rate of one code
        rows = _of_code(tx, rate.code, tenant_id)
        ahead = next((each for each in rows if each.valid_from == rate.valid_from > today), None)
        if ahead is not None:
            return _put_right(tx, ahead, rate, actor, reason)
        known = {_rate(each): each for each in rows}
        follows = vat.closing(known, rate)
        if follows is not None and rate.valid_from <= today:
            raise Invalid.field("valid_from", f"must be after {today}: until then another rate holds")
        if follows is not None:
            previous, last_day = follows
            known[previous].valid_to = last_day
            tx.flush()
            _tell("vat_rate.ended", known[previous], actor, reason)
        added = VatRate(
            tenant_id=tenant_id,
            code=rate.code,
            category=rate.category,
            basis_points=rate.basis_points,
            valid_from=rate.valid_from,
            valid_to=rate.valid_to,
        )
        tx.add(added)
        tx.flush()
        _tell("vat_rate.added", added, actor, reason)
        return Added(added.id, follows[1] if follows else None)


@retried
def end(rate_id: int, last_day: date, *, today: date, actor: Actor, reason: str) -> None:
    """Give an open rate its last day, today or later, so that no invoice loses the rate it was issued with.

    Raises NotFound, AlreadyEnded, Invalid.
    """
    with transaction() as tx:
        found = tx.get(VatRate, rate_id, with_for_update=True, populate_existing=True)
        if found is None:
            raise NotFound("vat rate", rate_id)
        if found.valid_to is not None:
            raise AlreadyEnded(f"This rate ends on {found.valid_to} already")
        if last_day < max(today, found.valid_from):
            raise Invalid.field("valid_to", f"must be {max(today, found.valid_from)} or later")
        found.valid_to = last_day
        tx.flush()
        _tell("vat_rate.ended", found, actor, reason)


def _put_right(tx: Session, ahead: VatRate, rate: Rate, actor: Actor, reason: str) -> Added:
    before = {"category": ahead.category, "basis_points": ahead.basis_points}
    ahead.category, ahead.basis_points = rate.category, rate.basis_points
    tx.flush()
    _tell("vat_rate.corrected", ahead, actor, reason, before=before)
    return Added(ahead.id, is_correction=True)


def _of_code(tx: Session, code: str, tenant_id: int) -> list[VatRate]:
    return list(
        tx.scalars(
            select(VatRate)
            .where(VatRate.tenant_id == tenant_id, VatRate.code == code)
            .order_by(VatRate.valid_from)
            .execution_options(populate_existing=True)
        )
    )


def _rate(row: VatRate) -> Rate:
    return Rate(row.code, VatCategory(row.category), row.basis_points, row.valid_from, row.valid_to)


def _tell(kind: str, row: VatRate, actor: Actor, reason: str, **more: Any) -> None:
    timeline.record(
        kind,
        actor=actor,
        reason=reason,
        data={
            "vat_rate": row.id,
            "code": row.code,
            "category": row.category,
            "basis_points": row.basis_points,
            "valid_from": row.valid_from.isoformat(),
            "valid_to": row.valid_to.isoformat() if row.valid_to else None,
            **more,
        },
        tenant_id=row.tenant_id,
    )
