"""What the triggers of the timeline, of what came in, of people, and of all that stays for good refuse or do."""

from __future__ import annotations

from tests.services.trying_triggers import Does, Refuses, updates

APPEND_ONLY = [
    *("anchor", "announcement", "credit_note", "credit_note_line", "credit_note_vat", "event", "invoice_vat"),
    *("ledger_entry", "ledger_transaction", "seal"),
]
NEVER_DELETED = [
    *("account", "allocation", "bulk_member", "comparison", "deposit", "difference", "dispute", "document"),
    *("gateway_reference", "import_batch", "import_progress", "inbox", "initiator", "initiator_key", "invoice"),
    *("invoice_claim", "invoice_line", "ledger_account", "number_range", "number_reservation", "operator"),
    *("operator_session", "outbox", "payment", "proof_result", "proof_run", "reference", "refund", "review_item"),
    *("setting", "settlement", "surplus", "task", "task_outcome", "task_part", "tenant", "vat_rate"),
    *("webhook_endpoint", "white_code"),
]
TOLD = """select from announcement join outbox on outbox.payload ->> 'event' = announcement.token
where announcement.type = 'invoice.issued' and announcement.invoice_id = 1 and outbox.kind = 'webhook.event.send'"""
KEEPER = "update white_code set role = 'tenant_admin', revoked_at = null, expires_at = null"

TRIED: dict[str, list[Refuses | Does]] = {
    **{
        f"{table}.append_only": [
            Refuses(f"{table} is append only", [f"update {table} set id = id", f"delete from {table}"])
        ]
        for table in APPEND_ONLY
    },
    **{f"{table}.no_truncate": [Refuses(f"{table} is append only", [f"truncate {table}"])] for table in APPEND_ONLY},
    **{
        f"{table}.no_truncate": [Refuses(f"rows of {table} are never deleted", [f"truncate {table}"])]
        for table in NEVER_DELETED
    },
    **{
        f"{table}.never_deleted": [Refuses(f"rows of {table} are never deleted", [f"delete from {table}"])]
        for table in NEVER_DELETED
    },
    "event.announce": [
        Does(
            TOLD,
            ["insert into event (kind, invoice_id) values ('invoice.issued', 1); set constraints all immediate"],
        )
    ],
    "import_batch.guard": [
        Refuses("has ended", updates("import_batch", "counts = '[]'"), "update import_batch set finished_at = now()"),
        Refuses(
            "is fixed",
            updates(
                "import_batch",
                *("id = 2", "tenant_id = 2", "source = 'legacy'", "kind = 'references'", "actor = 'y'"),
                "created_at = '2026-01-01'",
            ),
        ),
    ],
    "inbox.guard": [
        Refuses(
            "only the stamp may change",
            updates(
                "inbox",
                *("source = 'y'", "kind = 'y'", "event_id = 'y'", "external_id = 'y'", "raw = 'y'"),
                *("headers = '[]'", "peer = 'y'", "created_at = '2026-01-01'"),
            ),
        )
    ],
    "white_code.guard_last_keeper": [
        Refuses(
            "the last administrator stays",
            updates("white_code", "role = 'viewer'", "revoked_at = now()", "expires_at = now()"),
            f"{KEEPER}; insert into white_code (subject, tenant_id, role, revoked_at, expires_at) values ({other})",
        )
        for other in (
            "'EE1234', 2, 'tenant_admin', null, null",
            "'EE1234', 1, 'viewer', null, null",
            "'EE1234', 1, 'tenant_admin', now(), null",
            "'EE1234', 1, 'tenant_admin', null, now()",
        )
    ],
}
