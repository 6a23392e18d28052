"""Issuing an invoice of ten lines in its own durable transaction, beside the bare SQL of the same rows, in turns.

    .venv/bin/python -m bench.issuing

One client each. Here is the real service: lines added up by the day's rates, number, link, books, timeline, search
work. The floor knows all values beforehand and writes the same rows by prepared statements, one for each table.
"""

from __future__ import annotations

import json
import secrets
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bench.rounds import installation, rates, told

ROUNDS, EACH = 5, int(sys.argv[1]) if len(sys.argv) > 1 else 300
RATES = ["standard"] * 6 + ["reduced"] * 3 + ["exempt"]
# What ten lines come to: 60.00 at 24 %, 30.00 at 9 %, 10.00 exempt.
NET, TAX = 10_000, 1_710
LINE = "(1, %s, %s, %s, 1, 'pc', 1000, 0, 0, 1000, %s, %s)"
BARE = {
    "draft": """
insert into invoice (tenant_id, public_token, external_id, initiator_id, kind, source, status, currency, subtotal_minor,
                     tax_minor, total_minor, description, reference_number, customer_name, customer_email, details)
values (1, %s, %s, %s, 'regular', 'portal', 'draft', 'EUR', %s, %s, %s, 'A month', '2144032', 'ACME', 'a@b.ee', %s)
returning id""",
    "lines": f"""
insert into invoice_line (tenant_id, invoice_id, position, description, quantity, unit, unit_price_minor,
                          discount_basis_points, discount_minor, net_minor, vat_code, tax_rate)
values {", ".join([LINE] * len(RATES))}""",
    "vat": """
insert into invoice_vat (tenant_id, invoice_id, code, category, basis_points, taxable_minor, tax_minor)
values (1, %s, 'standard', 'S', 2400, 6000, 1440), (1, %s, 'reduced', 'S', 900, 3000, 270),
       (1, %s, 'exempt', 'E', 0, 1000, 0)""",
    "number": """
update number_range set next_number = next_number + 1 where tenant_id = 1 and kind = 'invoice' and active
returning id, next_number - 1""",
    "reservation": """
insert into number_reservation (tenant_id, range_id, number, initiator_id, used_at)
values (1, %s, %s, %s, clock_timestamp())""",
    "issue": """
update invoice set number = %s, status = 'unpaid', issued_at = clock_timestamp(), payment_link = %s, version = 2,
                   updated_at = now() where id = %s""",
    "booking": """
insert into ledger_transaction (tenant_id, kind, dedupe_key, invoice_id) values (1, 'invoice.issued', %s, %s)
returning id""",
    "entries": """
insert into ledger_entry (tenant_id, transaction_id, account_id, amount_minor, currency)
values (1, %s, %s, %s, 'EUR'), (1, %s, %s, %s, 'EUR')""",
    "timeline": """
insert into event (tenant_id, kind, invoice_id, actor_kind, actor, data)
values (1, 'invoice.issued', %s, 'operator', '1', %s), (1, 'invoice.link.made', %s, 'operator', '1', %s)""",
    "outbox": """
insert into outbox (tenant_id, kind, dedupe_key, lane_id, invoice_id, payload, run_at)
select 1, 'search.invoice.index', %s, id, %s, '{}', now() + interval '1 second' from lane where name = 'search'""",
}
WRITTEN = {
    "lines": "select count(*) from invoice_line where invoice_id in (select id from made)",
    "sums": "select count(*) from invoice_vat where invoice_id in (select id from made)",
    "bookings": "select count(*) from ledger_transaction where invoice_id in (select id from made)",
    "entries": "select count(*) from ledger_entry join ledger_transaction t on t.id = transaction_id "
    "where t.invoice_id in (select id from made)",
    "timeline": "select count(*) from event where invoice_id in (select id from made)",
    "public events": "select count(*) from announcement where invoice_id in (select id from made)",
    "owed": "select count(*) from outbox where invoice_id in (select id from made)",
    "numbers": "select count(distinct number) from number_reservation "
    "where used_at is not null and number in (select number from made)",
    "total": "select sum(total_minor) from made",
}


