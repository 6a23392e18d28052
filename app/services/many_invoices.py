"""Many invoices of a service in one call, all of them or none; each is what `invoices.register` makes of one."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app.domain import ledger as books
from app.domain.errors import Conflict, Invalid
from app.domain.money import Money
from app.models.invoice import BULK
from app.services import invoice_lines, ledger, numbering
from app.services.invoices import (
    NumberNotAvailable,
    RegisteredDifferently,
    RegisterInvoice,
    check,
    description_of,
    link_request,
)
from app.services.settlement import settle_zero_invoices
from app.services.timeline import Actor
from app.uow import retried, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from app.domain.ports import LinkSigner
    from app.domain.totals import Totals
    from app.services.initiators import Caller
    from app.services.invoice_lines import LineWish

MOST_INVOICES = 1_000
MOST_LINES = 20_000  # of all invoices of a call together
# Field names of version 1, in which `invoices.check` reports faults -> those of version 2.
NAMES = {"custom_field2": "initiator", "invoice_number": "number"}

# Thousands of rows with all their guards take longer than a request has else; who waits for a number of somebody else's
# call waits until that one ends.
ROOM = text("set local statement_timeout = '60s'; set local lock_timeout = '10s'")

# Everything many new invoices are, in one statement (decisions.md 23): the same rows as `registering.CREATE` makes, and
# their lines. Invoices come in the order of their numbers: of two calls that share some, the later one waits at the
# first of them and holds nothing the other wants.
MAKE = text("""
with made as (
  insert into invoice (tenant_id, public_token, number, initiator_id, kind, status, currency, subtotal_minor, tax_minor,
                       total_minor, description, reference_number, customer_name, customer_email, custom_field_1,
                       payment_link, account_id, issued_at, source)
  select :tenant_id, said.public_token, said.number, said.initiator_id, 'regular', 'unpaid', said.currency, said.net,
         said.tax, said.total, said.description, said.reference_number, said.customer_name, said.customer_email,
         said.custom_field_1, said.payment_link, reference.account_id, clock_timestamp(), 'api'
    from json_to_recordset(cast(:invoices as json)) as said (
           public_token text, number bigint, initiator_id bigint, currency text, net bigint, tax bigint, total bigint,
           description text, reference_number text, customer_name text, customer_email text, custom_field_1 text,
           payment_link text)
    left join reference on reference.tenant_id = :tenant_id and reference.number = said.reference_number
                       and reference.initiator_id = any(:owns)
   where not exists (select 1 from number_reservation r
                      where r.tenant_id = :tenant_id and r.number = said.number and r.initiator_id <> all(:owns)
                        and r.range_id in (select id from number_range where kind <> 'monthly'))
   order by said.number
  on conflict (tenant_id, number) do nothing
  returning id, number, initiator_id, currency, total_minor
), lines as (
  insert into invoice_line (tenant_id, invoice_id, position, description, quantity, unit, unit_price_minor, net_minor,
                            tax_rate, tax_minor)
  select :tenant_id, made.id, said.position, said.description, said.quantity, said.unit, said.unit_price_minor,
         said.net_minor, said.tax_rate, said.tax_minor
    from json_to_recordset(cast(:lines as json)) as said (
           number bigint, position int, description text, quantity numeric, unit text, unit_price_minor numeric,
           net_minor bigint, tax_rate numeric, tax_minor bigint)
    join made on made.number = said.number
   order by made.id, said.position
), booked as (
  insert into ledger_transaction (tenant_id, kind, dedupe_key, invoice_id)
  select :tenant_id, 'invoice.issued', 'invoice\\:' || id || '\\:issued', id from made where total_minor > 0 order by id
  returning id, invoice_id
), entries as (
  insert into ledger_entry (tenant_id, transaction_id, account_id, amount_minor, currency)
  select :tenant_id, booked.id, side.account_id, side.sign * made.total_minor, made.currency
    from booked
    join made on made.id = booked.invoice_id
    join unnest(cast(:owners as bigint[]), cast(:accounts as bigint[]), cast(:signs as bigint[])) with ordinality
         as side (initiator_id, account_id, sign, place) on side.initiator_id = made.initiator_id
   order by booked.id, side.place
), told as (
  insert into event (tenant_id, kind, invoice_id, actor_kind, actor, data)
  select :tenant_id, line.kind, made.id, 'initiator', :actor,
         line.data || jsonb_build_object('amount', decimal_amount(made.total_minor, made.currency),
                                         'currency', made.currency)
    from made, lateral (values (1, 'invoice.issued', jsonb_build_object('number', made.number)),
                               (2, 'invoice.link.made', '{"gateway": "everypay"}')) as line (place, kind, data)
   order by made.id, line.place
), owed as (
  insert into outbox (tenant_id, kind, dedupe_key, lane_id, invoice_id, payload, run_at)
  select :tenant_id, 'search.invoice.index', made.id || '\\:1', lane.id, made.id, '{}', now() + interval '1 second'
    from made, lane where lane.name = 'search' order by made.id
)
select id, number, total_minor from made
""")
KNOWN = text("""
select id, number, kind, initiator_id, total_minor, currency from invoice
 where tenant_id = :tenant_id and number = any(:numbers) and initiator_id = any(:owns) order by id for update
