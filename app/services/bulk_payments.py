"""One payment for several invoices: the members checked, a container made of them (eis.md 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from app.domain.bulk import parse_members
from app.domain.errors import Invalid
from app.domain.invoice import InvoiceStatus, is_payable
from app.domain.money import Money, format_amount, sum_money
from app.models.bulk import BulkMember
from app.models.invoice import BULK, DEPOSIT, Invoice
from app.models.payment import Payment
from app.queries.own_numbers import numbered
from app.services import bulk_members, timeline
from app.services.invoice_status import lock_all, recompute
from app.services.numbered_invoices import NewInvoice, issue, owner_id
from app.services.open_payment_pages import MOVING
from app.services.payments import OneOff
from app.services.timeline import Actor
from app.uow import retried, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.services.initiators import Caller

# Requests of one service about bulk payments go one after the other: each may replace what another has made.
TURN = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True, slots=True)
class BulkPayment:
    """What a service asks for: pay these invoices at once, `amount` in all (eis.md 5.3)."""

    initiator_code: str
    description: str
    amount: Money
    customer_url: str
    reference_number: str = ""


def prepare(caller: Caller, command: BulkPayment) -> OneOff:
    """Return the payment to start: of the open container over exactly these invoices, made now if there is none.

    So a repeated request burns no second number. Another one over some of the invoices takes the container's place.
    Raises Invalid naming the field for members that are unknown, foreign or not payable, or do not sum to the amount,
    and NumberRangeExhausted.
    """
    numbers = parse_members(command.description)
    number = _container(caller, command, numbers)
    return OneOff(number, command.customer_url, reference_number=command.reference_number)


@retried
def _container(caller: Caller, command: BulkPayment, numbers: tuple[int, ...]) -> int:
    owner = owner_id(caller, command.initiator_code)
    with transaction() as tx:
        tx.execute(TURN, {"name": f"bulk:{owner}"})
        locked = _lock(tx, owner, numbers)
        members = {invoice.number or 0: invoice for invoice in locked if invoice.number in numbers}
        _check(members, numbers, command.amount)
        wanted = [members[number] for number in numbers]
        parents = _open_parents(tx, wanted)
        _check_standing(tx, parents)
        same = next((parent for parent in parents if _is_same(parent, wanted)), None)
        return (same or _replace(tx, caller, command, wanted, parents)).number or 0


def _lock(tx: Session, owner: int, numbers: tuple[int, ...]) -> list[Invoice]:
    """Lock these invoices, the containers they are in, and all those hold, in the one order everybody uses."""
    named = select(Invoice.id).where(*numbered([owner], *numbers))
    open_ = select(BulkMember.parent_id).where(BulkMember.member_id.in_(named), BulkMember.released_at.is_(None))
    beside = select(BulkMember.member_id).where(BulkMember.parent_id.in_(open_))
    return lock_all(tx, named.union_all(open_, beside))


def _open_parents(tx: Session, members: Sequence[Invoice]) -> Sequence[Invoice]:
    in_them = select(BulkMember.parent_id).where(
        BulkMember.member_id.in_([member.id for member in members]), BulkMember.released_at.is_(None)
    )
    return tx.scalars(select(Invoice).where(Invoice.id.in_(in_them)).order_by(Invoice.id)).all()


def _check(members: dict[int, Invoice], numbers: tuple[int, ...], amount: Money) -> None:
    faults = [f"invoice {number} {fault}" for number in numbers if (fault := _fault(members.get(number), amount))]
    if faults:
        raise Invalid({"description": faults})
    due = sum_money([_due(members[number]) for number in numbers], amount.currency)
    if due != amount:
        sentence = f"must be {format_amount(due)}, the sum of what is due on these invoices"
        raise Invalid.field("transaction_amount", sentence)


def _fault(member: Invoice | None, amount: Money) -> str:
    """Return why this invoice cannot be paid together with others; a foreign one is an unknown one."""
    if member is None:
        return "not found in internal system"
    if member.kind in {BULK, DEPOSIT}:
        return "is a bulk payment itself" if member.kind == BULK else "is a deposit"
    if not is_payable(InvoiceStatus(member.status)):
        return f"is {member.status}"
    return "" if member.currency == amount.currency else f"is in {member.currency}"


def _due(member: Invoice) -> Money:
    return Money(member.open_minor, member.currency)


def _check_standing(tx: Session, parents: Sequence[Invoice]) -> None:
    for parent in parents:
        moving = select(Payment.id).where(Payment.invoice_id == parent.id, Payment.status.in_(MOVING))
        if tx.scalar(moving.where(Payment.external_id.is_not(None)).limit(1)) is not None:
            raise Invalid.field("description", f"is being paid at this moment by bulk payment {parent.number}")


def _is_same(parent: Invoice, wanted: Sequence[Invoice]) -> bool:
    """Return whether this container's page is the one asked for: the same invoices, each still needing its part."""
    held = {member.invoice.id for member in bulk_members.members_of(parent.id)}
    same = held == {invoice.id for invoice in wanted}
    return same and is_payable(InvoiceStatus(parent.status)) and bulk_members.still_fit(parent)


def _replace(
    tx: Session, caller: Caller, command: BulkPayment, members: Sequence[Invoice], parents: Sequence[Invoice]
) -> Invoice:
    actor = Actor("initiator", caller.code)
    numbers = [member.number for member in members]
    description = " ".join(str(number) for number in numbers)
    for parent in parents:
        bulk_members.release(parent.id)
    new = NewInvoice(
        command.initiator_code, BULK, command.amount, description, command.reference_number, {"members": numbers}
    )
    bulk = issue(tx, caller, new)
    _join(tx, bulk, members, actor)
    for parent in parents:
        _withdraw(parent, bulk, actor)
    return bulk


def _join(tx: Session, bulk: Invoice, members: Sequence[Invoice], actor: Actor) -> None:
    tx.add_all(
        BulkMember(
            tenant_id=bulk.tenant_id,
            parent_id=bulk.id,
            member_id=member.id,
            position=position,
            amount_minor=_due(member).minor,
        )
        for position, member in enumerate(members, start=1)
    )
    tx.flush()
    for member in members:
        timeline.record(
            "invoice.bulk.joined",
            actor=actor,
            invoice_id=member.id,
            data={"bulk": bulk.number, "amount": format_amount(_due(member)), "currency": member.currency},
            tenant_id=member.tenant_id,
        )


def _withdraw(parent: Invoice, by: Invoice, actor: Actor) -> None:
    """Cancel a container another one took the place of; a payer who pays its page all the same pays the members."""
    if not is_payable(InvoiceStatus(parent.status)) or parent.captured_minor:
        return
    parent.cancelled_at = datetime.now(UTC)
    parent.cancel_reason = f"replaced by bulk payment {by.number}"
    recompute(parent)
    timeline.record(
        "invoice.cancelled",
        actor=actor,
        invoice_id=parent.id,
        reason=parent.cancel_reason,
        data={"bulk": by.number},
        tenant_id=parent.tenant_id,
    )
