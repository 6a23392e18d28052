"""What the triggers of payments, refunds, disputes, credit and the books refuse or do."""

from __future__ import annotations

from tests.services.trying_triggers import Does, Refuses, updates

NIGHT = "2026-01-14 22:30Z"  # in Tallinn the next day has begun
CLOSED = "insert into closed_day (day) values ('2026-01-15')"
IS_OPEN = "select where not exists (select from closed_day where day = '2026-01-15')"
ASKED = "what was asked is fixed"
OUTSIDE = "made_outside_on = '2026-01-01', bank_reference = 'x'"
TOO_MUCH = "refunds of payment 1 are 101 of 100"
SENT = "nonce = 'x', sent_at = '2026-01-01'"
MORE = "update payment set captured_minor = 1000"
NO_DISPUTE = "update dispute set status = 'won', closed_at = '2026-01-01'"
PAY = """insert into payment (public_token, initiator_id, method, gateway, amount_minor, external_id, completed_at)
values ('y', 1, 'hosted', 'x', 1, 'y', '{}')"""
BOOK = "insert into ledger_transaction (kind, dedupe_key, created_at) values ('{}', 'y', '{}')"
ENTER = "insert into ledger_entry (transaction_id, account_id, amount_minor, currency) values "
BOOK_AS = "insert into ledger_transaction (id, kind, dedupe_key) overriding system value values"
BOOKED_NOW = f"delete from ledger_entry; delete from ledger_transaction; {BOOK_AS} (1, 'x', 'x'), (2, 'x', 'y')"
PAIR = "({0}, 1, 5, 'EUR'), ({0}, 1, -5, 'EUR')"
REFUND = """insert into refund (payment_id, amount_minor, reason, idempotency_key, requested_by)
values (1, {}, 'x', 'y', 'x')"""
DISPUTE = """insert into dispute (payment_id, invoice_id, amount_minor, invoice_minor, reason, opened_by)
values (1, 1, {}, 0, 'x', 'x')"""
DAY = """insert into day_total
(day, gateway, initiator_id, currency, tenant_id, payments, in_minor, returns, back_minor)
values ('2026-01-15', 'x', 1, 'EUR', 1, 1, 1, 0, 0)"""