""")


class NumbersTaken(Conflict):
    """Numbers of this call belong to other invoices, so that nothing was registered; its `fields` name each."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(said)}" for name, said in fields.items()), fields=fields)


@dataclass(frozen=True, slots=True)
class InvoiceWish:
    """One invoice of many; without a number it takes the next one, with lines their sum must be its amount.

    `initiator` is the code of its owner; other strings are empty when absent.
    """

    amount: Money
    initiator: str
    number: int | None = None
    description: str = ""
    reference_number: str = ""
    customer_name: str = ""
    customer_email: str = ""
    lines: tuple[LineWish, ...] = ()


@dataclass(frozen=True, slots=True)
class _Checked:
    """An invoice that has its number and what its lines add up to, at its position in the call."""

    position: int
    command: RegisterInvoice
    added: Totals | None
    is_number_taken: bool


@retried
def register_all(caller: Caller, wishes: Sequence[InvoiceWish], today: date, links: LinkSigner) -> list[int]:
    """Register all these invoices and return their numbers in the order of the wishes; the same again, the same.

    Numbers that are not given are one block of the range. Raises Invalid and NumbersTaken, which name each fault by the
    position of its invoice, counted from 0, such as `invoices.3.number`; NumberRangeExhausted when the range has no
    room for all. Then there is none of them.
    """
    added = _checked(caller, wishes, today)
    with transaction() as tx:
        tx.execute(ROOM)
        numbers = _numbers(tx, caller, wishes)
        all_ = [
            _Checked(position, _command(wish, number), totals, wish.number is None)
            for position, (wish, number, totals) in enumerate(zip(wishes, numbers, added, strict=True))
        ]
        made = {row.number: row for row in tx.execute(MAKE, _values(caller, all_, links))}
        numbering.mark_used(tx, caller, [each for each in numbers if each in made])
        _check_same(tx, caller, [each for each in all_ if each.command.number not in made])
        nothing = [row.id for row in made.values() if not row.total_minor]
        settle_zero_invoices(nothing, actor=Actor("initiator", caller.code))
    return numbers


def _checked(caller: Caller, wishes: Sequence[InvoiceWish], today: date) -> list[Totals | None]:
    """Return what the lines of each add up to. Raises Invalid with all that is wrong with any."""
    faults: dict[str, list[str]] = {}
    if not 1 <= len(wishes) <= MOST_INVOICES:
        faults["invoices"] = [f"must be from 1 to {MOST_INVOICES}"]
    elif sum(len(each.lines) for each in wishes) > MOST_LINES:
        faults["invoices"] = [f"must have at most {MOST_LINES} lines together"]
    if faults:
        raise Invalid(faults)
    added = [_added(caller, position, wish, today, faults) for position, wish in enumerate(wishes)]
    faults |= _doubled(wishes)
    if faults:
        raise Invalid(faults)
    return added


def _added(
    caller: Caller, position: int, wish: InvoiceWish, today: date, faults: dict[str, list[str]]
) -> Totals | None:
    found: Totals | None = None
    try:
        found = invoice_lines.check(wish.lines, wish.amount, today) if wish.lines else None
    except Invalid as fault:
        faults |= _placed(position, fault)
    try:
        check(caller, wish.initiator, wish.number)
    except Invalid as fault:
        faults |= _placed(position, fault)
    return found


def _placed(position: int, fault: Invalid) -> dict[str, list[str]]:
    return {f"invoices.{position}.{NAMES.get(name, name)}": said for name, said in fault.fields.items()}


def _doubled(wishes: Sequence[InvoiceWish]) -> dict[str, list[str]]:
    """Return what is wrong with numbers that stand further up as well."""
    first: dict[int, int] = {}
    faults: dict[str, list[str]] = {}
    for position, wish in enumerate(wishes):
        if wish.number is not None and (before := first.setdefault(wish.number, position)) != position:
            faults[f"invoices.{position}.number"] = [f"is that of invoices.{before} as well"]
    return faults


