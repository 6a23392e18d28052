"""Telling the initiators: what they must hear is frozen when it happens and owed until they have it."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.domain.invoice import EIS_WORD, InvoiceStatus
from app.domain.money import Money, format_amount
from app.models.initiator import Initiator
from app.models.invoice import BULK, DEPOSIT, Invoice
from app.models.payment import Payment
from app.services import bulk_members, deposits, outbox, timeline
from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.ports import Answer
    from app.integrations import Integrations
    from app.models.deposit import Deposit
    from app.models.outbox import OutboxRow
    from app.services.bulk_members import Share
    from app.services.outbox import Claimed

PAYMENT_STATUS = "initiator.payment.notify"
SYNCHRONISE = "initiator.invoice.synchronise"

# Who has a payment_status endpoint (eis.md 10.2.1); the others read their status themselves.
HEARERS = {"registry", "auction", "eeid"}
# Each repeat adds the amount once more at the auction (decisions.md 26).
COUNTS_REPEATS = {"auction"}
# Who books every invoice of a collection (eis.md 10.2.2); the others know the one of the order reference.
READS_COLLECTIONS = {"auction"}
# What the news of a payment says of it, also where a part went back before anybody looked.
PAID = {"payment_state": "settled"}
HEARS_OF_REFUNDS = {"auction"}
HEARS_OF_CANCELLING = {"registry", "auction"}
AMOUNTS = ("initial_amount", "standing_amount")


def owe_news(payment: Payment, invoice: Invoice, shares: Sequence[Share], initiator: str) -> None:
    """Owe the initiator the news of a payment that paid an invoice: the 21 keys, frozen now (eis.md 10.2.1, 10.2.2).

    A bulk payment is one message to the auction, which reads the collection, and one for each paid member to a service
    that knows single invoices only.
    """
    if initiator not in HEARERS or payment.snapshot is None:
        return
    deposit = deposits.of_invoice(invoice) if invoice.kind == DEPOSIT else None
    if deposit is not None:
        _owe_deposit(payment, invoice, deposit, shares, initiator)
        return
    if invoice.kind != BULK:
        _owe(payment, invoice, initiator, _whole_body(payment, invoice, initiator) | PAID)
        return
    paid = [share for share in shares if not share.invoice.open_minor]
    if paid and initiator in READS_COLLECTIONS:
        body = _payment_status_body(payment, invoice, initiator) | PAID
        body["order_reference"] = bulk_members.order_reference_of(invoice, longest=None)
        body["invoice_number_collection"] = [_in_collection(share.invoice, payment) for share in paid]
        _owe(payment, invoice, initiator, body)
        return
    for share in paid:
        _owe(payment, share.invoice, initiator, _whole_body(payment, share.invoice, initiator) | PAID)


def owe_credit_news(payment: Payment, invoice: Invoice, initiator: str) -> None:
    """Owe the news of an invoice that was paid in full with what was over of an earlier payment."""
    if initiator not in HEARERS or payment.snapshot is None:
        return
    deposit = deposits.of_invoice(invoice) if invoice.kind == DEPOSIT else None
    if deposit is not None:
        _owe(payment, invoice, initiator, deposits.news_of(deposit, invoice), repeatable=True)
        return
    _owe(payment, invoice, initiator, _whole_body(payment, invoice, initiator) | PAID)


def _owe_deposit(payment: Payment, invoice: Invoice, deposit: Deposit, shares: Sequence[Share], initiator: str) -> None:
    """Owe the news that lets a user take part (eis.md 10.2.3); a second payment of a deposit lets nobody in."""
    if shares and not invoice.open_minor:
        _owe(payment, invoice, initiator, deposits.news_of(deposit, invoice), repeatable=True)


def _owe(
    payment: Payment, invoice: Invoice, initiator: str, body: dict[str, Any], *, repeatable: bool | None = None
) -> None:
    of_a_member = f":{invoice.number}" if invoice.id != payment.invoice_id else ""
    outbox.post(
        PAYMENT_STATUS,
        f"payment:{payment.id}:settled{of_a_member}",
        lane=f"initiator:{initiator}",
        payload={"initiator": initiator, "body": body},
        invoice_id=invoice.id,
        payment_id=payment.id,
        repeatable=initiator not in COUNTS_REPEATS if repeatable is None else repeatable,
        tenant_id=payment.tenant_id,
    )


def _payment_status_body(payment: Payment, invoice: Invoice, initiator: str) -> dict[str, Any]:
    body = dict(payment.snapshot or {})
    # Receivers look the invoice up by this text, so a suffix we added for a second attempt comes off again.
    body["order_reference"] = str(invoice.number)
    # To the auction null means one invoice and an empty list means nothing to do (eis.md appendix B).
    body["invoice_number_collection"] = None if initiator in READS_COLLECTIONS else []
    return body


def _whole_body(payment: Payment, invoice: Invoice, initiator: str) -> dict[str, Any]:
    """Return the body about a single invoice: its amounts are the invoice's own, whatever part this payment brought.

    Receivers compare them with their total, and bind nothing where they differ (eis.md 10.2.1).
    """
    body = _payment_status_body(payment, invoice, initiator)
    whole = Decimal(format_amount(Money(invoice.total_minor, invoice.currency)))
    same = {name: body.get(name) for name in AMOUNTS if _is_amount(body.get(name), whole)}
    return body | dict.fromkeys(AMOUNTS, whole) | same


def _is_amount(said: Any, whole: Decimal) -> bool:
    return isinstance(said, int | Decimal) and said == whole


def _in_collection(member: Invoice, payment: Payment) -> dict[str, Any]:
    """Return a member as the collection names it: with the gateway's reference it had before this payment."""
    before = session().scalar(
        select(Payment.external_id)
        .where(Payment.invoice_id == member.id, Payment.id != payment.id, Payment.external_id.is_not(None))
        .order_by(Payment.id.desc())
        .limit(1)
    )
    return {"number": member.number, "ref": before}


