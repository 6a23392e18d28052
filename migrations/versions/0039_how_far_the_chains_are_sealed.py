"""The sealer knows up to where no row can come any more, however long a transaction stays open.

Revision: 0039
Before: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

# What was sealed before was looked for this far back.
BEGIN = """
insert into seal_horizon (chain, floor_id)
select chain, greatest(coalesce((select max(row_id) from seal where seal.chain = named.chain), 0) - 20000, 0)
  from (values ('ledger'), ('event')) named (chain)
"""


def upgrade() -> None:
    op.create_table(
        "seal_horizon",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("floor_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("mark_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("writers", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("chain in ('ledger', 'event')", name=op.f("ck_seal_horizon_chain")),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_seal_horizon")),
    )
    op.execute(BEGIN)


def downgrade() -> None:
    op.drop_table("seal_horizon")
