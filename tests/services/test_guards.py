"""The database refuses what the code must never do: each guard is tried by hand (reliability.md 3.2)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.dispute import EDGES as DISPUTE_EDGES
from app.domain.invoice import EDGES as INVOICE_EDGES
from app.domain.payment import EDGES as PAYMENT_EDGES
from app.domain.refund import EDGES as REFUND_EDGES
from app.uow import session

if TYPE_CHECKING:
    from tests.system import System

PAID = "select id from invoice where status = 'paid' limit 1"

# What is tried -> words of the refusal.
FORBIDDEN = {
    "update ledger_entry set amount_minor = 1": "append only",
    "delete from ledger_entry": "append only",
    "truncate ledger_entry": "append only",
    "update ledger_transaction set kind = 'x'": "append only",
    "update event set kind = 'x'": "append only",
    "delete from event": "append only",
    "delete from invoice": "never deleted",
    "delete from payment": "never deleted",
    "delete from settlement": "never deleted",
    "delete from outbox": "never deleted",
    "update invoice set number = number + 1": "fixed",
    "update invoice set currency = 'USD'": "fixed",
    "update invoice set total_minor = total_minor + 1, subtotal_minor = subtotal_minor + 1": "total is fixed",
    "update invoice set status = 'unpaid'": "may not go",
    "update payment set amount_minor = amount_minor + 1": "fixed",
    "update payment set status = 'pending'": "may not go",
    "update payment set captured_minor = 0": "fixed",
    "update inbox set raw = 'x'": "only the stamp",
    "insert into settlement (invoice_id, amount_minor) select invoice_id, 1 from settlement": "uq_settlement",
    "with booked as (insert into ledger_transaction (kind, dedupe_key) values ('y', 'y') returning id) "
    "insert into ledger_entry (transaction_id, account_id, amount_minor, currency) "
    "select booked.id, account_id, 1, currency from booked, ledger_entry limit 1": "does not balance",
    "insert into ledger_entry (transaction_id, account_id, amount_minor, currency) "
    "select transaction_id, account_id, side.minor, currency "
    "from (select * from ledger_entry limit 1) old, (values (1), (-1)) as side (minor)": "is closed",
    "truncate settlement": "never deleted",
    "truncate refund": "never deleted",
    "insert into ledger_transaction (kind, dedupe_key) values ('x', 'x')": "no entries",
    "insert into ledger_transaction (kind, dedupe_key) select kind, dedupe_key from ledger_transaction": "duplicate",
    "update allocation set amount_minor = amount_minor + 1": "gives",
    "insert into allocation (payment_id, invoice_id, amount_minor) "
    "select payment_id, invoice_id, 1 from allocation": "uq_",
    "insert into refund (payment_id, amount_minor, reason, idempotency_key, requested_by) "
    "select id, captured_minor + 1, 'x', 'x', 'x' from payment": "refunds of payment",
    "insert into payment (public_token, initiator_id, method, gateway, account, amount_minor, external_id) "
    "select 'x', initiator_id, method, gateway, account, amount_minor, external_id from payment": "duplicate key",
    "insert into invoice (public_token, number, initiator_id, subtotal_minor, total_minor) "
    "select 'x', number, initiator_id, 1, 1 from invoice": "duplicate key",
    "update number_range set next_number = last_number + 2": "ck_number_range_next",
    "insert into outbox (kind, dedupe_key, lane_id) select kind, dedupe_key, lane_id from outbox limit 1": "duplicate",
}


def test_every_guard_refuses(system: System) -> None:
    system.settle()
    with system.app.app_context():
        assert session().scalar(text(PAID))
        for statement, words in FORBIDDEN.items():
            with pytest.raises(DBAPIError, match=words):
                _commit(statement)
            session().rollback()


def _commit(statement: str) -> None:
    session().execute(text(statement))
    session().commit()


@pytest.mark.parametrize(
    ("table", "edges"),
    [
        ("invoice_edge", INVOICE_EDGES),
        ("payment_edge", PAYMENT_EDGES),
        ("refund_edge", REFUND_EDGES),
        ("dispute_edge", DISPUTE_EDGES),
    ],
)
def test_the_database_knows_the_same_edges(system: System, table: str, edges: frozenset[tuple[str, str]]) -> None:
    rows = {(row.from_status, row.to_status) for row in system.rows(f"select from_status, to_status from {table}")}
    assert rows == {(str(before), str(after)) for before, after in edges}


# What nobody may do to money that is on its way back, in dispute, or over.
BACKWARDS = {
    "update refund set amount_minor = 1": "what was asked is fixed",
    "update refund set requested_by = 'somebody else'": "what was asked is fixed",
    "update refund set status = 'requested'": "may not go",
    "update refund set approved_by = requested_by": "four_eyes",
    "delete from refund": "never deleted",
    "insert into refund (payment_id, amount_minor, reason, idempotency_key, requested_by, status) "
    "select id, 1, 'x', 'x', 'x', 'processing' from payment": "ck_refund_sent",
    "insert into refund (payment_id, amount_minor, reason, idempotency_key, requested_by, nonce, sent_at, status) "
    "select id, 1, n, n, 'x', n, now(), 'unknown' from payment, (values ('a'), ('b')) of (n)": "uq_refund_in_flight",
    "insert into dispute (payment_id, invoice_id, amount_minor, invoice_minor, reason, opened_by) "
    "select id, invoice_id, captured_minor - refunded_minor + 1, 1, 'x', 'x' from payment": "refunds of payment",
    "insert into dispute (payment_id, invoice_id, amount_minor, invoice_minor, reason, opened_by) "
    "select id, invoice_id, 1, 1, 'x', 'x' from payment, generate_series(1, 2)": "uq_dispute_open",
    "insert into surplus (payment_id, invoice_id, initiator_id, amount_minor, applied_minor) "
    "select id, invoice_id, initiator_id, 1, 2 from payment": "ck_surplus_left",
    "update payment set lost_minor = captured_minor": "ck_payment_refunded",
}


def test_money_that_goes_back_is_guarded_too(system: System) -> None:
    _number, reference = system.settle()
    system.pay(reference, "refunded", standing=Decimal("20.00"))
    system.callback(reference)
    system.drain()
    with system.app.app_context():
        for statement, words in BACKWARDS.items():
            with pytest.raises(DBAPIError, match=words):
                _commit(statement)
            session().rollback()


def test_a_tampered_row_is_found_by_the_chain(system: System) -> None:
    from app.services import proofs, sealing  # noqa: PLC0415 - beside the one test that needs them

    system.settle()
    system.sql("alter table ledger_entry disable trigger append_only")
    system.sql("select pg_sleep(2.1)")
    with system.app.app_context():
        assert sealing.seal()["ledger"] == 4
        assert proofs.verify().holds
    system.sql("update ledger_entry set amount_minor = amount_minor * 2")
    with system.app.app_context():
        report = proofs.verify()
    broken = {proof.name for proof in report.proofs if proof.broken}
    assert "chain ledger" in broken
    assert all(proof.examined for proof in report.proofs if proof.name.startswith(("I1 ", "chain")))
