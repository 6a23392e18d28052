"""Drafts: an invoice is written, changed, discarded or issued; its number is taken in the issuing transaction."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.draft import ChangedMeanwhile, totals_of
from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.invoice import InvoiceStatus
from app.domain.money import Money, format_amount
from app.models.account import Account
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.queries import vat_rates
from app.services import search, timeline
from app.services.invoice_status import lock, recompute
from app.uow import process_memory, retried, transaction

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from app.domain.draft import Draft
    from app.domain.totals import Totals
    from app.services.timeline import Actor

SOURCE = "portal"


class NoDraft(Conflict):
    """This invoice is not a draft any more: it was issued or discarded."""


@retried
def create(draft: Draft, *, key: str, today: date, actor: Actor, tenant_id: int = 1) -> int:
    """Keep a new draft and return its id; the same key again returns the same draft. Raises Invalid."""
    with transaction() as tx:
        values = _values(tx, draft, _totals(draft, today), tenant_id)
        made = tx.execute(
            insert(Invoice)
            .values(
                tenant_id=tenant_id,
                public_token=secrets.token_urlsafe(16),
                external_id=f"portal:{key}",
                source=SOURCE,
                status=InvoiceStatus.DRAFT,
                currency=draft.currency,
                **values,
            )
            .on_conflict_do_nothing(constraint="uq_invoice_initiator_id_external_id")
            .returning(Invoice.id)
        ).scalar_one_or_none()
        if made is None:
            known = select(Invoice.id).where(
                Invoice.initiator_id == values["initiator_id"], Invoice.external_id == f"portal:{key}"
            )
            return tx.scalars(known).one()
        _tell("invoice.drafted", tx.get_one(Invoice, made), actor)
        search.reindex_later(tx.get_one(Invoice, made))
        return made


@retried
def change(invoice_id: int, draft: Draft, *, version: int, today: date, actor: Actor) -> None:
    """Write a draft anew as somebody saw it. Raises NotFound, NoDraft, ChangedMeanwhile, Invalid."""
    with transaction() as tx:
        invoice = lock_draft(tx, invoice_id, version)
        totals = _totals(draft, today)
        for name, value in _values(tx, draft, totals, invoice.tenant_id).items():
            setattr(invoice, name, value)
        recompute(invoice)
        _tell("invoice.draft.changed", invoice, actor)
        search.reindex_later(invoice)


@retried
def discard(invoice_id: int, *, version: int, reason: str, actor: Actor) -> None:
    """Cancel a draft: it is kept, and nobody can issue it any more. Raises NotFound, NoDraft, ChangedMeanwhile."""
    with transaction() as tx:
        invoice = lock_draft(tx, invoice_id, version)
        invoice.cancelled_at = datetime.now(UTC)
        invoice.cancel_reason = reason
        recompute(invoice)
        timeline.record(
            "invoice.draft.discarded", actor=actor, invoice_id=invoice.id, reason=reason, tenant_id=invoice.tenant_id
        )


def lock_draft(tx: Session, invoice_id: int, version: int) -> Invoice:
    """Return a draft, locked, as it was seen. Raises NotFound, NoDraft, ChangedMeanwhile."""
    if tx.get(Invoice, invoice_id) is None:
        raise NotFound("invoice", invoice_id)
    invoice = lock(tx, invoice_id)
    if invoice.status != InvoiceStatus.DRAFT:
        raise NoDraft(code="no_draft", number=invoice.number, status=invoice.status)
    if invoice.version != version:
        raise ChangedMeanwhile(code="changed_meanwhile", version=invoice.version)
    return invoice


def _totals(draft: Draft, today: date) -> Totals:
    return totals_of(draft.lines, vat_rates.on(today), draft.currency)


def owner_of(tx: Session, draft: Draft, tenant_id: int) -> int:
    """Return the id of the service whose invoice it is. Raises Invalid for an unknown one and for another's payer.

    Services are never deleted, so a process remembers them (uow.py).
    """
    known = process_memory("initiators_by_code")
    initiator_id: int | None = known.get((tenant_id, draft.service))
    if initiator_id is None:
        initiator_id = tx.scalar(
            select(Initiator.id).where(Initiator.tenant_id == tenant_id, Initiator.code == draft.service)
        )
        if initiator_id is None:
            raise Invalid.field("service", "must be a service that is known here")
        known[tenant_id, draft.service] = initiator_id
    if draft.buyer.account_id is not None:
        account = tx.get(Account, draft.buyer.account_id)
        if account is None or account.initiator_id != initiator_id:
            raise Invalid.field("payer", "must be a payer of this service")
    return initiator_id


def _values(tx: Session, draft: Draft, totals: Totals, tenant_id: int) -> dict[str, Any]:
    buyer = draft.buyer
    return {
        "initiator_id": owner_of(tx, draft, tenant_id),
        "kind": draft.kind,
        "account_id": buyer.account_id,
        "subtotal_minor": totals.net_minor,
        "tax_minor": totals.tax_minor,
        "total_minor": totals.total_minor,
        "description": draft.description,
        "internal_notes": draft.internal_notes,
        "reference_number": draft.reference_number,
        "customer_name": buyer.name,
        "customer_email": buyer.email,
        "due_on": draft.due_on,
        "details": {
            "buyer": buyer.as_json(),
            "draft": {"lines": [each.as_json() for each in draft.lines]},
        },
    }


def _tell(kind: str, invoice: Invoice, actor: Actor) -> None:
    amount = Money(invoice.total_minor, invoice.currency)
    timeline.record(
        kind,
        actor=actor,
        invoice_id=invoice.id,
        data={"amount": format_amount(amount), "currency": amount.currency},
        tenant_id=invoice.tenant_id,
    )
