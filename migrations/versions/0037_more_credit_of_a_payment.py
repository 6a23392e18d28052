"""The credit that is left of a payment may grow: a second credit note takes back more of the same money.

Until now that note failed whole. What came in is still never made less, nor given to another payer.

Revision: 0037
Before: 0036
"""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

GUARD = """
create or replace function guard_surplus() returns trigger language plpgsql as $$
begin
  if (new.payment_id, new.invoice_id, new.initiator_id, new.currency, new.tenant_id)
     is distinct from (old.payment_id, old.invoice_id, old.initiator_id, old.currency, old.tenant_id)
     or new.amount_minor {changes} old.amount_minor then
    raise exception 'surplus %: what came is fixed', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$
"""


def upgrade() -> None:
    op.execute(GUARD.format(changes="<"))


def downgrade() -> None:
    op.execute(GUARD.format(changes="<>"))
