"""Invoices as the initiators ask for them: register, change the amount (eis.md 5.1, 5.14)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain import ledger as books
from app.domain.errors import Conflict, Invalid
from app.domain.invoice import InvoiceStatus
from app.domain.money import Money, format_amount
from app.domain.ports import LinkRequest
from app.models.invoice import BULK, Invoice, InvoiceClaim
from app.queries.own_numbers import numbered
from app.services import competing_attempts, invoice_lines, ledger, notices, registering, search, timeline
from app.services import links as payment_links
from app.services.invoice_status import StatusRefused, lock_by_number, recompute
from app.services.settlement import settle_zero_invoice
from app.services.timeline import Actor
from app.uow import retried, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.domain.ports import LinkSigner
    from app.services.initiators import Caller

PORTAL = "portal"
REPRICED = {InvoiceStatus.UNPAID, InvoiceStatus.OVERDUE, InvoiceStatus.CHARGED_WITH_ERROR}
HIGHEST_NUMBER = 2_147_483_647  # Directo's limit for document numbers (protocols.md 6)


@dataclass(frozen=True, slots=True)
class RegisterInvoice:
    """What an initiator says of a new invoice (eis.md 5.1); strings are empty when absent."""

    number: int
    amount: Money
    initiator_code: str
    description: str = ""
    unique_id: str | None = None
    reserved_names: tuple[str, ...] = ()
    affiliation: str | None = None
    reference_number: str = ""
    customer_name: str = ""
    customer_email: str = ""
    custom_field_1: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered invoice and its signed payment link; `created` is False when it was there already."""

    number: int
    link: str
    created: bool


class NumberNotAvailable(Conflict):
    """This invoice number is not available to you."""


class RegisteredDifferently(Conflict):
    """This invoice number is registered already with another amount or other lines."""


class ReservedDifferently(Conflict):
    """This holder has reserved other names, or at another price, under this number already."""


@retried
def register(caller: Caller, command: RegisterInvoice, links: LinkSigner) -> Registered:
    """Register an invoice and return its LinkPay URL; the same request again gives the same answer.

    Raises Invalid, NumberNotAvailable for a number of somebody else, RegisteredDifferently for another amount or
    another service, ReservedDifferently for other names of the same holder.
    """
    check(caller, command.initiator_code, command.number)
    link = links.sign(link_request(command))
    row = _row(caller, command, link)
    if command.amount.minor > 0 and not command.unique_id and registering.make(row) is not None:
        return Registered(command.number, link, created=True)
    with transaction() as tx:
        invoice_id = registering.make(row)
        if invoice_id is None:
            there = _same_again(tx, caller, command)
            return Registered(command.number, _link_of(there, command) or link, created=False)
        if command.amount.minor == 0:
            settle_zero_invoice(tx.get_one(Invoice, invoice_id), actor=Actor("initiator", caller.code))
        if command.unique_id:
            _claim(tx, invoice_id, caller.tenant_id, command)
    return Registered(command.number, link, created=True)


def check(caller: Caller, initiator_code: str, number: int | None) -> None:
    """Let pass what the caller may register; a number that is to be taken is no fault. Raises Invalid."""
    faults: dict[str, list[str]] = {}
    if initiator_code not in caller.codes:
        faults["custom_field2"] = [f"must be one of: {', '.join(caller.codes)}"]
    if number is not None and not 1 <= number <= HIGHEST_NUMBER:
        faults["invoice_number"] = [f"must be between 1 and {HIGHEST_NUMBER}"]
    if faults:
        raise Invalid(faults)


def description_of(command: RegisterInvoice) -> str:
    """Return what stands on the invoice."""
    if command.reserved_names:
        return f"Reserved domain names: {', '.join(command.reserved_names)}; User unique id: {command.unique_id}"
    return command.description or "reload balance"


def link_request(command: RegisterInvoice) -> LinkRequest:
    """Return what the payment link of the invoice says."""
    return LinkRequest(
        transaction_amount=format_amount(command.amount),
        order_reference=str(command.number),
        reference_number=command.reference_number,
        customer_name=command.customer_name,
        customer_email=command.customer_email,
        custom_field_1=command.custom_field_1,
        custom_field_2=command.initiator_code,
    )


@retried
def change_amount(caller: Caller, number: int, amount: Money, links: LinkSigner | None = None) -> None:
    """Set a new total on an invoice nobody paid (eis.md 5.14) and sign its link anew.

    A page the payer has not used yet forbids nothing: what comes through it is booked as what it is, and the next page
    asks for the new amount. Raises NotFound, or StatusRefused when money came or is on its way.
    """
    with transaction() as tx:
        invoice = lock_by_number(tx, caller.owns, number)
        if invoice.total_minor == amount.minor and invoice.currency == amount.currency:
            return
        if invoice.kind == BULK:
            raise StatusRefused(f"Invoice {number} is a bulk payment: its amount is the sum of its invoices")
        if invoice.source == PORTAL or invoice.credited_minor:
            raise StatusRefused(f"Invoice {number} is a document of its own: a credit note changes its amount")
        if invoice.status not in REPRICED and not competing_attempts.are_untouched(invoice):
            raise StatusRefused(f"Invoice {number} is {invoice.status}: its amount is fixed")
        if _claims(tx, invoice):
            raise StatusRefused(f"Invoice {number} is a reservation: its amount is the price of its names")
        if invoice_lines.has_any(invoice.id):
            raise StatusRefused(f"Invoice {number} has lines: its amount is what they come to")
        reprice(tx, invoice, amount, Actor("initiator", caller.code), links)


