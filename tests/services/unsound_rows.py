"""What each check constraint refuses: changes of a sound row, each wrong in one way that no other constraint minds."""

from __future__ import annotations

from typing import Any

from tests.services.sound_rows import LONG_AGO

TOKEN = "00000000-0000-0000-0000-000000000001"

OF_INVOICES: dict[str, list[dict[str, Any]]] = {
    "ck_account_kind": [{"kind": "x"}],
    "ck_bulk_member_amount": [{"amount_minor": 0}],
    "ck_bulk_member_parent": [{"member_id": 1}],
    "ck_credit_note_line_net": [{"net_minor": 0}],
    "ck_credit_note_parts": [{"net_minor": -1, "tax_minor": 101}, {"net_minor": 101, "tax_minor": -1}],
    "ck_credit_note_room": [
        {"open_minor": -1, "held_minor": 101},
        {"open_minor": 101, "held_minor": -1},
        {"open_minor": 101, "returned_minor": -1},
        {"open_minor": 99},
        {"open_minor": 101},
    ],
    "ck_credit_note_total": [
        {"net_minor": 0, "tax_minor": 0, "total_minor": 0, "open_minor": 0},
        {"net_minor": 79},
        {"tax_minor": 21},
    ],
    "ck_credit_note_vat_sums": [
        {"basis_points": -1},
        {"basis_points": 10000},
        {"taxable_minor": -1},
        {"tax_minor": -1},
    ],
    "ck_deposit_status": [{"status": "x"}],
    "ck_deposit_words": [{"domain": ""}, {"domain": "x" * 256}, {"user_uuid": ""}, {"user_uuid": "x" * 101}],
    "ck_document_dry": [{"dry": True}, {"state": "dry"}],
    "ck_document_kind": [{"kind": "x"}],
    "ck_document_state": [{"state": "x"}],
    "ck_invoice_captured": [{"captured_minor": 101}, {"captured_minor": 1, "credited_minor": 100}],
    "ck_invoice_credited": [{"credited_minor": -1}],
    "ck_invoice_currency": [{"currency": "eur"}, {"currency": "EU"}],
    "ck_invoice_disputed": [{"lost_minor": -1}, {"disputed_minor": -1}],
    "ck_invoice_kind": [{"kind": "x"}],
    "ck_invoice_refunded": [{"refunded_minor": -1}, {"captured_minor": 50, "refunded_minor": 51}],
    "ck_invoice_status": [{"status": "x"}],
    "ck_invoice_total": [{"total_minor": 99}, {"modifier_minor": 1}, {"tax_minor": 21}],
    "ck_invoice_line_discount": [
        {"discount_minor": -1},
        {"discount_basis_points": -1},
        {"discount_basis_points": 10001},
    ],
    "ck_invoice_line_quantity": [{"quantity": -1}, {"tax_minor": -1}],
    "ck_invoice_vat_sums": [{"basis_points": -1}, {"basis_points": 10000}, {"taxable_minor": -1}, {"tax_minor": -1}],
    "ck_number_range_bounds": [{"first_number": 9, "last_number": 8, "next_number": 9}],
    "ck_number_range_kind": [{"kind": "x"}],
    "ck_number_range_next": [{"next_number": 0}, {"next_number": 11}],
    "ck_reference_number": [{"number": "1"}, {"number": "013"}, {"number": "1" * 21}, {"number": "13x"}],
    "ck_vat_rate_category": [{"category": "X", "basis_points": 0}],
    "ck_vat_rate_code": [{"code": "x"}, {"code": "Standard"}, {"code": "0standard"}, {"code": "x" * 31}],
    "ck_vat_rate_days": [{"valid_to": "2025-12-31"}],
    "ck_vat_rate_rate": [
        {"basis_points": 0},
        {"basis_points": 10000},
        {"category": "E", "basis_points": 1},
        {"category": "E", "basis_points": -1},
    ],
}

