"""Reservations of names against an invoice's number: who has paid, and giving one up (eis.md 5.15, 5.16, 10.1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import any_, exists, func, literal, select

from app.domain.errors import NotFound
from app.domain.invoice import EIS_WORD, InvoiceStatus
from app.models.invoice import Invoice, InvoiceClaim
from app.queries.own_numbers import numbered
from app.services import timeline
from app.services.cancellation import cancel, hindrance
from app.services.invoice_status import StatusRefused, lock
from app.services.timeline import Actor
from app.uow import retried, session, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.services.initiators import Caller


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What became of the reservations somebody gave up: invoice numbers, and why those that were kept were kept."""

    released: tuple[int, ...]
    kept: dict[int, str]


def is_paid(caller: Caller, number: int, user_unique_id: str) -> bool:
    """Return whether this holder's reservation has been paid: of several on one number only the first payer's is.

    Raises NotFound alike for a number nobody has, somebody else's, and another holder's.
    """
    others = InvoiceClaim.__table__.alias("others")
    shared = exists().where(others.c.invoice_id == InvoiceClaim.invoice_id, others.c.id != InvoiceClaim.id)
    found = (
        session()
        .execute(
            select(Invoice.status, InvoiceClaim.won_at, InvoiceClaim.released_at, shared)
            .join(InvoiceClaim, InvoiceClaim.invoice_id == Invoice.id)
            .where(
                *numbered(caller.owns, number),
                InvoiceClaim.user_unique_id == user_unique_id,
            )
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("invoice", number)
    status, won_at, released_at, is_shared = found
    if EIS_WORD[InvoiceStatus(status)] != "paid":
        return False
    return won_at is not None or (released_at is None and not is_shared)


@retried
def give_up(caller: Caller, name: str, user_unique_id: str) -> GivenUp:
    """Release every reservation of this name by this holder, and cancel the invoices nobody else waits for.

    A repetition finds the same and changes nothing. Raises NotFound when there is none, StatusRefused when every one
    has been paid or is being paid.
    """
    with transaction() as tx:
        released, kept = [], {}
        for invoice_id in _invoices(tx, caller, name, user_unique_id):
            invoice = lock(tx, invoice_id)
            obstacle = _release(tx, invoice, name, user_unique_id, Actor("initiator", caller.code))
            if obstacle:
                kept[invoice.number or 0] = obstacle
            else:
                released.append(invoice.number or 0)
        if not released and not kept:
            raise NotFound("reservation", name)
        if not released:
            raise StatusRefused("; ".join(f"Invoice {number} {why}" for number, why in kept.items()))
        return GivenUp(tuple(released), kept)


def _invoices(tx: Session, caller: Caller, name: str, user_unique_id: str) -> list[int]:
    """Return the invoices of these reservations, in the order in which they are locked."""
    found = tx.scalars(
        select(Invoice.id)
        .join(InvoiceClaim, InvoiceClaim.invoice_id == Invoice.id)
        .where(
            Invoice.initiator_id.in_(caller.owns),
            InvoiceClaim.user_unique_id == user_unique_id,
            literal(name) == any_(InvoiceClaim.names),
        )
        .order_by(Invoice.id)
    )
    return list(found)


def _release(tx: Session, invoice: Invoice, name: str, user_unique_id: str, actor: Actor) -> str:
    """Release one reservation of a locked invoice; returns why not, or nothing."""
    claims = tx.scalars(select(InvoiceClaim).where(InvoiceClaim.invoice_id == invoice.id).with_for_update()).all()
    mine = next(claim for claim in claims if claim.user_unique_id == user_unique_id)
    if mine.released_at is not None:
        return ""
    others = [claim for claim in claims if claim is not mine and claim.released_at is None]
    lost = any(claim.won_at is not None for claim in others)
    if invoice.cancelled_at is None and not lost:
        obstacle = hindrance(tx, invoice)
        if obstacle:
            return obstacle
    mine.released_at = datetime.now(UTC)
    timeline.record(
        "reservation.released",
        actor=actor,
        invoice_id=invoice.id,
        data={"names": mine.names},
        tenant_id=invoice.tenant_id,
    )
    if invoice.cancelled_at is None and not others:
        cancel(tx, invoice, actor, f"the reservation of {name} was given up")
    else:
        invoice.version += 1
        invoice.updated_at = func.now()
    return ""
