"""Make the rows everything else stands on: one tenant, its initiators, ranges, lanes and settings (eis.md 2.2, 7).

Revision: 0004
Before: 0003
"""

from __future__ import annotations

import os

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INITIATORS = [
    ("registry", "Domain registry", ["business_registry"], True),
    ("auction", "Domain auction", [], True),
    ("eeid", "eeID", [], True),
    ("business_registry", "Business register", [], True),
    ("billing_system", "Billing itself", [], False),
]
LANES = [
    ("everypay", "money"),
    ("initiator:registry", "notify"),
    ("initiator:auction", "notify"),
    ("initiator:eeid", "notify"),
    ("search", "background"),
    ("schedule", "background"),
]
SETTINGS = [
    ("directo_sales_agent", "billing", "string", "HELEN"),
    ("directo_receipt_payment_term", "billing", "string", "R"),
    ("directo_receipt_product_name", "billing", "string", "ETTEM06"),
    ("registry_bank_account_iban_lhv", "billing", "string", "EE177700771001155322"),
    ("days_to_keep_invoices_active", "billing", "integer", "30"),
    ("days_to_keep_overdue_invoices_active", "billing", "integer", "0"),
    ("registry_vat_no", "billing", "string", "EE101286464"),
    ("registry_bank", "billing", "string", "LHV Pank"),
    ("registry_iban", "billing", "string", "EE557700771000598731"),
    ("registry_swift", "billing", "string", "LHVBEE22"),
    ("registry_bank_code", "billing", "string", "689"),
    ("registry_reg_no", "contacts", "string", "90010019"),
    ("registry_juridical_name", "contacts", "string", "Eesti Interneti SA"),
    ("default_language", "other", "string", "en"),
]


def ranges() -> list[tuple[str, int, int]]:
    """Return kind, first and last number; the deposit range comes from the environment, as it always did."""
    deposit = said("DEPOSIT_MIN_NUM", 10001), said("DEPOSIT_MAX_NUM", 14001)
    # The monthly counter starts at its minimum plus one (eis.md 7.3, A.5).
    return [("invoice", 150005, 199999), ("deposit", *deposit), ("monthly", 309902, 309999)]


def said(name: str, usual: int) -> int:
    """Return a setting, under its name or as EIS spelt it; whoever migrates has found it to be a number."""
    return int(os.environ.get(name) or os.environ.get(name.lower()) or usual)


def upgrade() -> None:
    run = op.get_bind().execute
    run(sa.text("insert into tenant (slug, name) values ('eis', 'Eesti Interneti SA')"))
    run(
        sa.text(
            "insert into initiator (code, name, acts_for, accepts_shared_secret) values (:code, :name, :acts_for, :shared)"
        ),
        [{"code": code, "name": name, "acts_for": acts, "shared": shared} for code, name, acts, shared in INITIATORS],
    )
    run(
        sa.text(
            "insert into number_range (kind, first_number, last_number, next_number) values (:kind, :first, :last, :first)"
        ),
        [{"kind": kind, "first": first, "last": last} for kind, first, last in ranges()],
    )
    run(
        sa.text("insert into lane (name, queue) values (:name, :queue)"),
        [{"name": name, "queue": queue} for name, queue in LANES],
    )
    run(
        sa.text('insert into setting (code, "group", format, value) values (:code, :group, :format, :value)'),
        [{"code": c, "group": g, "format": f, "value": v} for c, g, f, v in SETTINGS],
    )


def downgrade() -> None:
    """Leave the rows: they go with their tables, and nothing is deleted while its guards stand."""
