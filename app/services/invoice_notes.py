"""The two things about an issued invoice that may still be written: its description and our internal notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.domain.draft import ChangedMeanwhile
from app.domain.errors import NotFound
from app.models.base import DEFAULT_TENANT
from app.models.invoice import Invoice
from app.services import search, timeline
from app.services.invoice_status import lock
from app.uow import retried, transaction

if TYPE_CHECKING:
    from app.services.timeline import Actor


@dataclass(frozen=True, slots=True)
class Words:
    """A description, which the payer may see, and notes, which only people here see."""

    description: str
    internal_notes: str


@retried
def write(
    number: int, words: Words, *, seen: Words, reason: str, actor: Actor, tenant_id: int = DEFAULT_TENANT
) -> bool:
    """Write both anew and return whether anything changed. Raises NotFound, ChangedMeanwhile.

    What others did to the invoice meanwhile, such as paying it, is in nobody's way: only these words are compared.
    """
    with transaction() as tx:
        invoice_id = tx.scalar(select(Invoice.id).where(Invoice.tenant_id == tenant_id, Invoice.number == number))
        if invoice_id is None:
            raise NotFound("invoice", number)
        invoice = lock(tx, invoice_id)
        now = Words(invoice.description, invoice.internal_notes)
        if now == words:
            return False
        if now != seen:
            raise ChangedMeanwhile(code="changed_meanwhile")
        invoice.description, invoice.internal_notes = words.description, words.internal_notes
        invoice.version += 1
        invoice.updated_at = func.now()
        tx.flush()
        _tell(invoice, now, words, reason, actor)
        return True


def _tell(invoice: Invoice, before: Words, after: Words, reason: str, actor: Actor) -> None:
    if before.description != after.description:
        timeline.record(
            "invoice.described",
            actor=actor,
            invoice_id=invoice.id,
            reason=reason,
            data={"before": before.description, "after": after.description},
            tenant_id=invoice.tenant_id,
        )
        search.reindex_later(invoice)
    if before.internal_notes != after.internal_notes:
        timeline.record(
            "invoice.noted",
            actor=actor,
            invoice_id=invoice.id,
            reason=reason,
            data={"before": before.internal_notes, "after": after.internal_notes},
            tenant_id=invoice.tenant_id,
        )
