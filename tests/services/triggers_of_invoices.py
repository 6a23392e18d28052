"""What the triggers of invoices, their lines and their notes refuse or do."""

from __future__ import annotations

from tests.services.trying_triggers import Does, Refuses, updates

NIGHT = "2026-01-14 22:30Z"  # in Tallinn the next day has begun
ISSUED = "update invoice set status = 'unpaid', issued_at = '2026-01-01'"
OF_PORTAL = f"{ISSUED}, source = 'portal'; alter table invoice drop constraint ck_invoice_total"
LINE = """insert into invoice_line (invoice_id, position, description, unit_price_minor, net_minor)
values (1, 2, 'x', 1, 1)"""
VAT = """insert into invoice_vat (invoice_id, code, category, basis_points, taxable_minor, tax_minor)
values (1, 'y', 'S', 1, 1, 1)"""
FOUND = """insert into invoice_search (invoice_id, search_text, created_at, document_vector)
values (2, 'alder', now(), 'x')"""
BULK = "update invoice set kind = 'bulk'"
MEMBER = """insert into invoice (id, public_token, initiator_id, subtotal_minor, total_minor, currency, kind)
values (2, 'y', {initiator}, 100, 100, '{currency}', '{kind}')"""
JOINS = "insert into bulk_member (parent_id, member_id, position, amount_minor) values (1, {member}, 2, {amount})"
CANNOT_JOIN = "cannot be a member"
NOTE = """insert into credit_note (id, number, invoice_id, net_minor, tax_minor, total_minor, open_minor, held_minor,
returned_minor, reason, issued_by, idempotency_key)
values (2, 2, 1, 80, 20, 100, {open}, {held}, {back}, 'x', 'x', 'y')"""
WHOLE = NOTE.format(open=100, held=0, back=0)
NOTED = """delete from credit_note; update invoice set credited_minor = {credited}, total_minor = {total},
subtotal_minor = {total}, tax_minor = 0;
insert into credit_note_line (credit_note_id, position, description, net_minor) values (2, 1, 'x', {net});
insert into credit_note_vat (credit_note_id, code, category, basis_points, taxable_minor, tax_minor)
values (2, 'x', 'S', 2500, 80, {tax})"""


def _noted(credited: int = 100, total: int = 100, net: int = 80, tax: int = 20) -> str:
    return NOTED.format(credited=credited, total=total, net=net, tax=tax)


def _member(initiator: int = 1, currency: str = "EUR", kind: str = "regular") -> str:
    return f"{BULK}; update bulk_member set member_id = 3; " + MEMBER.format(
        initiator=initiator, currency=currency, kind=kind
    )


