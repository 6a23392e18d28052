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

HOW_MANY = 10_000  # a statement may take a minute; this many take seconds
LAST = "select coalesce(max(invoice_id), 0) from invoice_search"
FILL = """
update invoice_search s
   set search_text = search_words(concat_ws(' ', s.search_text, said.words))
  from (select l.invoice_id, left(string_agg(l.description, ' ' order by l.position), 1000) as words
          from invoice_line l where l.invoice_id > :after and l.invoice_id <= :until group by l.invoice_id) as said
 where said.invoice_id = s.invoice_id
"""


def upgrade() -> None:
    """Read the lines of all invoices: some minutes a million."""
    last = op.get_bind().scalar(sa.text(LAST)) or 0
    for after in range(0, last, HOW_MANY):
        op.execute(sa.text(FILL).bindparams(after=after, until=after + HOW_MANY))


def downgrade() -> None:
    """Leave the words where they are: they do no harm, and each change of an invoice writes them anew."""