def send_payment_status(row: Claimed, integrations: Integrations) -> Answer:
    """PUT the frozen payload. Raises ProviderFailure, Misdirected."""
    return integrations.initiators.payment_status(_hearer(row), row.payload["body"])


def send_synchronise(row: Claimed, integrations: Integrations) -> Answer:
    """PUT the invoice with its status (eis.md 10.2.7). Raises ProviderFailure, Misdirected."""
    return integrations.initiators.synchronise(_hearer(row), row.payload["body"])


def _hearer(row: Claimed) -> str:
    """Return the service whose invoice this is, which must be the one the row names. Raises Misdirected."""
    with transaction() as tx:
        whose = select(Initiator.code).join(Invoice, Invoice.initiator_id == Initiator.id)
        code = tx.scalars(whose.where(Invoice.id == row.invoice_id)).one()
    if code != row.payload["initiator"]:
        raise outbox.Misdirected(f"news of an invoice of {code} for {row.payload['initiator']}")
    return code


def synchronise_instead(row: Claimed) -> None:
    """Owe a repeatable "this invoice is paid" when it is unknown whether a non-repeatable notice arrived.

    The receiver answers at once when the invoice is paid already (decisions.md 26); of a bulk payment each member is
    told. Runs in the caller's transaction.
    """
    payment = session().get_one(Payment, row.payment_id)
    initiator = row.payload["initiator"]
    for invoice in _told_about(row):
        member = f":{invoice.number}" if invoice.id != row.invoice_id else ""
        outbox.post(
            SYNCHRONISE,
            f"instead-of:{row.id}{member}",
            lane=f"initiator:{initiator}",
            payload={"initiator": initiator, "body": synchronise_body(invoice, payment, initiator, "paid")},
            invoice_id=invoice.id,
            payment_id=payment.id,
            tenant_id=invoice.tenant_id,
        )
        timeline.record(
            "initiator.notice.unknown",
            invoice_id=invoice.id,
            payment_id=payment.id,
            reason="The answer was lost and a repeat would be counted twice: the invoice is synchronised instead",
            data={"initiator": initiator, "outbox": row.id},
            tenant_id=invoice.tenant_id,
        )


def _told_about(row: Claimed) -> Sequence[Invoice]:
    """Return the invoices the initiator books by this message: one, or those of a collection."""
    invoice = session().get_one(Invoice, row.invoice_id)
    collection = row.payload["body"].get("invoice_number_collection")
    if not collection:
        return [invoice]
    numbers = [each["number"] for each in collection]
    of_it = (Invoice.tenant_id == invoice.tenant_id, Invoice.number.in_(numbers))
    return session().scalars(select(Invoice).where(*of_it).order_by(Invoice.id)).all()


