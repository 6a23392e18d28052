"""Does the alarm ring? Every invariant finds rows that break it, put there past all the guards (reliability.md 4.9)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from app.domain.refund import MadeOutside
from app.domain.tallinn import TALLINN
from app.services import anchors, credit_notes, drafts, issuing, proofs, sealing
from app.services.credit_notes import CreditOrder
from app.services.issuing import Seen
from tests.services.disputing import dispute, hear
from tests.services.refunding import MARY, ask, order, send
from tests.services.test_drafts import DRAFT, NOON, TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from tests.system import System

ONE_OF = "where id = (select min(id) from {} where {})"


def add(table: str, column: str, where: str = "true") -> str:
    """Return what makes a number of one row wrong by one."""
    return f"update {table} set {column} = {column} + 1 {ONE_OF.format(table, where)}"


def put(table: str, what: str, where: str = "true") -> str:
    return f"update {table} set {what} {ONE_OF.format(table, where)}"


REGULAR, BULK, HOSTED = "kind <> 'bulk' and captured_minor > 0", "kind = 'bulk'", "completed_at is not null"
OF_BULK = "invoice_id in (select id from invoice where kind = 'bulk')"
NEWS = "delete from outbox where kind = 'initiator.payment.notify' and payment_id in (select id from payment where {})"
OF_DEPOSIT = "invoice_id in (select id from invoice where kind = 'auction_deposit')"
OF_NOTE = " and transaction_id in (select id from ledger_transaction where kind = 'invoice.credited')"
OF_ACCOUNT = "account_id in (select id from ledger_account where code like '{}:%')"
TWO_MINUTES_AGO = "now() - interval '2 minutes'"
WON = """insert into invoice_claim (tenant_id, invoice_id, user_unique_id, names, amount_minor, won_at)
select tenant_id, id, 'a', '{}', 1, now() from invoice where paid_at is null limit 1"""
BROUGHT = """insert into import_batch (source, kind, actor, counts, finished_at)
values ('api', 'invoices', 'registry', jsonb_build_object('added', 3), now())"""
WRONG = {
    "I1 balance": [add("ledger_entry", "amount_minor")],
    "I2 one settlement": [
        put("allocation", "reversed_at = now()"),
        put("settlement", "reversed_at = now()"),
        put("invoice", "captured_minor = captured_minor - 1", REGULAR + " and refunded_minor + lost_minor = 0"),
    ],
    "I3 money in the books": [
        add("payment", "captured_minor", HOSTED),
        put("payment", "currency = 'USD'", HOSTED),
        put("payment", "gateway = 'elsewhere'", HOSTED),
        add("payment", "outside_minor", HOSTED + " and outside_minor < refunded_minor"),
        add("ledger_entry", "amount_minor", OF_ACCOUNT.format("clearing")),
    ],
    "I4 every payment has a fact": [put("payment", "snapshot = null", HOSTED)],
    "I3 every cent has its place": [add("surplus", "amount_minor"), add("allocation", "amount_minor")],
    "I5 refunds": [
        put("refund", "amount_minor = 9999999"),
        put("dispute", "amount_minor = 9999999, invoice_minor = 9999999"),
    ],
    "I5 what went back": [
        add("payment", "refunded_minor", HOSTED + " and refunded_minor < captured_minor"),
        add("payment", "lost_minor", HOSTED + " and refunded_minor + lost_minor < captured_minor"),
        add("payment", "outside_minor", HOSTED + " and outside_minor < refunded_minor"),
    ],
    "I5 what went back of an invoice": [
        add("invoice", column, REGULAR + " and refunded_minor + lost_minor + disputed_minor < captured_minor")
        for column in ("refunded_minor", "lost_minor", "disputed_minor")
    ],
    "B4 bulk money back": [add("invoice", "refunded_minor", BULK), add("invoice", "lost_minor", BULK)],
    "I5 refunds go on": [
        put("refund", "next_check_at = null", "status = 'unknown'"),
        "delete from outbox where kind = 'gateway.refund.execute' and state = 'pending'",
    ],
    "I5 credit": [
        add("surplus", "applied_minor", "amount_minor > applied_minor"),
        add("surplus", "refunded_minor", "amount_minor > refunded_minor"),
        put("surplus", "currency = 'USD'"),
        add("ledger_entry", "amount_minor", OF_ACCOUNT.format("credit")),
    ],
    "I6 receivables": [
        put("invoice", "subtotal_minor = subtotal_minor + 1, total_minor = total_minor + 1", "kind <> 'bulk'"),
        put("invoice", "currency = 'USD'", "kind <> 'bulk' and paid_at is null and cancelled_at is null"),
        add("ledger_entry", "amount_minor", OF_ACCOUNT.format("receivables")),
    ],
    "I7 news is owed": [NEWS.format("method = 'hosted' and not " + OF_BULK + " and not " + OF_DEPOSIT)],
    "I8 every change is told": [
        "delete from event where kind = 'invoice.issued'",
        "delete from event where kind = 'payment.settled'",
    ],
    "I11 numbers": [
        put("number_range", "next_number = first_number", "next_number > first_number"),
        put("number_reservation", "number = 7"),
    ],
    "B1 bulk members": [
        add("bulk_member", "amount_minor"),
        put("payment", "captured_minor = captured_minor - 1", OF_BULK),
    ],
    "B2 bulk money": [add("payment", "captured_minor", OF_BULK)],
    "B3 bulk news": [NEWS.format(OF_BULK)],
    "D1 deposits": [
        put("invoice", "kind = 'regular'", "kind = 'auction_deposit'"),
        put("deposit", "closed_at = null"),
    ],
    "D2 deposit news": [NEWS.format(OF_DEPOSIT)],
    "I12 leases": [
        put("outbox", f"state = 'leased', lease_token = gen_random_uuid(), lease_until = {TWO_MINUTES_AGO}")
    ],
    "K1 documents add up": [add("invoice_line", "net_minor"), add("invoice_vat", "tax_minor")],
    "K2 credit notes": [
        add("invoice", "credited_minor"),
        put("credit_note", "net_minor = net_minor + 1, total_minor = total_minor + 1, open_minor = open_minor + 1"),
    ],
    "K3 credit in the books": [
        add("credit_note_line", "net_minor"),
        add("credit_note_vat", "tax_minor"),
        add("ledger_entry", "amount_minor", OF_ACCOUNT.format("invoiced") + OF_NOTE),
    ],
    "S1 sealed": ["delete from seal where chain = 'ledger'", "delete from seal where chain = 'event'"],
    "S2 anchored": [
        "update anchor set hash = sha256(hash)",
        "delete from seal where position = (select position from anchor where anchor.chain = seal.chain)",
    ],
    "C1 claims": [WON],
    "M1 imports": [BROUGHT],
}
ELSEWHERE = {"T1 closed days"}  # test_closed_days.py puts wrong sums there, of every kind
CASES = [(name, statement) for name, statements in WRONG.items() for statement in statements]
INVARIANT = {each.name: each for each in proofs.INVARIANTS}


@pytest.fixture(scope="module")
def past_guards(shared_system: System, servers: dict[str, str]) -> Iterator[Engine]:
    """Return a way into a database in which everything there is has happened, and all of it holds."""
    happen(shared_system)
    name = shared_system.scalar("select current_database()")
    engine = create_engine(make_url(servers["postgres"]).set(database=name))
    with Session(engine) as tx:
        broken = [str(found) for each in proofs.INVARIANTS if (found := proofs.check(tx, each)).broken]
    assert broken == []
    yield engine
    engine.dispose()


def happen(system: System) -> None:
    system.invoice()
    _number, reference = system.settle()
    send(system, ask(system, order(system, reference, 5000)).id)
    ask(system, order(system, reference, 1000, "outside", made=MadeOutside(datetime.now(TALLINN).date(), "RO-1")))
    _number, reference = system.settle()
    system.shop.dial.script([{"operation": "refund", "kind": "reset"}])
    assert send(system, ask(system, order(system, reference, 100)).id) == "unknown"
    _number, reference = system.settle("auction")
    dispute(system, reference, 100)
    _number, reference = system.settle("auction")
    hear(system, reference, "chargebacked")
    together = system.bulk([system.invoice("auction") for _ in range(2)])
    deposit = system.deposit()
    for each in (together, deposit):
        system.pay(each)
        system.callback(each)
    with system.app.app_context():
        made = drafts.create(DRAFT, key="document", today=TODAY, actor=MARY)
        document = issuing.issue(made, Seen(1, 12400), NOON, MARY, None)
        credit_notes.issue(document, CreditOrder({1: 1000}, "x", "open", 12400), actor=MARY)
    paid, reference = system.settle()
    with system.app.app_context():
        credit_notes.issue(paid, CreditOrder({1: 1000}, "x", "held", 12000), actor=MARY)
    ask(system, order(system, reference, 100))
    system.sql("select pg_sleep(2.1)")  # what is younger is not sealed yet
    with system.app.app_context():
        for chain in sealing.CHAINS:
            sealing.seal_all(chain)
        anchors.drop()


@pytest.mark.parametrize(("name", "wrong"), CASES, ids=[f"{name}: {wrong[:50]}" for name, wrong in CASES])
def test_it_finds_what_is_wrong(past_guards: Engine, name: str, wrong: str) -> None:
    with Session(past_guards) as tx:
        tx.execute(text("set local session_replication_role = replica"))
        assert tx.execute(text(wrong.replace(":", r"\:"))).rowcount  # type: ignore[attr-defined]
        found = proofs.check(tx, INVARIANT[name])
        tx.rollback()
    assert found.examined
    assert found.broken


def test_each_of_them_is_tried() -> None:
    assert set(WRONG) | ELSEWHERE == set(INVARIANT)
