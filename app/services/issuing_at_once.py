"""Issuing what was never a draft for anybody to see: lines, sums, books, timeline and what is owed in one statement."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.domain import ledger as books
from app.domain.draft import totals_of
from app.domain.money import Money, format_amount
from app.domain.ports import LinkRequest
from app.models.invoice import Invoice
from app.queries import vat_rates
from app.queries.invoice_filter import today_of
from app.services import drafts, ledger
from app.services.issuing import Seen, check_complete, issue
from app.services.numbering import use_next
from app.uow import in_transaction, retried, transaction

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from app.domain.draft import Draft
    from app.domain.ports import LinkSigner
    from app.domain.totals import Totals
    from app.services.timeline import Actor

# The invoice waits for its lines and sums, because nothing may be added to one that is issued (decisions.md 21, 23).
ISSUE = text("""
with born as (
  select nextval(pg_get_serial_sequence('invoice', 'id')) as id
), lines as (
  insert into invoice_line (tenant_id, invoice_id, position, description, quantity, unit, unit_price_minor,
                            discount_basis_points, discount_minor, net_minor, vat_code, tax_rate)
  select :tenant_id, born.id, line.* from born, jsonb_to_recordset(cast(:lines as jsonb)) as line (
           position int, description text, quantity numeric, unit text, unit_price_minor numeric,
           discount_basis_points bigint, discount_minor bigint, net_minor bigint, vat_code text, tax_rate numeric)
  returning 1
), sums as (
  insert into invoice_vat (tenant_id, invoice_id, code, category, basis_points, taxable_minor, tax_minor)
  select :tenant_id, born.id, vat.* from born, jsonb_to_recordset(cast(:vat as jsonb)) as vat (
           code text, category text, basis_points int, taxable_minor bigint, tax_minor bigint)
  returning 1
), made as (
  insert into invoice (id, tenant_id, public_token, number, external_id, initiator_id, account_id, kind, source, status,
                       currency, subtotal_minor, tax_minor, total_minor, description, internal_notes,
                       reference_number, customer_name, customer_email, due_on, details, payment_link, issued_at)
  select born.id, :tenant_id, :public_token, :number, :external_id, :initiator_id, :account_id, :kind, :source,
         'unpaid', :currency, :net, :tax, :total, :description, :internal_notes, :reference_number, :customer_name,
         :customer_email, :due_on, cast(:details as jsonb), :payment_link, cast(:issued_at as timestamptz)
    from born where (select count(*) from lines) > 0 and (select count(*) from sums) > 0
  returning id
), booked as (
  insert into ledger_transaction (tenant_id, kind, dedupe_key, invoice_id)
  select :tenant_id, 'invoice.issued', 'invoice\\:' || id || '\\:issued', id from made
  returning id
), entries as (
  insert into ledger_entry (tenant_id, transaction_id, account_id, amount_minor, currency)
  select :tenant_id, booked.id, side.account_id, side.amount, :currency
    from booked, unnest(cast(:accounts as bigint[]), cast(:amounts as bigint[])) as side (account_id, amount)
), told as (
  insert into event (tenant_id, kind, invoice_id, actor_kind, actor, data)
  select :tenant_id, line.kind, made.id, :actor_kind, :actor, line.data
    from made, unnest(cast(:events as text[]), cast(:event_data as jsonb[])) as line (kind, data)
), owed as (
  insert into outbox (tenant_id, kind, dedupe_key, lane_id, invoice_id, payload, run_at)
  select :tenant_id, 'search.invoice.index', made.id || '\\:1', lane.id, made.id, '{}', now() + interval '1 second'
    from made, lane where lane.name = 'search'
)
select id from made
""")
TRIES = 2


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be issued: written, for the service with this id, known by its key; it comes to these sums."""

    draft: Draft
    tenant_id: int
    initiator_id: int
    external_id: str
    totals: Totals

    @property
    def total(self) -> Money:
        """Return what the payer owes."""
        return Money(self.totals.total_minor, self.draft.currency)


@retried
def issue_at_once(draft: Draft, *, key: str, at: datetime, actor: Actor, signer: LinkSigner, tenant_id: int = 1) -> int:
    """Issue what was never a draft for anybody to see, with its link, and return its number; the same key, the same.

    Raises Invalid, NumberRangeExhausted.
    """
    for again in range(TRIES):
        try:
            with transaction() as tx:
                return _issued(tx, draft, f"portal:{key}", at, actor, signer, tenant_id)
        except IntegrityError:  # somebody came first with this key: now it is there
            if again or in_transaction():
                raise
    raise AssertionError


