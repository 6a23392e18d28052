"""Desks: refunds, approvals, disputes, credit, questions.

What is listed has its index, and no refund leaves the queue of approvals without the name of who agreed.

Revision: 0013
Before: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FOUR_EYES = """
  if old.status = 'pending_approval' and new.status = 'requested' and new.approved_by is null then
    raise exception 'refund % leaves without a second person', old.id using errcode = 'check_violation';
  end if;
  if old.approved_by is not null and new.approved_by is distinct from old.approved_by then
    raise exception 'refund %: who agreed is fixed', old.id using errcode = 'check_violation';
  end if;"""
GUARD = """
create or replace function guard_refund() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status
     and not exists (select 1 from refund_edge where from_status = old.status and to_status = new.status) then
    raise exception 'refund %% may not go from %% to %%', old.id, old.status, new.status using errcode = 'check_violation';
  end if;
  if (new.payment_id, new.invoice_id, new.amount_minor, new.currency, new.idempotency_key, new.requested_by, new.tenant_id)
     is distinct from (old.payment_id, old.invoice_id, old.amount_minor, old.currency, old.idempotency_key, old.requested_by, old.tenant_id) then
    raise exception 'refund %%: what was asked is fixed', old.id using errcode = 'check_violation';
  end if;%s
  return new;
end $$;
"""


def upgrade() -> None:
    """Add what the lists of the desks are read by, and the guard of the second person."""
    op.create_index("ix_refund_newest", "refund", [sa.text("created_at desc"), sa.text("id desc")])
    op.create_index("ix_refund_payment_id", "refund", ["payment_id", "id"])
    op.create_index(
        "ix_refund_to_approve",
        "refund",
        ["created_at", "id"],
        postgresql_where=sa.text("status = 'pending_approval'"),
    )
    op.create_index("ix_dispute_newest", "dispute", [sa.text("created_at desc"), sa.text("id desc")])
    op.create_index(
        "ix_review_item_answered",
        "review_item",
        [sa.text("resolved_at desc"), sa.text("id desc")],
        postgresql_where=sa.text("resolved_at is not null"),
    )
    op.create_index("ix_review_item_payment_id", "review_item", ["payment_id"])
    op.create_index(
        "ix_event_question",
        "event",
        [sa.text("((data ->> 'item'::text)::bigint)")],
        postgresql_where=sa.text("kind like 'review.item.%'"),
    )
    op.execute(GUARD % FOUR_EYES)


def downgrade() -> None:
    """Take both away again."""
    op.execute(GUARD % "")
    op.drop_index("ix_event_question", "event")
    op.drop_index("ix_review_item_payment_id", "review_item")
    op.drop_index("ix_review_item_answered", "review_item")
    op.drop_index("ix_dispute_newest", "dispute")
    op.drop_index("ix_refund_to_approve", "refund")
    op.drop_index("ix_refund_payment_id", "refund")
    op.drop_index("ix_refund_newest", "refund")
