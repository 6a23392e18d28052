"""Payment links signed anew: after the gateway's key was changed, which refuses older ones, and after a part payment.

What a link asks for stands in it (eis.md 9.1.8): one that went out before asks for what was due then.
"""

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
        return [invoice.id for invoice, _code in found], sum(sign_anew(*each, signer) for each in found)


def sign_anew(invoice: Invoice, initiator: str, signer: LinkSigner, *, because: str | None = None) -> bool:
    """Let the link of a locked invoice ask for what is due now, and return whether it is another one."""
    link = links.sign(invoice, initiator, signer)
    if link == invoice.payment_link:
        return False
    invoice.payment_link = link
    data = {
        "gateway": "everypay",
        "amount": format_amount(Money(invoice.open_minor, invoice.currency)),
        "currency": invoice.currency,
        **({"because": because} if because else {}),
    }
    timeline.record("invoice.link.made", actor=SYSTEM, invoice_id=invoice.id, data=data, tenant_id=invoice.tenant_id)
    return True