def _numbers(tx: Session, caller: Caller, wishes: Sequence[InvoiceWish]) -> list[int]:
    """Return the number of each: given ones count as given to whoever takes the next, here as well."""
    given = [wish.number for wish in wishes if wish.number is not None]
    numbering.advance_past(tx, caller, given)
    taken = iter(_block(tx, caller, len(wishes) - len(given), set(given)))
    return [next(taken) if wish.number is None else wish.number for wish in wishes]


def _block(tx: Session, caller: Caller, count: int, given: set[int]) -> list[int]:
    """Return new numbers; of a range that was just put in use some may be given ones of this very call."""
    found: list[int] = []
    while missing := count - len(found):
        block = numbering.use_block(
            tx, "invoice", missing, initiator_id=caller.initiator_id, tenant_id=caller.tenant_id
        )
        found += [each for each in block if each not in given]
    return found


def _command(wish: InvoiceWish, number: int) -> RegisterInvoice:
    return RegisterInvoice(
        number=number,
        amount=wish.amount,
        initiator_code=wish.initiator,
        description=wish.description,
        reference_number=wish.reference_number,
        customer_name=wish.customer_name,
        customer_email=wish.customer_email,
        custom_field_1=wish.description,
    )


def _values(caller: Caller, all_: Sequence[_Checked], links: LinkSigner) -> dict[str, Any]:
    ids = dict(zip(caller.codes, caller.owns, strict=True))
    invoices = [_row(each, ids, links) for each in all_]
    lines = [
        {"number": each.command.number, **line}
        for each in all_
        if each.added is not None
        for line in invoice_lines.columns_of(each.added)
    ]
    return {
        "tenant_id": caller.tenant_id,
        "owns": list(caller.owns),
        "actor": caller.code,
        "invoices": json.dumps(invoices),
        "lines": json.dumps(lines, default=str),
        **_sides(caller, ids, {each.command.initiator_code for each in all_}),
    }


def _row(each: _Checked, ids: dict[str, int], links: LinkSigner) -> dict[str, Any]:
    command, total = each.command, each.command.amount.minor
    return {
        "public_token": secrets.token_urlsafe(16),
        "number": command.number,
        "initiator_id": ids[command.initiator_code],
        "currency": command.amount.currency,
        "net": total if each.added is None else each.added.net_minor,
        "tax": 0 if each.added is None else each.added.tax_minor,
        "total": total,
        "description": description_of(command),
        "reference_number": command.reference_number,
        "customer_name": command.customer_name,
        "customer_email": command.customer_email,
        "custom_field_1": command.custom_field_1,
        "payment_link": links.sign(link_request(command)),
    }


def _sides(caller: Caller, ids: dict[str, int], codes: Iterable[str]) -> dict[str, Any]:
    """Return the accounts a new invoice of each owner touches, and on which side per cent, as the domain says it."""
    one = Money(1, "EUR")
    sides = [(ids[code], each.account, each.amount.minor) for code in codes for each in books.issued(code, one)]
    accounts = ledger.account_ids([account for _, account, _ in sides], caller.tenant_id)
    return {
        "owners": [owner for owner, _, _ in sides],
        "accounts": [accounts[account] for _, account, _ in sides],
        "signs": [sign for *_, sign in sides],
    }


def _check_same(tx: Session, caller: Caller, there: Sequence[_Checked]) -> None:
    """Let invoices pass that are registered already exactly so. Raises NumbersTaken naming each other."""
    if not there:
        return
    asked = {
        "tenant_id": caller.tenant_id,
        "owns": list(caller.owns),
        "numbers": [each.command.number for each in there if not each.is_number_taken],
    }
    known = {row.number: row for row in tx.execute(KNOWN, asked)}
    lines = invoice_lines.kept_of([row.id for row in known.values()])
    faults: dict[str, list[str]] = {}
    for each in there:
        row = known.get(each.command.number)
        if row is None or row.kind == BULK:
            faults[f"invoices.{each.position}.number"] = [str(NumberNotAvailable())]
        elif row.initiator_id != _owner(caller, each) or not _is_same(each, _total(row), lines.get(row.id, [])):
            faults[f"invoices.{each.position}.number"] = [str(RegisteredDifferently())]
    if faults:
        raise NumbersTaken(faults)


def _owner(caller: Caller, each: _Checked) -> int:
    return caller.owns[caller.codes.index(each.command.initiator_code)]


def _total(row: Any) -> Money:
    return Money(row.total_minor, row.currency)


def _is_same(wish: _Checked, total: Money, lines: list[invoice_lines.Kept]) -> bool:
    """Return whether this invoice is what is wished; who names no lines does not ask about them."""
    return wish.command.amount == total and (wish.added is None or invoice_lines.as_kept(wish.added) == lines)
