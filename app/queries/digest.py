"""What a service can compare with its own books: invoices per day and state, counted, summed and hashed (idea 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

# Days are those of UTC. A bulk invoice is only a container: its members are counted.
DIGEST = text("""
select n.code, (i.created_at at time zone 'UTC')::date as day, i.status, i.currency, count(*) as number,
       sum(i.total_minor)::bigint as total_minor, sum(i.captured_minor)::bigint as paid_minor,
       sum(i.refunded_minor)::bigint as refunded_minor,
       encode(sha256(string_agg(convert_to(i.number || ' ' || i.total_minor, 'UTF8'), convert_to(chr(10), 'UTF8')
                                order by i.number)), 'hex')
  from invoice i join initiator n on n.id = i.initiator_id
 where i.initiator_id = any(:owns) and i.number is not null and i.kind <> 'bulk'
   and i.created_at >= cast(:first as timestamp) at time zone 'UTC'
   and i.created_at < cast(:last + interval '1 day' as timestamp) at time zone 'UTC'
 group by 1, 2, 3, 4
 order by 1, 2, 3, 4
""")


@dataclass(frozen=True, slots=True)
class DigestRow:
    """The invoices of one service that were made on one day and are now in one state.

    `hash` is the SHA-256 of their lines "number total" in order of number, totals in minor units.
    """

    code: str
    day: date
    status: str
    currency: str
    count: int
    total_minor: int
    paid_minor: int
    refunded_minor: int
    hash: str


def of_days(owns: Sequence[int], first: date, last: date) -> list[DigestRow]:
    """Return the digest of these days, both included."""
    rows = session().execute(DIGEST, {"owns": list(owns), "first": first, "last": last})
    return [DigestRow(*row) for row in rows]
