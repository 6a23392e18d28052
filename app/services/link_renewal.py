"""Payment links signed anew once the gateway's key was changed: it refuses those the old key signed (eis.md 9.1.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from app.domain.invoice import PAYABLE
from app.domain.money import Money, format_amount
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.services import links, timeline
from app.services.timeline import SYSTEM
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.domain.ports import LinkSigner

BATCH = 200


class Renewed(NamedTuple):
    """How many links of invoices that may still be paid were looked at, and how many are other ones now."""

    seen: int
    changed: int


def renew(signer: LinkSigner) -> Iterator[Renewed]:
    """Sign the link of each invoice that may still be paid, and yield how far it came after each few hundred.

    Each batch is a transaction of its own, and a link that is right already stays untouched: who was cut off begins
    again.
    """
    done, last = Renewed(0, 0), 0
    while True:
        ids, changed = _renew_after(last, signer)
        if not ids:
            return
        done, last = Renewed(done.seen + len(ids), done.changed + changed), ids[-1]
        yield done


def _renew_after(last: int, signer: LinkSigner) -> tuple[list[int], int]:
    with transaction() as tx:
        found = tx.execute(
            select(Invoice, Initiator.code)
            .join(Initiator, Initiator.id == Invoice.initiator_id)
            .where(Invoice.status.in_(sorted(PAYABLE)), Invoice.payment_link != "", Invoice.number.is_not(None))
            .where(Invoice.id > last)
            .order_by(Invoice.id)
            .limit(BATCH)
            .with_for_update(of=Invoice)
        ).all()
        return [invoice.id for invoice, _code in found], sum(_is_changed(*each, signer) for each in found)


def _is_changed(invoice: Invoice, initiator: str, signer: LinkSigner) -> bool:
    link = links.sign(invoice, initiator, signer)
    if link == invoice.payment_link:
        return False
    invoice.payment_link = link
    data = {
        "gateway": "everypay",
        "amount": format_amount(Money(invoice.open_minor, invoice.currency)),
        "currency": invoice.currency,
    }
    timeline.record("invoice.link.made", actor=SYSTEM, invoice_id=invoice.id, data=data, tenant_id=invoice.tenant_id)
    return True