TRIED: dict[str, list[Refuses | Does]] = {
    "allocation.no_container": [
        Refuses(
            "money is given to its members",
            ["insert into allocation (payment_id, invoice_id, amount_minor) values (1, 1, 99)"],
            "update invoice set kind = 'bulk', captured_minor = 100; update allocation set payment_id = 2",
        )
    ],
    "allocation.sums": [
        Refuses("gives 101 of 100", updates("allocation", "amount_minor = 101")),
        Refuses(
            "gives 101 of 100",
            ["insert into allocation (payment_id, invoice_id, amount_minor) values (1, 2, 100)"],
        ),
        Refuses("takes 50, owes 100, shows 0", updates("allocation", "amount_minor = 50")),
        Refuses(
            "takes 0, owes 100, shows 1",
            updates("allocation", "reversed_at = now()"),
            "update invoice set captured_minor = 1",
        ),
    ],
    "day_total.payers": [
        Refuses(
            "without their payers",
            [DAY],
            f"{CLOSED}; update day_payer set day = '2026-01-15'; update day_payer set {other}",
        )
        for other in ("day = '2026-01-16'", "tenant_id = 2", "gateway = 'y'", "initiator_id = 2", "currency = 'USD'")
    ],
    "dispute.guard": [
        Refuses("may not go from won to lost", updates("dispute", "status = 'lost'"), f"{NO_DISPUTE}; {MORE}"),
        Refuses(
            "what it is about is fixed",
            updates(
                "dispute",
                *("payment_id = 2", "invoice_id = 2", "amount_minor = 101", "currency = 'USD'", "tenant_id = 2"),
            ),
            MORE,
        ),
    ],
    "dispute.sums": [
        Refuses(TOO_MUCH, [DISPUTE.format(100)], NO_DISPUTE),
        Refuses(
            "refunds of payment 1 are 102 of 100",
            updates("dispute", "outcome = 'y'"),
            "update dispute set amount_minor = 101",
        ),
        *(
            Refuses(
                TOO_MUCH,
                updates("dispute", "outcome = 'y'"),
                f"update dispute set {status}",
            )
            for status in ("status = 'under_review'", "status = 'lost', closed_at = '2026-01-01'")
        ),
    ],
    "ledger_entry.balance": [
        Refuses("does not balance", [f"{ENTER} {entries}"], BOOKED_NOW)
        for entries in (
            "(1, 1, 5, 'EUR')",
            "(1, 1, 5, 'EUR'), (1, 1, -5, 'USD')",
            "(1, 1, 5, 'EUR'), (2, 1, -5, 'EUR')",
        )
    ],
    "ledger_entry.closed": [
        Refuses("ledger transaction 1 is closed", [f"{ENTER} {PAIR.format(1)}"], "delete from ledger_entry"),
        Refuses(
            "ledger transaction 1 is closed",
            [f"{ENTER} {PAIR.format(2)}, {PAIR.format(1)}"],
            f"delete from ledger_entry; {BOOK_AS} (2, 'x', 'y')",
        ),
    ],
    "ledger_transaction.not_empty": [Refuses("has no entries", [BOOK.format("x", "2026-01-01")])],
    "ledger_transaction.reopen_day_late": [Does(IS_OPEN, [BOOK.format("refund.made", NIGHT)], CLOSED)],
    "payment.guard": [
        Refuses("may not go from created to refunded", updates("payment", "status = 'refunded'")),
        Refuses(
            "may not go from completed to failed",
            updates("payment", "status = 'failed'"),
            "update payment set status = 'completed'",
        ),
        Refuses(
            ASKED,
            updates(
                "payment",
                *("amount_minor = 101", "currency = 'USD'", "gateway = 'y'", "account = 'y'", "initiator_id = 2"),
                *("tenant_id = 2", "direction = 'out'", "external_id = 'y'", "external_id = null", "invoice_id = 2"),
                "invoice_id = null",
            ),
            "update payment set external_id = 'x', invoice_id = 1",
        ),
        Refuses("captured money is fixed", updates("payment", "captured_minor = 101", "captured_minor = 0")),
    ],
    "payment.reopen_day_changed": [
        Does(
            IS_OPEN,
            updates("payment", "captured_minor = 1", "completed_at = '2026-02-01'", "completed_at = null"),
            f"{CLOSED}; update payment set captured_minor = 0, completed_at = '{NIGHT}'",
        ),
        Does(IS_OPEN, updates("payment", f"completed_at = '{NIGHT}'"), CLOSED),
    ],
    "payment.reopen_day_late": [Does(IS_OPEN, [PAY.format(NIGHT)], CLOSED)],
    "payment.reopen_day_named": [
        Does(IS_OPEN, updates("payment", "invoice_id = 1"), f"{CLOSED}; update payment set completed_at = '{NIGHT}'"),
        Does(
            IS_OPEN,
            updates("payment", "invoice_id = 1"),
            f"{CLOSED}; update payment set completed_at = '2026-02-01'; "
            f"update ledger_transaction set payment_id = 1, created_at = '{NIGHT}'",
        ),
    ],
    "refund.guard": [
        Refuses("may not go from requested to succeeded", updates("refund", "status = 'succeeded'"), NO_DISPUTE),
        Refuses(
            "may not go from failed to requested",
            updates("refund", "status = 'requested'"),
            f"update refund set status = 'failed'; {NO_DISPUTE}",
        ),
        Refuses(
            ASKED,
            updates(
                "refund",
                *("payment_id = 2", "invoice_id = 2", "amount_minor = 2", "currency = 'USD'"),
                *("idempotency_key = 'y'", "requested_by = 'y'", "tenant_id = 2"),
                "made_outside_on = '2026-01-01', bank_reference = 'y'",
            ),
            NO_DISPUTE,
        ),
        Refuses(
            ASKED,
            updates("refund", "made_outside_on = '2026-01-02'", "bank_reference = 'y'"),
            f"update refund set {OUTSIDE}; {NO_DISPUTE}",
        ),
        Refuses(
            "leaves without a second person",
            updates("refund", "status = 'requested'"),
            f"update refund set status = 'pending_approval'; {NO_DISPUTE}",
        ),
        Refuses(
            "leaves without a second person",
            updates("refund", "status = 'succeeded'"),
            f"update refund set status = 'pending_approval', {OUTSIDE}; {NO_DISPUTE}",
        ),
        Refuses(
            "may not go from pending_approval to succeeded",
            updates("refund", "status = 'succeeded', approved_by = 'y'"),
            f"update refund set status = 'pending_approval'; {NO_DISPUTE}",
        ),
        Refuses(
            "may not go from pending_approval to requested",
            updates("refund", "status = 'requested', approved_by = 'y'"),
            f"update refund set status = 'pending_approval', {OUTSIDE}; {NO_DISPUTE}",
        ),
        Refuses(
            "may not go from requested to failed",
            updates("refund", "status = 'failed'"),
            f"update refund set {OUTSIDE}; {NO_DISPUTE}",
        ),
        Refuses(
            "who agreed is fixed",
            updates("refund", "approved_by = 'z'", "approved_by = null"),
            f"update refund set approved_by = 'y'; {NO_DISPUTE}",
        ),
    ],
    "refund.sums": [
        Refuses(TOO_MUCH, [REFUND.format(100)], NO_DISPUTE),
        Refuses(TOO_MUCH, updates("refund", "tries = 1")),
        *(
            Refuses(
                TOO_MUCH,
                updates("refund", "tries = 1"),
                f"{NO_DISPUTE}; update refund set amount_minor = 101, {SENT}, status = '{status}'",
            )
            for status in ("requested", "pending_approval", "processing", "unknown", "succeeded")
        ),
    ],
    "surplus.guard": [
        Refuses(
            "what came is fixed",
            updates(
                "surplus",
                *("payment_id = 2", "invoice_id = 2", "initiator_id = 2", "currency = 'USD'", "tenant_id = 2"),
                "amount_minor = 99",
            ),
        )
    ],
}
