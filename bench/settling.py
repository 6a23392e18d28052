"""Settling a payment through the one door to paid, beside the bare SQL of the same rows, in turns.

    .venv/bin/python -m bench.settling

One client each, every settlement in its own durable transaction: both rows locked, payment, books, allocation, invoice,
settlement, timeline, and the news the registry is owed. The floor knows every value beforehand.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from bench.rounds import installation, rates, told

ROUNDS, EACH = 5, int(sys.argv[1]) if len(sys.argv) > 1 else 300
MANY = 2 * (ROUNDS + 1) * EACH
WAITING = """
with waiting as (
  insert into invoice (tenant_id, public_token, number, initiator_id, status, currency, subtotal_minor, total_minor,
                       issued_at)
  select 1, 'settling-' || nth, 500000 + nth, (select id from initiator where code = 'registry'), 'pending', 'EUR',
         12000, 12000, now()
    from generate_series(0, %s - 1) nth returning id, number, initiator_id
)
insert into payment (tenant_id, public_token, invoice_id, initiator_id, method, gateway, account, status, amount_minor,
                     currency, merchant_ref, external_id, gateway_method, provider_state, snapshot)
select 1, 'settling-' || number, id, initiator_id, 'hosted', 'everypay', 'EUR3D1', 'pending', 12000, 'EUR', number,
       'settling-' || number, 'card', 'settled', %s from waiting
"""
SNAPSHOT = {
    "payment_reference": "settling",
    "order_reference": "1",
    "payment_state": "settled",
    "payment_method": "card",
    "initial_amount": 120,
    "standing_amount": 120,
    "account_name": "EUR3D1",
    "transaction_time": "2026-03-02T10:00:00Z",
}
BARE = {
    "invoice": "select * from invoice where id = %s for update",
    "payment": "select * from payment where invoice_id = %s for update",
    "complete": """
update payment set status = 'completed', captured_minor = 12000, completed_at = clock_timestamp(), next_check_at = null,
                   version = version + 1 where id = %s""",
    "booking": """
insert into ledger_transaction (tenant_id, kind, dedupe_key, invoice_id, payment_id)
values (1, 'payment.received', %s, %s, %s) returning id""",
    "entries": """
insert into ledger_entry (tenant_id, transaction_id, account_id, amount_minor, currency)
values (1, %s, %s, 12000, 'EUR'), (1, %s, %s, -12000, 'EUR')""",
    "allocation": "insert into allocation (tenant_id, payment_id, invoice_id, amount_minor) values (1, %s, %s, 12000)",
    "paid": """
update invoice set captured_minor = 12000, paid_at = clock_timestamp(), status = 'paid', version = version + 1,
                   updated_at = now() where id = %s""",
    "settlement": """
insert into settlement (tenant_id, invoice_id, payment_id, amount_minor, source)
values (1, %s, %s, 12000, 'gateway')""",
    "timeline": """
insert into event (tenant_id, kind, invoice_id, payment_id, actor_kind, actor, data)
values (1, 'invoice.settled', %s, %s, 'gateway', 'everypay', '{}'),
       (1, 'payment.settled', %s, %s, 'gateway', 'everypay', %s)""",
    "news": """
insert into outbox (tenant_id, kind, dedupe_key, lane_id, invoice_id, payment_id, payload)
select 1, 'initiator.payment.notify', %s, id, %s, %s, %s from lane where name = 'initiator:registry'""",
}
TOLD = {
    "amount": "120.00",
    "currency": "EUR",
    "allocated": "120.00",
    "gateway": "everypay",
    "method": "card",
    "late": False,
}
DONE = """
select count(*) filter (where i.status = 'paid' and i.captured_minor = 12000 and p.status = 'completed'
                          and p.captured_minor = 12000),
       sum((select sum(amount_minor) from allocation a where a.payment_id = p.id)),
       sum((select count(*) from settlement s where s.payment_id = p.id)),
       sum((select count(*) from ledger_entry join ledger_transaction t on t.id = transaction_id
             where t.payment_id = p.id)),
       sum((select count(*) from event e where e.payment_id = p.id)),
       sum((select count(*) from announcement a where a.payment_id = p.id)),
       sum((select count(*) from outbox o where o.payment_id = p.id))
  from invoice i join payment p on p.invoice_id = i.id where i.number between %s and %s
