"""The database without one of its guards, or with one nobody tries; mutants.py plants them."""

from __future__ import annotations

from pathlib import Path

from tests.sabotage.mutant import Mutant

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
HEAD = max(path.name[:4] for path in VERSIONS.glob("[0-9]*.py"))
BULK_AGREED = "tests/services/test_bulk_payments.py -k agreed"
DROPPED = """
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("{statement}")
"""


ALL_GUARDS = "tests/services/test_guards.py tests/services/test_unique_guards.py"


def _without(name: str, statement: str, tests: str = ALL_GUARDS) -> Mutant:
    text = DROPPED.format(head=HEAD, statement=statement)
    return Mutant(f"without {name}", "migrations/versions/9999_sabotage.py", "", text, tests)


WEAKER = (
    "alter table surplus drop constraint ck_surplus_left, add constraint ck_surplus_left check "
    "(least(refunded_minor, applied_minor, lost_minor) >= 0 and refunded_minor + applied_minor <= amount_minor)"
)
NEW_TRIGGER = "create trigger never_deleted before delete on announcement for each row execute function refuse_delete()"
UNIQUE = [
    ("one number, one invoice", "invoice", "uq_invoice_tenant_id_number"),
    ("one gateway reference, one payment", "payment", "uq_payment_gateway_account_external_id_leg"),
    ("one order reference, one payment", "payment", "uq_payment_tenant_id_gateway_merchant_ref"),
    ("one fact, one entry in the books", "ledger_transaction", "uq_ledger_transaction_tenant_id_dedupe_key"),
    ("one refund per key", "refund", "uq_refund_payment_id_idempotency_key"),
    ("one refund per reference", "refund", "uq_refund_payment_id_external_id"),
    ("one fact, one message", "outbox", "uq_outbox_kind_dedupe_key"),
    ("one answer per key", "idempotency_key", "uq_idempotency_key_tenant_id_principal_route_key"),
    ("one reservation per number", "number_reservation", "uq_number_reservation_tenant_id_number_range_id"),
    ("one document per content", "document", "uq_document_tenant_id_kind_initiator_id_fingerprint"),
    ("one place in a chain", "seal", "uq_seal_chain_position"),
]
INDEXES = [
    ("one settlement per invoice", "uq_settlement_active"),
    ("one allocation per payment and invoice", "uq_allocation_active"),
    ("one message per event", "uq_inbox_event_id"),
    ("one winner per number", "uq_invoice_claim_won"),
]
CHECKS = "tests/services/test_check_constraints.py"
TRIGGERS = "tests/services/test_triggers.py"

GUARDS = [
    *(_without(name, f"alter table {table} drop constraint {guard} cascade") for name, table, guard in UNIQUE),
    *(_without(name, f"drop index {index}") for name, index in INDEXES),
    _without("the sum of a ledger transaction", "drop trigger balance on ledger_entry"),
    _without("books that close", "drop trigger closed on ledger_entry"),
    _without("a table that is never emptied", "drop trigger no_truncate on refund", TRIGGERS),
    _without("the sum of refunds", "drop trigger sums on refund"),
    _without("days that open again", "drop trigger reopen_day_late on payment", "tests/services/test_closed_days.py"),
    _without(
        "days that open again for a name",
        "drop trigger reopen_day_named on invoice",
        "tests/services/test_closed_days.py -k otherwise",
    ),
    _without(
        "days that open again for an invoice found late",
        "drop trigger reopen_day_named on payment",
        "tests/services/test_closed_days.py -k otherwise",
    ),
    _without(
        "payers of every total", "drop trigger payers on day_total", "tests/services/test_closed_days.py -k refused"
    ),
    _without("the sum of allocations", "drop trigger sums on allocation"),
    _without("append only", "drop trigger append_only on event"),
    _without("the sum of members", "drop trigger sums on bulk_member", BULK_AGREED),
    _without("members fixed", "drop trigger guard on bulk_member", BULK_AGREED),
    _without("empty containers", "drop trigger no_container on allocation", BULK_AGREED),
    _without("documents frozen", "drop trigger guard on document", "tests/api/test_documents.py -k frozen"),
    _without("the end of a number range", "alter table number_range drop constraint ck_number_range_next"),
    _without("four eyes", "alter table refund drop constraint ck_refund_four_eyes", CHECKS),
    _without("what is lost of credit", WEAKER, f"{CHECKS} -k refused"),
    _without("the last administrator", "drop trigger guard_last_keeper on white_code", TRIGGERS),
    _without("what was asked of a refund", "drop trigger guard on refund", TRIGGERS),
    _without("a row for a new check", "alter table settlement add constraint ck_settlement_new check (true)", CHECKS),
    _without("an attempt at a new trigger", NEW_TRIGGER, TRIGGERS),
]
