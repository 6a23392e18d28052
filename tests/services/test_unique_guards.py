"""What may be there once is there once: each unique guard is tried with the row it forbids (reliability.md 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.services.bare_rows import do, put, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

# Every guard and what may be there once; the targets of foreign keys, (tenant_id, id), are no guards.
ONCE = {
    "uq_account_tenant_id_external_id": "tenant_id, external_id",
    "uq_allocation_active": "payment_id, invoice_id",
    "uq_anchor_chain_position": "chain, position",
    "uq_announcement_token": "token",
    "uq_bulk_member_open": "member_id",
    "uq_bulk_member_parent_id_member_id": "parent_id, member_id",
    "uq_bulk_member_parent_id_position": "parent_id, position",
    "uq_comparison_tenant_id_gateway_day_compared_on": "tenant_id, gateway, day, compared_on",
    "uq_credit_note_tenant_id_idempotency_key": "tenant_id, idempotency_key",
    "uq_credit_note_tenant_id_number": "tenant_id, number",
    "uq_credit_note_line_credit_note_id_position": "credit_note_id, position",
    "uq_credit_note_vat_credit_note_id_code": "credit_note_id, code",
    "uq_deposit_invoice_id": "invoice_id",
    "uq_deposit_open": "tenant_id, initiator_id, domain, user_uuid",
    "uq_difference_open": "tenant_id, reference, kind",
    "uq_dispute_open": "payment_id",
    "uq_dispute_payment_id_external_id": "payment_id, external_id",
    "uq_dispute_public_token": "public_token",
    "uq_document_tenant_id_kind_initiator_id_fingerprint": "tenant_id, kind, initiator_id, fingerprint",
    "uq_gateway_reference_tenant_id_gateway_external_id": "tenant_id, gateway, external_id",
    "uq_idempotency_key_tenant_id_principal_route_key": "tenant_id, principal, route, key",
    "uq_inbox_event_id": "source, event_id",
    "uq_initiator_tenant_id_code": "tenant_id, code",
    "uq_initiator_key_idempotency_key": "idempotency_key",
    "uq_initiator_key_kid": "kid",
    "uq_invoice_initiator_id_external_id": "initiator_id, external_id",
    "uq_invoice_public_token": "public_token",
    "uq_invoice_tenant_id_number": "tenant_id, number",
    "uq_invoice_claim_invoice_id_user_unique_id": "invoice_id, user_unique_id",
    "uq_invoice_claim_won": "invoice_id",
    "uq_invoice_line_invoice_id_position": "invoice_id, position",
    "uq_invoice_vat_invoice_id_code": "invoice_id, code",
    "uq_lane_name": "name",
    "uq_ledger_account_tenant_id_code": "tenant_id, code",
    "uq_ledger_transaction_tenant_id_dedupe_key": "tenant_id, dedupe_key",
    "uq_number_range_active": "tenant_id, kind",
    "uq_number_range_tenant_id_kind_first_number": "tenant_id, kind, first_number",
    "uq_number_reservation_tenant_id_number_range_id": "tenant_id, number, range_id",
    "uq_operator_tenant_id_subject": "tenant_id, subject",
    "uq_operator_session_token_hash": "token_hash",
    "uq_outbox_kind_dedupe_key": "kind, dedupe_key",
    "uq_payment_gateway_account_external_id_leg": "gateway, account, external_id, leg",
    "uq_payment_public_token": "public_token",
    "uq_payment_tenant_id_gateway_merchant_ref": "tenant_id, gateway, merchant_ref",
    "uq_proof_result_run_id_name": "run_id, name",
    "uq_reference_tenant_id_number": "tenant_id, number",
    "uq_refund_bank_reference": "payment_id, invoice_id, bank_reference",
    "uq_refund_in_flight": "payment_id",
    "uq_refund_nonce": "nonce",
    "uq_refund_payment_id_external_id": "payment_id, external_id",
    "uq_refund_payment_id_idempotency_key": "payment_id, idempotency_key",
    "uq_refund_public_token": "public_token",
    "uq_review_item_kind_dedupe_key": "kind, dedupe_key",
    "uq_saved_view_live": "operator_id, lower(name)",
    "uq_schedule_run_name_planned_at": "name, planned_at",
    "uq_seal_chain_position": "chain, position",
    "uq_seal_chain_row_id": "chain, row_id",
    "uq_setting_tenant_id_code": "tenant_id, code",
    "uq_settlement_active": "invoice_id",
    "uq_surplus_payment_id": "payment_id",
    "uq_task_operator_id_idempotency_key": "operator_id, idempotency_key",
    "uq_task_outcome_task_id_invoice_id": "task_id, invoice_id",
    "uq_task_part_task_id_position": "task_id, position",
    "uq_tenant_slug": "slug",
    "uq_webhook_endpoint_lane_id": "lane_id",
    "uq_webhook_endpoint_token": "token",
    "uq_webhook_endpoint_url": "initiator_id, url",
    "uq_white_code_live": "tenant_id, subject",
}

# The guards of a part of the rows: what counts is guarded, what is over may be there as often as it was.
LIVE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "uq_allocation_active": ({"reversed_at": None}, {"reversed_at": "2026-01-01"}),
    "uq_bulk_member_open": ({"released_at": None}, {"released_at": "2026-01-01"}),
    "uq_deposit_open": ({"closed_at": None}, {"closed_at": "2026-01-01"}),
    "uq_difference_open": ({"mended_at": None}, {"mended_at": "2026-01-01"}),
    "uq_dispute_open": ({"status": "under_review"}, {"status": "won"}),
    "uq_inbox_event_id": ({"event_id": "evt_1"}, {"event_id": None}),
    "uq_invoice_claim_won": ({"won_at": "2026-01-01"}, {"won_at": None}),
    "uq_number_range_active": ({"active": True}, {"active": False}),
    "uq_refund_bank_reference": ({"status": "succeeded"}, {"status": "cancelled"}),
    "uq_refund_in_flight": ({"status": "unknown"}, {"status": "failed"}),
    "uq_saved_view_live": ({"retired_at": None}, {"retired_at": "2026-01-01"}),
    "uq_settlement_active": ({"reversed_at": None}, {"reversed_at": "2026-01-01"}),
    "uq_webhook_endpoint_url": ({"enabled": True}, {"enabled": False}),
    "uq_white_code_live": ({"revoked_at": None}, {"revoked_at": "2026-01-01"}),
}

GUARDS = """
select i.indexrelid::regclass::text,
       (select string_agg(pg_get_indexdef(i.indexrelid, n, true), ', ' order by n)
          from generate_series(1, i.indnkeyatts) n),
       i.indpred is not null
  from pg_index i join pg_class t on t.oid = i.indrelid
 where i.indisunique and not i.indisprimary and t.relnamespace = 'public'::regnamespace
