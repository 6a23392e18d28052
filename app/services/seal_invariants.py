"""What must hold of the chains beside their hashes: no row that is due lacks its link, no head noted is lost."""

from __future__ import annotations

from app.services.invariant import Invariant

SEALED = (
    Invariant(
        "S1 sealed",
        "every row up to where a chain is sealed has its link",
        "select count(*) from seal",
        """select 'ledger ' || e.id as id from ledger_entry e
            where e.id <= (select floor_id from seal_horizon where chain = 'ledger')
              and not exists (select from seal s where s.chain = 'ledger' and s.row_id = e.id)
            union all
           select 'event ' || e.id from event e
            where e.id <= (select floor_id from seal_horizon where chain = 'event')
              and not exists (select from seal s where s.chain = 'event' and s.row_id = e.id)""",
    ),
    Invariant(
        "S2 anchored",
        "every head of a chain that was noted is its link there still",
        "select count(*) from anchor",
        """select a.chain || ' ' || a.position as id from anchor a
            where not exists (select from seal s
                               where s.chain = a.chain and s.position = a.position and s.hash = a.hash)""",
    ),
)
