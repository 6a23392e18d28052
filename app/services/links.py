"""Payment links: what a payer is sent, signed over what the invoice still asks for (eis.md 9.1.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.money import Money, format_amount
from app.domain.ports import LinkRequest

if TYPE_CHECKING:
    from app.domain.ports import LinkSigner
    from app.models.invoice import Invoice


def sign(invoice: Invoice, initiator: str, signer: LinkSigner) -> str:
    """Return the link of an invoice that has its number."""
    return signer.sign(
        LinkRequest(
            transaction_amount=format_amount(Money(invoice.open_minor, invoice.currency)),
            order_reference=str(invoice.number),
            reference_number=invoice.reference_number,
            customer_name=invoice.customer_name,
            customer_email=invoice.customer_email,
            custom_field_1=invoice.custom_field_1,
            custom_field_2=initiator,
        )
    )
