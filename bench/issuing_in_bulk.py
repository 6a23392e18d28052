"""A thousand invoices of ten lines in one call, beside the bare SQL of the same rows in sets, in turns.

    .venv/bin/python -m bench.issuing_in_bulk [invoices a call]

`the service` is the verb behind the route: lines added up, numbers, links, books, timeline, search work, one durable
transaction. `the whole call` is POST /api/v2/invoices/bulk in process, from the bytes of the body to those of the
answer. The floor knows all values beforehand and writes the same rows by one insert ... select for each table.
"""

from __future__ import annotations

import gc
import json
import sys
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bench.rounds import installation, rates, told

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, EACH = 5, int(sys.argv[1]) if len(sys.argv) > 1 else 1000
CALLS = 2  # a round
POINTS = [2400] * 6 + [900] * 3 + [None]
# What ten lines come to: 60.00 at 24 %, 30.00 at 9 %, 10.00 untaxed; the tax of each line is its share.
NET, TAX = 10_000, 1_710
AMOUNT = "117.10"
READY = """
create temp table known_line (position int, description text, tax_rate numeric, tax_minor bigint);
create temp table making (id bigint primary key, booking_id bigint, number bigint);
"""
BARE = {
    "numbers": """
with taken as (
  update number_range set next_number = next_number + %(each)s where tenant_id = 1 and kind = 'invoice' and active
  returning id, next_number - %(each)s as first_taken
), reserved as (
  insert into number_reservation (tenant_id, range_id, number, initiator_id, used_at)
  select 1, id, first_taken + step, %(initiator)s, clock_timestamp()
    from taken, generate_series(0, %(each)s - 1) as step order by step
  returning number
)
insert into making
select nextval(pg_get_serial_sequence('invoice', 'id')), nextval(pg_get_serial_sequence('ledger_transaction', 'id')),
       number
  from reserved""",
    "invoices": """
insert into invoice (id, tenant_id, public_token, number, initiator_id, kind, status, currency, subtotal_minor,
                     tax_minor, total_minor, description, reference_number, customer_name, customer_email,
                     custom_field_1, payment_link, issued_at, source)
select id, 1, 'bare-' || number, number, %(initiator)s, 'regular', 'unpaid', 'EUR', %(net)s, %(tax)s, %(total)s,
       'A month', '2144032', 'ACME', 'a@b.ee', 'A month', %(link)s, clock_timestamp(), 'api'
  from making order by id""",
    "lines": """
insert into invoice_line (tenant_id, invoice_id, position, description, quantity, unit, unit_price_minor, net_minor,
                          tax_rate, tax_minor)
select 1, making.id, position, description, 1, 'pc', 1000, 1000, tax_rate, tax_minor
  from making, known_line order by making.id, position""",
    "bookings": """
insert into ledger_transaction (id, tenant_id, kind, dedupe_key, invoice_id)
select booking_id, 1, 'invoice.issued', 'invoice:' || id || ':issued', id from making order by id""",
    "entries": """
insert into ledger_entry (tenant_id, transaction_id, account_id, amount_minor, currency)
select 1, booking_id, account_id, amount, 'EUR'
  from making, (values (1, %(owed)s, %(total)s), (2, %(earned)s, -%(total)s)) as side (place, account_id, amount)
 order by booking_id, place""",
    "timeline": """
insert into event (tenant_id, kind, invoice_id, actor_kind, actor, data)
select 1, kind, id, 'initiator', 'registry',
       jsonb_build_object('number', number, 'amount', '117.10', 'currency', 'EUR')
  from making, (values (1, 'invoice.issued'), (2, 'invoice.link.made')) as line (place, kind) order by id, place""",
    "outbox": """
insert into outbox (tenant_id, kind, dedupe_key, lane_id, invoice_id, payload, run_at)
select 1, 'search.invoice.index', making.id || ':1', lane.id, making.id, '{}', now() + interval '1 second'
  from making, lane where lane.name = 'search' order by making.id""",
    "over": "truncate making",
}
# The rows of one side's invoices, which its floor must have exactly as many of.
WRITTEN = {
    "invoices": "select count(*) from made",
    "lines": "select count(*) from invoice_line where invoice_id in (select id from made)",
    "net of lines": "select sum(net_minor) from invoice_line where invoice_id in (select id from made)",
    "tax of lines": "select sum(tax_minor) from invoice_line where invoice_id in (select id from made)",
    "bookings": "select count(*) from ledger_transaction where invoice_id in (select id from made)",
    "entries": "select count(*) from ledger_entry join ledger_transaction t on t.id = transaction_id "
    "where t.invoice_id in (select id from made)",
    "owed": "select sum(amount_minor) from ledger_entry join ledger_transaction t on t.id = transaction_id "
    "where t.invoice_id in (select id from made) and amount_minor > 0",
    "timeline": "select count(*) from event where invoice_id in (select id from made)",
    "public events": "select count(*) from announcement where invoice_id in (select id from made)",
    "search work": "select count(*) from outbox where invoice_id in (select id from made)",
    "numbers": "select count(distinct number) from number_reservation "
    "where used_at is not null and number in (select number from made)",
    "total": "select sum(total_minor) from made",
}


