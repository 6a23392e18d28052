"""One row of each table that its check constraints let in: said is what has to be, the rest may be anything."""

from __future__ import annotations

from typing import Any

LONG_AGO = "2026-01-01"
SOUND: dict[str, dict[str, Any]] = {
    "anchor": {"chain": "ledger", "hash": bytes(32)},
    "bulk_member": {"parent_id": 1, "member_id": 2},
    "comparison": {"day": "2026-01-01", "compared_on": "2026-01-02"},
    "credit_note": {
        "net_minor": 80,
        "tax_minor": 20,
        "total_minor": 100,
        "open_minor": 100,
        "held_minor": 0,
        "returned_minor": 0,
    },
    "difference": {"kind": "clock"},
    "dispute": {"amount_minor": 100, "invoice_minor": 100},
    "document": {"kind": "directo"},
    "idempotency_key": {"state": "running"},
    "import_batch": {"source": "api", "kind": "invoices"},
    "initiator": {"code": "anybody"},
    "invoice": {"subtotal_minor": 80, "tax_minor": 20, "total_minor": 100},
    "lane": {"queue": "money"},
    "ledger_account": {"kind": "asset"},
    "number_range": {"kind": "invoice", "first_number": 1, "last_number": 9, "next_number": 1, "active": False},
    "payment": {"method": "hosted", "amount_minor": 100, "captured_minor": 100},
    "reference": {"number": "13"},
    "seal": {"chain": "ledger"},
    "seal_horizon": {"chain": "ledger"},
    "setting": {"code": "anything", "format": "string"},
    "surplus": {"amount_minor": 100},
    "task": {"kind": "export"},
    "task_outcome": {"verdict": "done"},
    "vat_rate": {"code": "anything", "category": "S", "basis_points": 2400},
    "white_code": {"subject": "EE60001019906"},
}
