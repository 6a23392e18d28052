"""The tables the seed fills, in the order their keys ask for: name, columns, rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.demo import seed_rows as rows
from app.demo import seed_timeline as timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from app.demo.seed_chunk import Chunk, Row


class Table(NamedTuple):
    """One table: `columns` as COPY wants them, `rows` of a chunk in the same order."""

    name: str
    columns: str
    rows: Callable[[Chunk], Iterable[Row]]


TABLES = (
    Table("number_reservation", "range_id, number, initiator_id, used_at, created_at", rows.reservations),
    Table(
        "invoice",
        """id, public_token, number, initiator_id, account_id, source, status,
           subtotal_minor, tax_minor, total_minor, captured_minor, refunded_minor, disputed_minor, lost_minor,
           description, reference_number, customer_name, customer_email, custom_field_1, last_charge_error,
           issued_at, overdue_at, paid_at, cancelled_at, cancel_reason, written_off_at,
           version, created_at, updated_at""",
        rows.invoices,
    ),
    Table(
        "invoice_line",
        "invoice_id, position, description, quantity, unit, unit_price_minor, net_minor, tax_rate, tax_minor",
        rows.lines,
    ),
    Table("invoice_claim", "invoice_id, user_unique_id, names, amount_minor, won_at, created_at", rows.claims),
    Table(
        "payment",
        """id, public_token, invoice_id, initiator_id, method, gateway,
           account, status, amount_minor, captured_minor, refunded_minor,
           lost_minor, merchant_ref, external_id, attempt_no, gateway_method, provider_state,
           snapshot, failure_message, sent_at, completed_at, version, created_at, updated_at""",
        rows.payments,
    ),
    Table(
        "gateway_reference",
        "gateway, external_id, payment_id, dirty_seq, clean_seq, last_heard_at, last_fetched_at, created_at",
        rows.references,
    ),
    Table(
        "inbox",
        "source, kind, external_id, raw, handled_at, outcome, invoice_id, payment_id, created_at",
        rows.messages,
    ),
    Table("allocation", "payment_id, invoice_id, amount_minor, created_at", rows.allocations),
    Table("settlement", "invoice_id, payment_id, amount_minor, source, created_at", rows.settlements),
    Table(
        "refund",
        "payment_id, invoice_id, amount_minor, status, reason, idempotency_key, requested_by, finished_at, created_at",
        rows.refunds,
    ),
    Table(
        "dispute",
        """id, payment_id, invoice_id, amount_minor, invoice_minor, status, reason, outcome, opened_by, closed_by,
           opened_at, closed_at, created_at""",
        rows.disputes,
    ),
    Table("surplus", "payment_id, invoice_id, initiator_id, account_id, amount_minor, created_at", rows.surpluses),
    Table("ledger_transaction", "id, kind, dedupe_key, invoice_id, payment_id, created_at", rows.transactions),
    Table("ledger_entry", "transaction_id, account_id, amount_minor, currency, created_at", rows.entries),
    Table("event", "kind, invoice_id, payment_id, actor_kind, actor, reason, data, created_at", timeline.events),
    Table(
        "outbox",
        """kind, dedupe_key, lane_id, invoice_id, payment_id, payload, state, attempts, run_at, repeatable,
           answer_status, answer_body, answer_ms, created_at, done_at""",
        timeline.notices,
    ),
    Table(
        "review_item",
        "kind, dedupe_key, sentence, invoice_id, payment_id, resolved_at, resolved_by, resolution, created_at",
        timeline.questions,
    ),
    Table("invoice_search", "invoice_id, created_at, search_text", rows.words),
)