def reprice(tx: Session, invoice: Invoice, amount: Money, actor: Actor, links: LinkSigner | None = None) -> None:
    """Change the total of a locked invoice without money, and book the difference."""
    before = Money(invoice.total_minor, invoice.currency)
    initiator = notices.initiator_code(invoice.initiator_id)
    invoice.subtotal_minor = invoice.total_minor = amount.minor
    invoice.modifier_minor = invoice.tax_minor = 0
    if links is not None and invoice.payment_link:
        invoice.payment_link = payment_links.sign(invoice, initiator, links)
    tx.flush()
    ledger.post(
        "invoice.repriced",
        f"invoice:{invoice.id}:repriced:{invoice.version}",
        books.repriced(initiator, before, amount),
        invoice_id=invoice.id,
        tenant_id=invoice.tenant_id,
    )
    timeline.record(
        "invoice.repriced",
        actor=actor,
        invoice_id=invoice.id,
        data={"before": format_amount(before), "after": format_amount(amount), "currency": amount.currency},
        tenant_id=invoice.tenant_id,
    )
    search.reindex_later(invoice)
    if amount.minor == 0:
        settle_zero_invoice(invoice, actor=actor)
    else:
        recompute(invoice)


def _row(caller: Caller, command: RegisterInvoice, link: str) -> dict[str, Any]:
    initiator_id = caller.owns[caller.codes.index(command.initiator_code)]
    postings = books.issued(command.initiator_code, command.amount)
    amount = {"amount": format_amount(command.amount), "currency": command.amount.currency}
    accounts = ledger.account_ids([posting.account for posting in postings], caller.tenant_id)
    return {
        "tenant_id": caller.tenant_id,
        "public_token": secrets.token_urlsafe(16),
        "number": command.number,
        "initiator_id": initiator_id,
        "owns": list(caller.owns),
        "kind": "auction_deposit" if command.affiliation == "auction_deposit" else "regular",
        "currency": command.amount.currency,
        "total": command.amount.minor,
        "description": description_of(command),
        "reference_number": command.reference_number,
        "customer_name": command.customer_name,
        "customer_email": command.customer_email,
        "custom_field_1": command.custom_field_1,
        "payment_link": link,
        "accounts": [accounts[posting.account] for posting in postings],
        "amounts": [posting.amount.minor for posting in postings],
        "actor": caller.code,
        "issued": {"number": command.number, **amount},
        "link_made": {"gateway": "everypay", **amount},
    }


def _link_of(invoice: Invoice, command: RegisterInvoice) -> str | None:
    """Return the link that asks for the rest, where something came already and nobody pays a price of his own."""
    if command.unique_id or not 0 < invoice.open_minor < invoice.total_minor:
        return None
    return invoice.payment_link


def _same_again(tx: Session, caller: Caller, command: RegisterInvoice) -> Invoice:
    invoice = tx.scalars(select(Invoice).where(*numbered(caller.owns, command.number)).with_for_update()).one_or_none()
    if invoice is None or invoice.kind == BULK:
        raise NumberNotAvailable
    if invoice.initiator_id != caller.owns[caller.codes.index(command.initiator_code)]:
        raise RegisteredDifferently
    if command.unique_id:
        _check_shared(tx, invoice, command)
        _claim(tx, invoice.id, caller.tenant_id, command)
    elif invoice.total_minor != command.amount.minor or invoice.currency != command.amount.currency:
        raise RegisteredDifferently
    return invoice


def _check_shared(tx: Session, invoice: Invoice, command: RegisterInvoice) -> None:
    """Let pass who may reserve under this number beside others: whoever pays a reservation pays its own price.

    So a number that is no reservation takes none, or its whole invoice would be paid by that price.
    """
    claims = _claims(tx, invoice)
    mine = next((claim for claim in claims if claim.user_unique_id == command.unique_id), None)
    if not claims:
        raise StatusRefused(f"Invoice {invoice.number} is no reservation: take a new number")
    if invoice.cancelled_at is not None:
        raise StatusRefused(f"Invoice {invoice.number} is cancelled: take a new number")
    if invoice.paid_at is not None and (mine is None or mine.released_at is not None):
        raise StatusRefused(f"Invoice {invoice.number} is won by somebody else: take a new number")
    if mine is None or mine.released_at is not None:
        return
    if mine.amount_minor != command.amount.minor or sorted(mine.names) != sorted(command.reserved_names):
        raise ReservedDifferently


def _claims(tx: Session, invoice: Invoice) -> Sequence[InvoiceClaim]:
    return tx.scalars(select(InvoiceClaim).where(InvoiceClaim.invoice_id == invoice.id)).all()


def _claim(tx: Session, invoice_id: int, tenant_id: int, command: RegisterInvoice) -> None:
    """Keep who may win this number by paying first (eis.md 10.1.4); who gave a claim up may take another."""
    wanted = {"names": list(command.reserved_names), "amount_minor": command.amount.minor}
    tx.execute(
        insert(InvoiceClaim)
        .values(tenant_id=tenant_id, invoice_id=invoice_id, user_unique_id=command.unique_id, **wanted)
        .on_conflict_do_update(index_elements=["invoice_id", "user_unique_id"], set_={"released_at": None, **wanted})
    )