"""
OTHERS = "select conname from pg_constraint where conrelid = %s::regclass and contype in ('c', 'u', 'x')"
OTHER_INDEXES = """
select indexrelid::regclass::text from pg_index
 where indrelid = %s::regclass and indisunique and not indisprimary
"""


def test_every_guard_is_there_and_is_tried(bare: psycopg.Connection) -> None:
    there = {name: (columns.replace('"', ""), partly) for name, columns, partly in bare.execute(GUARDS).fetchall()}
    guards = {name: columns for name, (columns, _) in there.items() if columns != "tenant_id, id"}
    assert guards == ONCE
    assert {name for name, (_, partly) in there.items() if partly} == set(LIVE)


def test_what_may_be_there_once_is_refused_the_second_time(bare: psycopg.Connection) -> None:
    for guard in ONCE:
        table = _table(bare, guard)
        _leave_only(bare, guard, table)
        counts, over = LIVE.get(guard, ({}, None))
        if over is not None:
            _insert(bare, guard, table, over)
            _insert(bare, guard, table, over)
        _insert(bare, guard, table, counts)
        with pytest.raises(psycopg.errors.UniqueViolation, match=guard):
            _insert(bare, guard, table, counts)
        bare.rollback()


def _table(bare: psycopg.Connection, guard: str) -> str:
    return texts(bare, "select tablename from pg_indexes where indexname = %s", guard)[0]


def _leave_only(bare: psycopg.Connection, guard: str, table: str) -> None:
    """Take away what would refuse the row before this guard does."""
    for name in texts(bare, OTHERS, table):
        if name != guard:
            do(bare, f"alter table {table} drop constraint {name} cascade")
    for name in texts(bare, OTHER_INDEXES, table):
        if name != guard:
            do(bare, f"drop index {name}")


def _insert(bare: psycopg.Connection, guard: str, table: str, more: Mapping[str, Any]) -> None:
    """Insert a row in which what the guard looks at is always the same."""
    guarded = (name.removeprefix("lower(").removesuffix(")") for name in ONCE[guard].split(", "))
    put(bare, table, more, same=guarded)
