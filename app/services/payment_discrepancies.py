"""What a gateway says that cannot be booked as it stands: how it differs, and the question to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.money import Money, format_amount
from app.domain.order_reference import parse
from app.domain.payment import ObservedState
from app.services import reviews

if TYPE_CHECKING:
    from app.domain.ports import FetchedPayment, HostedGateway
    from app.models.invoice import Invoice
    from app.models.payment import GatewayReference, Payment


def difference(payment: Payment, invoice: Invoice, fetched: FetchedPayment, gateway: HostedGateway) -> str:
    """Return in words what does not agree with what was asked; empty when all does (security.md T10, T11)."""
    asked = Money(payment.amount_minor, payment.currency)
    faults = []
    if fetched.account != payment.account or payment.account != gateway.account:
        faults.append(f"account {fetched.account!r} instead of {payment.account!r}")
    if fetched.initial != asked:
        paid = "nothing" if fetched.initial is None else f"{format_amount(fetched.initial)} {fetched.initial.currency}"
        faults.append(f"{paid} instead of {format_amount(asked)} {asked.currency}")
    if parse(fetched.order_reference).number != invoice.number:
        faults.append(f"order reference {fetched.order_reference!r} instead of {invoice.number}")
    return ", ".join(faults)


def ask_about(payment: Payment, invoice: Invoice, fetched: FetchedPayment, kind: str, why: str) -> str:
    """Put what the gateway says before a person instead of booking it; returns the outcome in words."""
    payment.provider_state = fetched.provider_state
    payment.next_check_at = None
    reviews.ask(
        kind,
        f"payment:{payment.id}:{fetched.provider_state}",
        f"{payment.gateway} says {fetched.provider_state}: {why}",
        invoice_id=invoice.id,
        payment_id=payment.id,
        evidence=_evidence(fetched),
        tenant_id=invoice.tenant_id,
    )
    return "review"


def _evidence(fetched: FetchedPayment) -> dict[str, str | None]:
    return {
        "reference": fetched.external_id,
        "account": fetched.account,
        "order_reference": fetched.order_reference,
        "state": fetched.provider_state,
        "initial": format_amount(fetched.initial) if fetched.initial is not None else None,
        "standing": format_amount(fetched.standing) if fetched.standing is not None else None,
    }


def ask_about_unmatched(reference: GatewayReference, fetched: FetchedPayment, invoice: Invoice | None) -> str:
    """Ask whose a settled payment is that nothing here waits for; returns the outcome in words."""
    if fetched.state is ObservedState.COMPLETED:
        reviews.ask(
            "payment.unknown_here",
            f"reference:{reference.id}",
            f"{reference.gateway} holds a settled payment {reference.external_id} for {fetched.order_reference!r}, "
            "and it belongs to no invoice here",
            invoice_id=invoice.id if invoice else None,
            evidence=_evidence(fetched),
            tenant_id=reference.tenant_id,
        )
        return "unknown here"
    return "nothing to do"


def ask_about_unknown(reference: GatewayReference, payment: Payment, said: str) -> None:
    """Ask what became of a payment of ours that the gateway goes on not to know."""
    reviews.ask(
        "payment.unknown_there",
        f"reference:{reference.id}",
        f"{reference.gateway} does not know {reference.external_id}, which it gave us itself: {said}",
        payment_id=payment.id,
        invoice_id=payment.invoice_id,
        tenant_id=payment.tenant_id,
    )