def main() -> None:
    """Measure, check and print."""
    with installation() as bare:
        sides: dict[str, Callable[[int], None]] = {
            "the service": _service(),
            "the whole call": _whole_call(),
            "bare SQL, a statement per table": _Floor(bare),
        }
        gc.freeze()  # as a web process does when it has started
        found = rates(sides, rounds=ROUNDS, each=CALLS, bare=bare)
        for mark in ("service", "call", "bare"):
            assert _written(bare, mark) == _expected(), (mark, _written(bare, mark))
        gap = bare.execute("select max(number) - min(number) + 1 - count(*) from number_reservation").fetchone()
        assert gap == (0,), gap
    print(f"issue {EACH} invoices of 10 lines in one call, one client, {ROUNDS} rounds of {CALLS} calls on each side")
    told({name: [each * EACH for each in calls] for name, calls in found.items()}, "invoices")


def _expected() -> dict[str, int]:
    issued = (ROUNDS + 1) * CALLS * EACH
    times = (1, 10, NET, TAX, 1, 2, NET + TAX, 2, 1, 1, 1, NET + TAX)
    return {name: issued * each for name, each in zip(WRITTEN, times, strict=True)}


def _service() -> Callable[[int], None]:
    from app.domain.money import Money  # noqa: PLC0415 - after the environment is set
    from app.integrations import current  # noqa: PLC0415
    from app.services.initiators import caller_named  # noqa: PLC0415
    from app.services.invoice_lines import LineWish  # noqa: PLC0415
    from app.services.many_invoices import InvoiceWish, register_all  # noqa: PLC0415

    lines = tuple(
        LineWish(f"Line {nth}", Decimal(1), "pc", Money(1000, "EUR"), points) for nth, points in enumerate(POINTS)
    )
    wish = InvoiceWish(
        Money(NET + TAX, "EUR"), "registry", None, "A month", "2144032", "service", "a@b.ee", lines=lines
    )
    caller, signer, wishes = caller_named("registry"), current().links, [wish] * EACH

    def issue(_: int) -> None:
        assert len(register_all(caller, wishes, date(2026, 3, 2), signer)) == EACH

    return issue


def _whole_call() -> Callable[[int], None]:
    from flask import current_app  # noqa: PLC0415 - as the rest

    from app.integrations import sign_token  # noqa: PLC0415
    from tests.system import SECRET  # noqa: PLC0415

    invoice = {
        "amount": AMOUNT,
        "description": "A month",
        "reference_number": "2144032",
        "customer": {"name": "call", "email": "a@b.ee"},
        "lines": [
            {"description": f"Line {nth}", "unit": "pc", "unit_price": "10.00"}
            | ({} if points is None else {"tax_rate": str(points // 100)})
            for nth, points in enumerate(POINTS)
        ],
    }
    body = json.dumps({"invoices": [invoice] * EACH}).encode()
    client = current_app.test_client()
    headers = {"Authorization": f"Bearer {sign_token({'initiator': 'registry'}, SECRET)}"}

    def issue(_: int) -> None:
        answer = client.post("/api/v2/invoices/bulk", data=body, content_type="application/json", headers=headers)
        assert answer.status_code == 201, answer.text[:300]
        assert answer.data.count(b'"payment_link"') == EACH

    return issue


class _Floor:
    """The same rows by hand, with everything known that the service works out."""

    def __init__(self, bare: Any) -> None:
        self.bare = bare
        bare.execute(READY)
        row = bare.execute("select id from initiator where code = 'registry'").fetchone()
        owed, earned = (
            bare.execute(
                "insert into ledger_account (tenant_id, code, kind) values (1, %s, %s) on conflict (tenant_id, code) "
                "do update set code = excluded.code returning id",
                each,
            ).fetchone()[0]
            for each in (("receivables:registry", "asset"), ("invoiced:registry", "income"))
        )
        with bare.cursor() as cursor:
            cursor.executemany(
                "insert into known_line values (%s, %s, %s, %s)",
                [
                    (nth, f"Line {nth - 1}", points and Decimal(points) / 100, (points or 0) // 10)
                    for nth, points in enumerate(POINTS, 1)
                ],
            )
        bare.commit()
        self.known = {
            "each": EACH, "initiator": row[0], "net": NET, "tax": TAX, "total": NET + TAX, "owed": owed,
            "earned": earned, "link": "http://everypay.test/lp?" + "x" * 500,
        }  # fmt: skip

    def __call__(self, _: int) -> None:
        """Issue as many."""
        for statement in BARE.values():
            self.bare.execute(statement, self.known if "%(" in statement else None)
        self.bare.commit()


def _written(bare: Any, mark: str) -> dict[str, int]:
    """Return how many rows of each kind a side's invoices have, and their sums."""
    whose = "public_token like 'bare-%'" if mark == "bare" else f"customer_name = '{mark}'"
    made = f"with made as (select * from invoice where {whose} and status = 'unpaid') "
    return {name: bare.execute(made + question).fetchone()[0] for name, question in WRITTEN.items()}


if __name__ == "__main__":
    main()