TRIED: dict[str, list[Refuses | Does]] = {
    "invoice.guard": [
        Refuses("may not go from draft to refunded", updates("invoice", "status = 'refunded'")),
        Refuses(
            "may not go from paid to unpaid",
            updates("invoice", "status = 'unpaid'"),
            "update invoice set status = 'paid'",
        ),
        Refuses(
            "its number, currency and owner are fixed",
            updates(
                "invoice",
                *("number = 2", "currency = 'USD'", "initiator_id = 2", "tenant_id = 2"),
                *("issued_at = null", "public_token = 'y'"),
            ),
            ISSUED,
        ),
        Refuses(
            "only its description and notes may change",
            updates(
                "invoice",
                *("source = 'api'", "kind = 'linkpay'", "subtotal_minor = 81", "modifier_minor = 1", "tax_minor = 21"),
                *("total_minor = 101", "due_on = '2026-01-01'", "account_id = 2", "customer_name = 'y'"),
                *("customer_email = 'y'", "reference_number = 'y'", "details = '[]'"),
            ),
            OF_PORTAL,
        ),
        Refuses(
            "a credit note is not taken back",
            updates("invoice", "credited_minor = 1"),
            "update invoice set credited_minor = 2",
        ),
        *(
            Refuses(
                "its total is fixed", updates("invoice", "total_minor = 101, subtotal_minor = 81"), f"{ISSUED}, {money}"
            )
            for money in ("captured_minor = 1", "paid_at = '2026-01-01'", "credited_minor = 1")
        ),
    ],
    "invoice.guard_bulk": [
        Refuses("its kind and total are fixed", updates("invoice", "kind = 'bulk'")),
        Refuses(
            "its kind and total are fixed",
            updates("invoice", "kind = 'regular'", "total_minor = 101, subtotal_minor = 81"),
            BULK,
        ),
    ],
    "invoice.reopen_day_named": [
        Does(
            "select where not exists (select from closed_day where day = '2026-01-15')",
            updates("invoice", "customer_name = 'y'"),
            f"insert into closed_day (day) values ('2026-01-15'); {ISSUED}; "
            f"update payment set invoice_id = 1, completed_at = '{paid}'; "
            f"update ledger_transaction set payment_id = 1, created_at = '{booked}'",
        )
        for paid, booked in ((NIGHT, "2026-02-01"), ("2026-02-01", NIGHT))
    ],
    "invoice_line.guard": [Refuses("are frozen", updates("invoice_line", "description = 'y'"), ISSUED)],
    "invoice_line.guard_issued": [
        Refuses(
            "nothing is added to it",
            [LINE],
            OF_PORTAL,
        )
    ],
    "invoice_vat.guard_issued": [
        Refuses(
            "nothing is added to it",
            [VAT],
            OF_PORTAL,
        )
    ],
    "invoice_search.invoice_search_document_vector_trigger": [
        Does(
            "select from invoice_search where document_vector @@ to_tsquery('public.billing', 'alder')",
            ["update invoice_search set search_text = 'alder'", FOUND],
        )
    ],
    "bulk_member.guard": [
        Refuses(CANNOT_JOIN, [JOINS.format(member=2, amount=99)], _member() + "; update invoice set kind = 'regular'"),
        *(
            Refuses(CANNOT_JOIN, [JOINS.format(member=2, amount=99)], given)
            for given in (_member(initiator=2), _member(currency="USD"), _member(kind="bulk"))
        ),
        Refuses(
            "what was agreed is fixed",
            updates(
                "bulk_member",
                *("tenant_id = 2", "parent_id = 3", "member_id = 3", "position = 2", "amount_minor = 2"),
                *("created_at = '2026-01-01'", "released_at = null"),
            ),
            "update bulk_member set released_at = '2026-01-01'",
        ),
    ],
    "bulk_member.sums": [
        Refuses(
            "members of bulk",
            [JOINS.format(member=2, amount=98), JOINS.format(member=2, amount=100)],
            _member(),
        )
    ],
    "credit_note.sums": [
        Refuses("shows 99", [WHOLE], _noted(credited=99)),
        Refuses("100 of 90 credited", [NOTE.format(open=80, held=10, back=10)], _noted(credited=90, total=90)),
        Refuses("does not add up", [WHOLE], _noted(net=79)),
        Refuses("does not add up", [WHOLE], _noted(tax=21)),
    ],
    "deposit.guard": [
        Refuses(
            "whose it is is fixed",
            updates(
                "deposit",
                *("tenant_id = 2", "initiator_id = 2", "invoice_id = 2", "domain = 'y'", "user_uuid = 'y'"),
                *("created_at = '2026-01-01'", "closed_at = null"),
            ),
            "update deposit set closed_at = '2026-01-01'",
        )
    ],
    "document.guard": [
        Refuses(
            "is what was asked for",
            updates(
                "document",
                *("kind = 'e_invoice'", "initiator_id = 2", "number = 'y'", "form = 'y'", "dry = true, state = 'dry'"),
                *("payload = '[]'", "fingerprint = 'y'", "tenant_id = 2", "created_at = '2026-01-01'"),
            ),
        )
    ],
}
