"""The search side table, filled in batches a moment after the change (decisions.md 23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app.services import outbox
from app.uow import session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.models.invoice import Invoice
    from app.services.outbox import Claimed

INDEX = "search.invoice.index"

FILL = text("""
insert into invoice_search (tenant_id, invoice_id, created_at, search_text)
select i.tenant_id, i.id, i.created_at,
       search_words(concat_ws(' ', number_scraps(i.number), i.reference_number, i.customer_name, i.customer_email,
                              i.description,
                              (select left(string_agg(l.description, ' ' order by l.position), 1000)
                                 from invoice_line l where l.invoice_id = i.id),
                              n.code))
  from invoice i join initiator n on n.id = i.initiator_id
 where i.id = any(:ids)
on conflict (invoice_id) do update set search_text = excluded.search_text
""")


def reindex_later(invoice: Invoice) -> None:
    """Owe the invoice a fresh row in the search table."""
    outbox.post(
        INDEX,
        f"{invoice.id}:{invoice.version + 1}",
        lane="search",
        payload={},
        invoice_id=invoice.id,
        tenant_id=invoice.tenant_id,
    )


def index(rows: Sequence[Claimed]) -> None:
    """Write the search rows of all these invoices in one statement, inside the caller's transaction."""
    session().execute(FILL, {"ids": [row.invoice_id for row in rows if row.invoice_id is not None]})
