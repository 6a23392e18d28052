"""Drafts: those that wait, one of them, and who could be meant as its payer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select, tuple_

from app.domain.draft import Buyer, Draft, DraftLine
from app.domain.errors import NotFound
from app.domain.invoice import InvoiceStatus
from app.models.account import Account
from app.models.event import Event
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.queries import actors, timeline
from app.queries.paging import PAGE_SIZE, Cursor, next_cursor
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from app.queries.timeline import Happening

MOST_PAYERS = 8
WRITTEN_HERE = "portal"
PAYER = select(
    Account.id, Account.name, Account.email, func.coalesce(Account.reg_no, ""), Initiator.code.label("service")
).join(Initiator, Initiator.id == Account.initiator_id)


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One line of the list."""

    id: int
    payer: str
    service: str
    description: str
    total_minor: int
    currency: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Payer:
    """Somebody an earlier invoice or reference of a service was for."""

    id: int
    name: str
    email: str
    reg_no: str
    service: str


def waiting(cursor: Cursor | None = None, *, size: int = PAGE_SIZE) -> tuple[list[DraftRow], Cursor | None]:
    """Return a page of the drafts nobody issued or discarded yet, the newest first, and where the next begins."""
    statement = (
        select(
            Invoice.id,
            Invoice.customer_name,
            Initiator.code,
            Invoice.description,
            Invoice.total_minor,
            Invoice.currency,
            Invoice.created_at,
            Invoice.updated_at,
        )
        .join(Initiator, Initiator.id == Invoice.initiator_id)
        .where(Invoice.status == InvoiceStatus.DRAFT, Invoice.source == WRITTEN_HERE)
        .order_by(Invoice.created_at.desc(), Invoice.id.desc())
        .limit(size + 1)
    )
    if cursor is not None:
        statement = statement.where(tuple_(Invoice.created_at, Invoice.id) < (cursor.created_at, cursor.id))
    rows = [DraftRow(*row) for row in session().execute(statement)]
    return rows[:size], next_cursor(rows, size)


def one(invoice_id: int) -> tuple[Invoice, Draft]:
    """Return a draft as the row it is and as somebody wrote it. Raises NotFound for what never was a draft.

    What is not a draft any more is returned without lines, for whoever comes late.
    """
    found = (
        session()
        .execute(
            select(Invoice, Initiator.code)
            .join(Initiator, Initiator.id == Invoice.initiator_id)
            .where(Invoice.id == invoice_id, Invoice.source == WRITTEN_HERE)
            .execution_options(populate_existing=True)
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("draft", invoice_id)
    invoice, service = found
    kept = invoice.details.get("draft", {}).get("lines", [])
    return invoice, Draft(
        service=service,
        buyer=Buyer(
            invoice.customer_name,
            invoice.customer_email,
            **invoice.details.get("buyer", {}),
            account_id=invoice.account_id,
        ),
        lines=tuple(DraftLine.from_json(each) for each in kept),
        description=invoice.description,
        reference_number=invoice.reference_number,
        internal_notes=invoice.internal_notes,
        due_on=invoice.due_on,
        currency=invoice.currency,
        kind=invoice.kind,
    )


def last_change(invoice_id: int) -> tuple[datetime, str] | None:
    """Return when and by whom the last change was made."""
    told = (
        session()
        .scalars(select(Event).where(Event.invoice_id == invoice_id).order_by(Event.id.desc()).limit(1))
        .one_or_none()
    )
    if told is None:
        return None
    names = actors.names_by_id({told.actor} if told.actor_kind == "operator" else set())
    return told.created_at, names.get(told.actor, told.actor)


def history(invoice_id: int) -> tuple[list[Happening], dict[str, str]]:
    """Return what happened to a draft, newest first, and the names of the people who did it."""
    happenings = timeline.of_invoice(invoice_id, [])
    return happenings, actors.names_by_id({each.actor for each in happenings if each.actor_kind == "operator"})


def services() -> Sequence[tuple[str, str]]:
    """Return code and name of the services an invoice can belong to."""
    rows = session().execute(select(Initiator.code, Initiator.name).where(Initiator.enabled).order_by(Initiator.name))
    return [(row.code, row.name) for row in rows]


def payers(service: str, text: str) -> Sequence[Payer]:
    """Return a few payers whose e-mail or registry code begins so, or whose name holds it, the service's own first."""
    if not text:
        return []
    begins: ColumnElement[bool] = func.lower(Account.email).startswith(text.lower(), autoescape=True)
    holds = func.lower(Account.name).contains(text.lower(), autoescape=True)
    rows = session().execute(
        PAYER.where(Account.status == "active", or_(begins, holds, Account.reg_no == text))
        .order_by((Initiator.code == service).desc(), Account.name, Account.id)
        .limit(MOST_PAYERS)
    )
    return [Payer(*row) for row in rows]


def payer(account_id: int) -> Payer | None:
    """Return one payer, or None."""
    row = session().execute(PAYER.where(Account.id == account_id)).one_or_none()
    return Payer(*row) if row else None
