"""People, roles, settings and keys.

Revision: 0015
Before: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ROLES = "role in ('viewer', 'clerk', 'finance', 'supervisor', 'gateway_admin', 'tenant_admin', 'auditor')"
# Two who remove each other at the same time wait for one another at the tenant's row; new rows elsewhere do not.
KEEPER = """
create function guard_last_keeper() returns trigger language plpgsql as $$
begin
  if old.role = 'tenant_admin' and old.revoked_at is null and old.expires_at is null
     and (new.role <> 'tenant_admin' or new.revoked_at is not null or new.expires_at is not null) then
    perform 1 from tenant where id = old.tenant_id for no key update;
    if not exists (select 1 from white_code where tenant_id = old.tenant_id and role = 'tenant_admin'
                   and revoked_at is null and expires_at is null) then
      raise exception 'the last administrator stays' using errcode = 'check_violation';
    end if;
  end if;
  return null;
end $$;

create trigger guard_last_keeper after update on white_code
  for each row execute function guard_last_keeper();
"""


def upgrade() -> None:
    """Say who answers for whom, keep what was typed before a second login, remember values and the house's events."""
    op.add_column("white_code", sa.Column("owner", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_check_constraint("role", "white_code", ROLES)
    op.execute(KEEPER)
    op.add_column("operator_session", sa.Column("held_address", sa.Text(), nullable=True))
    op.add_column("operator_session", sa.Column("held_form", postgresql.JSONB(), nullable=True))
    op.add_column("operator_session", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("setting", sa.Column("previous_value", sa.Text(), nullable=True))
    op.create_index("ix_event_house", "event", ["kind", "id"], postgresql_where=sa.text("invoice_id is null"))
    op.create_index("ix_number_reservation_range_id", "number_reservation", ["range_id", "created_at"])
    op.execute(
        "alter table number_range add constraint number_range_overlap exclude using gist "
        "(int8range(tenant_id, tenant_id, '[]') with &&, int8range(first_number, last_number, '[]') with &&)"
    )


def downgrade() -> None:
    """Forget it again; who may sign in stays."""
    op.drop_constraint("number_range_overlap", "number_range")
    op.drop_index("ix_number_reservation_range_id", "number_reservation")
    op.drop_index("ix_event_house", "event")
    op.drop_column("setting", "previous_value")
    for column in ("held_at", "held_form", "held_address"):
        op.drop_column("operator_session", column)
    op.execute("drop trigger guard_last_keeper on white_code; drop function guard_last_keeper()")
    op.drop_constraint(op.f("ck_white_code_role"), "white_code")
    op.drop_column("white_code", "owner")