def main() -> None:
    """Measure, check and print."""
    with installation() as bare:
        here, floor = _here(), _Floor(bare)
        found = rates({"here": here, "bare SQL, a statement per table": floor}, rounds=ROUNDS, each=EACH, bare=bare)
        issued = (ROUNDS + 1) * EACH
        expected = [issued * times for times in (10, 3, 1, 2, 2, 1, 1, 1, NET + TAX)]
        for side in ("here", "bare"):
            assert _written(bare, side) == dict(zip(WRITTEN, expected, strict=True)), (side, _written(bare, side))
        gap = bare.execute("select max(number) - min(number) + 1 - count(*) from number_reservation").fetchone()
        assert gap == (0,), gap
    print(f"issue an invoice of 10 lines, one client, {ROUNDS} rounds of {EACH} on each side")
    told(found, "invoices")


def _here() -> Any:
    from app.domain.draft import Buyer, Draft, DraftLine  # noqa: PLC0415 - after the environment is set
    from app.integrations import current  # noqa: PLC0415
    from app.services.issuing_at_once import issue_at_once  # noqa: PLC0415
    from app.services.timeline import Actor  # noqa: PLC0415

    lines = tuple(DraftLine(f"Line {nth}", Decimal(1), Decimal(10), rate, "pc") for nth, rate in enumerate(RATES))
    draft = Draft("registry", Buyer("ACME", "a@b.ee"), lines, "A month", "2144032")
    at, actor, signer = datetime(2026, 3, 2, 12, tzinfo=UTC), Actor("operator", "1"), current().links

    def issue(nth: int) -> None:
        issue_at_once(draft, key=f"here:{nth}", at=at, actor=actor, signer=signer)

    return issue


class _Floor:
    """The same rows by hand, with everything known that the service works out."""

    def __init__(self, bare: Any) -> None:
        self.bare = bare
        bare.prepare_threshold = 0
        row = bare.execute("select id from initiator where code = 'registry'").fetchone()
        self.initiator = row[0]
        self.accounts = [
            bare.execute(
                "insert into ledger_account (tenant_id, code, kind) values (1, %s, %s) on conflict (tenant_id, code) "
                "do update set code = excluded.code returning id",
                each,
            ).fetchone()[0]
            for each in (("receivables:registry", "asset"), ("invoiced:registry", "income"))
        ]
        bare.commit()
        percent = {"standard": Decimal(24), "reduced": Decimal(9), "exempt": Decimal(0)}
        self.lines = [(nth, f"Line {nth}", rate, percent[rate]) for nth, rate in enumerate(RATES, 1)]
        self.details = json.dumps({"buyer": {"reg_no": "", "vat_no": "", "address": ""}})
        self.link = "http://everypay.test/lp?" + "x" * 500

    def __call__(self, nth: int) -> None:
        """Issue one."""
        run, total = self.bare.execute, NET + TAX
        token = secrets.token_urlsafe(16)
        values = (token, f"portal:bare:{nth}", self.initiator, NET, TAX, total, self.details)
        (invoice,) = run(BARE["draft"], values).fetchone()
        of_lines = [value for place, text, rate, tax in self.lines for value in (invoice, place, text, rate, tax)]
        run(BARE["lines"], of_lines)
        run(BARE["vat"], [invoice] * 3)
        range_id, number = run(BARE["number"]).fetchone()
        run(BARE["reservation"], (range_id, number, self.initiator))
        run(BARE["issue"], (number, self.link, invoice))
        (booking,) = run(BARE["booking"], (f"invoice:{invoice}:issued", invoice)).fetchone()
        owed, earned = self.accounts
        run(BARE["entries"], (booking, owed, total, booking, earned, -total))
        amount = {"amount": "117.10", "currency": "EUR"}
        issued, linked = json.dumps({"number": number, **amount}), json.dumps({"gateway": "everypay", **amount})
        run(BARE["timeline"], (invoice, issued, invoice, linked))
        run(BARE["outbox"], (f"{invoice}:1", invoice))
        self.bare.commit()


def _written(bare: Any, side: str) -> dict[str, int]:
    """Return how many rows of each kind a side's invoices have."""
    made = f"with made as (select * from invoice where external_id like 'portal:{side}:%' and status = 'unpaid') "
    return {name: bare.execute(made + question).fetchone()[0] for name, question in WRITTEN.items()}


if __name__ == "__main__":
    main()