"""


def main() -> None:
    """Measure, check and print."""
    with installation() as bare:
        bare.execute(WAITING, (MANY, json.dumps(SNAPSHOT)))
        bare.commit()
        bare.execute("analyze")
        ids = [row[0] for row in bare.execute("select id from invoice where number >= 500000 order by number")]
        bare.commit()
        here, floor = _here(ids), _Floor(bare, ids)
        found = rates({"here": here, "bare SQL, a statement per table": floor}, rounds=ROUNDS, each=EACH, bare=bare)
        first = 500_000
        expected = (EACH, EACH * 12_000, EACH, EACH * 2, EACH * 2, EACH * 2, EACH)
        for turn in range(2 * (ROUNDS + 1)):
            done = bare.execute(DONE, (first + turn * EACH, first + (turn + 1) * EACH - 1)).fetchone()
            assert done == expected, (turn, done)
        unequal = "select count(*) from (select currency from ledger_entry group by 1 having sum(amount_minor) <> 0) x"
        assert bare.execute(unequal).fetchone() == (0,)
    print(f"settle a payment, one client, {ROUNDS} rounds of {EACH} on each side")
    told(found, "settlements")


def _here(ids: list[int]) -> Any:
    from sqlalchemy import select  # noqa: PLC0415 - after the environment is set

    from app.domain.money import Money  # noqa: PLC0415
    from app.models.payment import Payment  # noqa: PLC0415
    from app.services.invoice_status import lock  # noqa: PLC0415
    from app.services.settlement import settle  # noqa: PLC0415
    from app.services.timeline import Actor  # noqa: PLC0415
    from app.uow import session, transaction  # noqa: PLC0415

    actor = Actor("gateway", "everypay")

    def settled(nth: int) -> None:
        with transaction() as tx:
            invoice = lock(tx, ids[nth])
            payment = tx.scalars(select(Payment).where(Payment.invoice_id == invoice.id).with_for_update()).one()
            settle(payment, invoice, Money(12_000, "EUR"), initiator="registry", actor=actor)
        session().expunge_all()

    return settled


class _Floor:
    """The same rows by hand."""

    def __init__(self, bare: Any, ids: list[int]) -> None:
        self.bare, self.ids = bare, ids
        bare.prepare_threshold = 0
        self.accounts = [
            bare.execute(
                "insert into ledger_account (tenant_id, code, kind) values (1, %s, 'asset') on conflict "
                "(tenant_id, code) do update set code = excluded.code returning id",
                (code,),
            ).fetchone()[0]
            for code in ("clearing:everypay", "receivables:registry")
        ]
        bare.commit()
        self.news = json.dumps({"initiator": "registry", "body": SNAPSHOT | {"invoice_number_collection": []}})
        self.told = json.dumps(TOLD)

    def __call__(self, nth: int) -> None:
        """Settle one."""
        run, invoice = self.bare.execute, self.ids[nth]
        run(BARE["invoice"], (invoice,)).fetchone()
        payment = run(BARE["payment"], (invoice,)).fetchone()[0]
        run(BARE["complete"], (payment,))
        (booking,) = run(BARE["booking"], (f"payment:{payment}:received", invoice, payment)).fetchone()
        clearing, receivables = self.accounts
        run(BARE["entries"], (booking, clearing, booking, receivables))
        run(BARE["allocation"], (payment, invoice))
        run(BARE["paid"], (invoice,))
        run(BARE["settlement"], (invoice, payment))
        run(BARE["timeline"], (invoice, payment, invoice, payment, self.told))
        run(BARE["news"], (f"payment:{payment}:settled", invoice, payment, self.news))
        self.bare.commit()


if __name__ == "__main__":
    main()