def _issued(  # noqa: PLR0917 - what its one caller was given
    tx: Session, draft: Draft, external_id: str, at: datetime, actor: Actor, signer: LinkSigner, tenant_id: int
) -> int:
    owner = drafts.owner_of(tx, draft, tenant_id)
    kept = tx.execute(
        select(Invoice.id, Invoice.number, Invoice.version, Invoice.total_minor).where(
            Invoice.initiator_id == owner, Invoice.external_id == external_id
        )
    ).one_or_none()
    if kept is not None:
        return kept.number or issue(kept.id, Seen(kept.version, kept.total_minor), at, actor, signer)
    today = today_of(at)
    check_complete(draft.lines, draft.buyer.name, draft.due_on, today)
    totals = totals_of(draft.lines, vat_rates.on(today), draft.currency)
    if not totals.total_minor:
        key = external_id.removeprefix("portal:")
        return issue(drafts.create(draft, key=key, today=today, actor=actor), Seen(1, 0), at, actor, signer)
    wish = Wish(draft, tenant_id, owner, external_id, totals)
    number = use_next(tx, "invoice", initiator_id=owner, tenant_id=tenant_id)
    row = _invoice(wish, number, signer) | {"issued_at": at}
    tx.execute(ISSUE, row | _frozen(totals) | _booked(wish) | _told(wish, number, actor))
    return number


def _invoice(wish: Wish, number: int, signer: LinkSigner) -> dict[str, Any]:
    draft, buyer = wish.draft, wish.draft.buyer
    link = LinkRequest(
        transaction_amount=format_amount(wish.total),
        order_reference=str(number),
        reference_number=draft.reference_number,
        customer_name=buyer.name,
        customer_email=buyer.email,
        custom_field_1="",
        custom_field_2=draft.service,
    )
    return {
        "tenant_id": wish.tenant_id,
        "public_token": secrets.token_urlsafe(16),
        "number": number,
        "external_id": wish.external_id,
        "initiator_id": wish.initiator_id,
        "account_id": buyer.account_id,
        "kind": draft.kind,
        "source": drafts.SOURCE,
        "currency": draft.currency,
        "net": wish.totals.net_minor,
        "tax": wish.totals.tax_minor,
        "total": wish.totals.total_minor,
        "description": draft.description,
        "internal_notes": draft.internal_notes,
        "reference_number": draft.reference_number,
        "customer_name": buyer.name,
        "customer_email": buyer.email,
        "due_on": draft.due_on,
        "details": json.dumps({"buyer": buyer.as_json()}),
        "payment_link": signer.sign(link),
    }


def _frozen(totals: Totals) -> dict[str, Any]:
    lines = [
        {
            "position": position,
            "description": line.given.description,
            "quantity": str(line.given.quantity),
            "unit": line.given.unit,
            "unit_price_minor": str(line.given.price_minor),
            "discount_basis_points": line.given.discount.basis_points,
            "discount_minor": line.discount_minor,
            "net_minor": line.net_minor,
            "vat_code": line.given.rate.code,
            "tax_rate": str(Decimal(line.given.rate.basis_points) / 100),
        }
        for position, line in enumerate(totals.lines, 1)
    ]
    vat = [
        {
            "code": each.code,
            "category": each.category,
            "basis_points": each.basis_points,
            "taxable_minor": each.taxable_minor,
            "tax_minor": each.tax_minor,
        }
        for each in totals.vat
    ]
    return {"lines": json.dumps(lines), "vat": json.dumps(vat)}


def _booked(wish: Wish) -> dict[str, Any]:
    postings = books.issued(wish.draft.service, wish.total)
    accounts = ledger.account_ids([posting.account for posting in postings], wish.tenant_id)
    return {
        "accounts": [accounts[posting.account] for posting in postings],
        "amounts": [posting.amount.minor for posting in postings],
    }


def _told(wish: Wish, number: int, actor: Actor) -> dict[str, Any]:
    amount = {"amount": format_amount(wish.total), "currency": wish.total.currency}
    return {
        "actor_kind": actor.kind,
        "actor": actor.name,
        "events": ["invoice.issued", "invoice.link.made"],
        "event_data": [json.dumps({"number": number, **amount}), json.dumps({"gateway": "everypay", **amount})],
    }
