"""What must hold of claims on shared numbers and of what was brought along."""

from __future__ import annotations

from app.services.invariant import Invariant

IMPORTS = (
    Invariant(
        "C1 claims",
        "of the holders of one number at most one has won, and what was won is paid",
        "select count(*) from invoice_claim",
        """select c.invoice_id as id from invoice_claim c where c.won_at is not null group by 1 having count(*) > 1
           union all
           select c.invoice_id from invoice_claim c join invoice i on i.id = c.invoice_id
            where c.won_at is not null and i.paid_at is null""",
    ),
    Invariant(
        "M1 imports",
        "every import brought as many rows as it said; one under way, and one that failed, brought none",
        "select count(*) from import_batch",
        """select b.id from import_batch b
            where (b.fault is null and b.finished_at is not null) <> (b.counts ? 'added')
               or coalesce((b.counts ->> 'added')::bigint, 0)
                  <> case b.kind when 'invoices' then (select count(*) from invoice i where i.import_batch_id = b.id)
                                 else (select count(*) from reference r where r.import_batch_id = b.id) end""",
    ),
)