OF_MONEY: dict[str, list[dict[str, Any]]] = {
    "ck_allocation_amount": [{"amount_minor": 0}],
    "ck_comparison_day": [{"compared_on": "2026-01-01"}],
    "ck_difference_kind": [{"kind": "x"}],
    "ck_difference_mended": [{"mended_at": LONG_AGO}, {"mended_by": "x"}],
    "ck_dispute_amount": [{"amount_minor": 0, "invoice_minor": 0}],
    "ck_dispute_closed": [
        {"closed_at": LONG_AGO},
        {"status": "won"},
        {"status": "under_review", "closed_at": LONG_AGO},
    ],
    "ck_dispute_invoice": [{"invoice_minor": -1}, {"invoice_minor": 101}],
    "ck_dispute_status": [{"status": "x", "closed_at": LONG_AGO}],
    "ck_gateway_reference_seq": [{"clean_seq": 1}],
    "ck_ledger_account_kind": [{"kind": "x"}],
    "ck_ledger_entry_amount": [{"amount_minor": 0}],
    "ck_payment_amount": [{"amount_minor": -1}],
    "ck_payment_direction": [{"direction": "x"}],
    "ck_payment_method": [{"method": "x"}],
    "ck_payment_outside": [{"outside_minor": -1}, {"outside_minor": 1}, {"refunded_minor": 50, "outside_minor": 51}],
    "ck_payment_refunded": [
        {"refunded_minor": -1},
        {"lost_minor": -1},
        {"refunded_minor": 101},
        {"refunded_minor": 50, "lost_minor": 51},
        {"captured_minor": -1},
    ],
    "ck_payment_status": [{"status": "x"}],
    "ck_refund_amount": [{"amount_minor": 0}],
    "ck_refund_bank_reference": [
        {"made_outside_on": LONG_AGO, "bank_reference": ""},
        {"made_outside_on": LONG_AGO, "bank_reference": "x" * 101},
    ],
    "ck_refund_four_eyes": [{"approved_by": "x"}],
    "ck_refund_never_sent": [
        {"made_outside_on": LONG_AGO, "bank_reference": "x"} | sent
        for sent in ({"nonce": "x"}, {"sent_at": LONG_AGO}, {"external_id": "x"})
    ],
    "ck_refund_outside": [{"made_outside_on": LONG_AGO}, {"bank_reference": "x"}],
    "ck_refund_sent": [
        {"status": status} | sent
        for status in ("processing", "unknown")
        for sent in ({"nonce": "x"}, {"sent_at": LONG_AGO})
    ],
    "ck_refund_status": [{"status": "x"}],
    "ck_surplus_amount": [{"amount_minor": 0}],
    "ck_surplus_left": [
        {"refunded_minor": -1},
        {"applied_minor": -1},
        {"lost_minor": -1},
        {"refunded_minor": 40, "applied_minor": 40, "lost_minor": 21},
    ],
}

OF_WORK: dict[str, list[dict[str, Any]]] = {
    "ck_event_actor_kind": [{"actor_kind": "x"}],
    "ck_idempotency_key_state": [{"state": "x"}],
    "ck_import_batch_ended": [{"fault": "refused"}],
    "ck_import_batch_fault": [{"fault": "x", "finished_at": LONG_AGO}],
    "ck_import_batch_kind": [{"kind": "x"}],
    "ck_import_batch_source": [{"source": "x"}],
    "ck_import_progress_phase": [{"phase": "x"}],
    "ck_import_progress_rows_read": [{"rows_read": -1}],
    "ck_initiator_contact_email": [
        {"contact_email": "nobody"},
        {"contact_email": "a@b.ee c@d.ee"},
        {"contact_email": ""},
    ],
    "ck_initiator_code": [{"code": "x"}, {"code": "Registry"}, {"code": "1registry"}, {"code": "x" * 41}],
    "ck_lane_queue": [{"queue": "x"}],
    "ck_lane_stopped": [
        {"stopped_at": LONG_AGO, "stopped_by": "x"},
        {"stopped_at": LONG_AGO, "stopped_why": "x"},
        {"stopped_by": "x"},
        {"stopped_why": "x"},
    ],
    "ck_outbox_lease": [{"state": "leased"}, {"lease_token": TOKEN, "lease_until": LONG_AGO}],
    "ck_outbox_lease_until": [{"state": "leased", "lease_token": TOKEN}, {"lease_until": LONG_AGO}],
    "ck_outbox_state": [{"state": "x"}],
    "ck_proof_result_state": [{"state": "x"}],
    "ck_saved_view_name": [{"name": ""}, {"name": "x" * 61}],
    "ck_anchor_chain": [{"chain": "x"}],
    "ck_anchor_hash": [{"hash": b"x"}],
    "ck_seal_chain": [{"chain": "x"}],
    "ck_seal_horizon_chain": [{"chain": "x"}],
    "ck_setting_code": [{"code": "ab"}, {"code": "Setting"}, {"code": "_setting"}, {"code": "setting_"}],
    "ck_setting_format": [{"format": "x"}],
    "ck_task_done": [{"done": -1}, {"done": 1}, {"total": 1, "done": 2}],
    "ck_task_finished": [
        {"finished_at": LONG_AGO},
        *({"state": state} for state in ("done", "stopped", "failed")),
        {"state": "running", "finished_at": LONG_AGO},
    ],
    "ck_task_kind": [{"kind": "x"}],
    "ck_task_outcome_verdict": [{"verdict": "x"}],
    "ck_task_state": [{"state": "x"}],
    "ck_webhook_endpoint_disabled": [{"disabled_by": "gone"}, {"enabled": False}],
    "ck_webhook_endpoint_disabled_by": [{"enabled": False, "disabled_by": "x"}],
    "ck_webhook_endpoint_previous": [{"previous_sealed": b"x"}, {"previous_until": LONG_AGO}],
    "ck_white_code_role": [{"role": "x"}],
    "ck_white_code_subject": [
        {"subject": "60001019906"},
        {"subject": "ee60001019906"},
        {"subject": "EE60"},
        {"subject": "EE" + "6" * 255},
        {"subject": "EE6000 019906"},
    ],
}

UNSOUND = OF_INVOICES | OF_MONEY | OF_WORK