def owe_refunded(invoice: Invoice, payment: Payment, initiator: str) -> None:
    """Owe the news that an invoice's money went back, to who has an ear for it (eis.md 10.2.7, other-systems.md C9).

    The registry refuses the word and the others have no such endpoint: they read the status themselves.
    """
    if initiator not in HEARS_OF_REFUNDS or EIS_WORD[InvoiceStatus(invoice.status)] != "refunded":
        return
    outbox.post(
        SYNCHRONISE,
        f"refunded:{invoice.id}:{invoice.version}",
        lane=f"initiator:{initiator}",
        payload={"initiator": initiator, "body": synchronise_body(invoice, payment, initiator, "refunded")},
        invoice_id=invoice.id,
        payment_id=payment.id,
        tenant_id=invoice.tenant_id,
    )


def owe_cancelled(invoice: Invoice, initiator: str) -> None:
    """Owe the news that a person cancelled an invoice here, to who has an ear for it; it moves no balance there.

    No other word is sent on our own: "paid" would credit the registrar's account with the whole total (eis.md 10.2.7).
    """
    if initiator not in HEARS_OF_CANCELLING:
        return
    outbox.post(
        SYNCHRONISE,
        f"cancelled:{invoice.id}",
        lane=f"initiator:{initiator}",
        payload={"initiator": initiator, "body": synchronise_body(invoice, None, initiator, "cancelled")},
        invoice_id=invoice.id,
        tenant_id=invoice.tenant_id,
    )


def synchronise_body(invoice: Invoice, payment: Payment | None, initiator: str, status: str) -> dict[str, Any]:
    """Return the body of `PUT /eis_billing/invoices` (eis.md 8.5, appendix B)."""
    snapshot = payment.snapshot if payment else None
    return {
        "invoice": {
            "invoice_number": invoice.number,
            "initiator": initiator,
            "payment_reference": payment.external_id if payment else None,
            "transaction_amount": _shortest(Money(invoice.total_minor, invoice.currency)),
            "status": EIS_WORD[InvoiceStatus(invoice.status)],
            "in_directo": invoice.in_directo,
            "everypay_response": snapshot,
            "transaction_time": snapshot.get("transaction_time") if snapshot else None,
            "sent_at_omniva": _instant(invoice.e_invoice_sent_at),
        },
        "status": status,
    }


def said_now(row: OutboxRow) -> dict[str, Any] | None:
    """Return what this notice would say if it were written now; None for a collection, which was of its moment."""
    body = row.payload.get("body", {})
    if row.invoice_id is None or body.get("invoice_number_collection"):
        return None
    invoice = session().get_one(Invoice, row.invoice_id)
    payment = None if row.payment_id is None else session().get_one(Payment, row.payment_id)
    initiator = row.payload["initiator"]
    if row.kind == SYNCHRONISE:
        return synchronise_body(invoice, payment, initiator, EIS_WORD[InvoiceStatus(invoice.status)])
    if row.kind != PAYMENT_STATUS or payment is None or payment.snapshot is None:
        return None
    deposit = deposits.of_invoice(invoice) if invoice.kind == DEPOSIT else None
    return deposits.news_of(deposit, invoice) if deposit else _whole_body(payment, invoice, initiator)


def _shortest(amount: Money) -> str:
    """Return the amount as the system before wrote it: `120.0`, `120.5`, `120.55` (eis.md appendix B)."""
    text = format_amount(amount)
    return text.removesuffix("0")


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def initiator_code(initiator_id: int) -> str:
    """Return the code of the initiator with this id."""
    return session().scalars(select(Initiator.code).where(Initiator.id == initiator_id)).one()


def delivered(row: Claimed, answer: Answer) -> None:
    """Write on the timeline that the initiator has the news, with what it answered."""
    data = {
        "initiator": row.payload["initiator"],
        "kind": row.kind,
        "status": answer.status,
        "ms": answer.elapsed_ms,
        "answer": _short(answer.body),
        "attempts": row.attempts,
    }
    with transaction():
        for invoice in _told_about(row):
            timeline.record(
                "initiator.notified",
                invoice_id=invoice.id,
                payment_id=row.payment_id,
                data=data,
                tenant_id=invoice.tenant_id,
            )


def _short(body: Any) -> str:
    message = body.get("message") if isinstance(body, dict) else body
    return str(message)[:200] if message is not None else ""
