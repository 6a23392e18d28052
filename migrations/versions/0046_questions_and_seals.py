"""One question for each message that was given up, which stays until the message got through.

Revision: 0046
Before: 0045
"""

from __future__ import annotations

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


def upgrade() -> None:
    op.execute(KEYS)


def downgrade() -> None:
    pass  # older code takes the newer key for one more
