"""Books are closed with the transaction that wrote them, no table of record is emptied, one question for each lost message.

Revision: 0046
Before: 0045
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

# The key of a question named the time it was asked, too. Of each message the newest open question keeps its place.
KEYS = """
update review_item r set dedupe_key = 'outbox:' || (r.evidence ->> 'outbox')
 where r.kind = 'outbox.dead' and r.resolved_at is null and r.evidence ? 'outbox'
   and not exists (select 1 from review_item o where o.kind = r.kind and o.id > r.id and o.resolved_at is null
                                                 and o.evidence -> 'outbox' = r.evidence -> 'outbox')
"""


# Rows of one transaction carry its number, whoever wrote them first: sides that come later carry another.
LATE = """
create function refuse_late_entries() returns trigger language plpgsql as $$
declare
  late bigint;
begin
  select min(a.transaction_id) into late from added a
    join ledger_entry e on e.id = a.id join ledger_transaction t on t.id = a.transaction_id
   where e.xmin <> t.xmin;
  if late is not null then
    raise exception 'ledger transaction % is closed', late using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
create trigger closed after insert on ledger_entry referencing new table as added
  for each statement execute function refuse_late_entries();
"""
APPEND_ONLY = ["credit_note", "credit_note_line", "credit_note_vat", "invoice_vat"]
NEVER_DELETED = [
    *("account", "allocation", "bulk_member", "comparison", "deposit", "difference", "dispute", "document"),
    *("gateway_reference", "import_batch", "import_progress", "inbox", "initiator", "initiator_key", "invoice"),
    *("invoice_claim", "invoice_line", "ledger_account", "number_range", "number_reservation", "operator"),
    *("operator_session", "outbox", "payment", "proof_result", "proof_run", "reference", "refund", "review_item"),
    *("setting", "settlement", "surplus", "task", "task_outcome", "task_part", "tenant", "vat_rate"),
    *("webhook_endpoint", "white_code"),
]
GUARDED = {"refuse_change": APPEND_ONLY, "refuse_delete": NEVER_DELETED}


def upgrade() -> None:
    op.execute(KEYS)
    op.execute(LATE)
    for refuse, tables in GUARDED.items():
        for table in tables:
            op.execute(f"create trigger no_truncate before truncate on {table} for each statement execute function {refuse}()")
    op.drop_column("invoice", "expires_at")


def downgrade() -> None:
    # Older code takes the newer key of a question for one more.
    op.add_column("invoice", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    for tables in GUARDED.values():
        for table in tables:
            op.execute(f"drop trigger no_truncate on {table}")
    op.execute("drop trigger closed on ledger_entry")
    op.execute("drop function refuse_late_entries()")
