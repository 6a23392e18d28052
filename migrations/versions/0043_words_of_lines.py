"""The words of an invoice's lines lead to it: what is issued from now on has them, and so has what was issued before.

Revision: 0043
Before: 0042
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

FILL = """
update invoice_search s
   set search_text = search_words(concat_ws(' ', s.search_text, said.words))
  from (select l.invoice_id, left(string_agg(l.description, ' ' order by l.position), 1000) as words
          from invoice_line l group by l.invoice_id) as said
 where said.invoice_id = s.invoice_id
"""


def upgrade() -> None:
    op.execute(sa.text(FILL))


def downgrade() -> None:
    """Leave the words where they are: they do no harm, and each change of an invoice writes them anew."""
