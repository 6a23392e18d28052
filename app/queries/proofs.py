"""What was found when the books were checked, and the rows that contradict it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import TextClause, select, text

from app.domain.errors import NotFound
from app.models.proof import ProofResult, ProofRun
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

SHOWN_RUNS = 20

# What the ids of an invariant's rows are ids of; what stands nowhere here has no page to lead to.
INVOICES = (
    "I2 one settlement",
    "I5 what went back of an invoice",
    "B4 bulk money back",
    "B1 bulk members",
    "B3 bulk news",
)
PAYMENTS = (
    "I4 every payment has a fact",
    "I3 every cent has its place",
    "I5 refunds",
    "I5 what went back",
    "I7 news is owed",
    "B2 bulk money",
)
MESSAGES = ("I12 leases",)

OF_INVOICES = text("select id::text, number, status, total_minor, currency from invoice where id = any(:ids)")
OF_PAYMENTS = text("""
select p.id::text, i.number, p.status, p.amount_minor, p.currency
  from payment p left join invoice i on i.id = p.invoice_id where p.id = any(:ids)
""")
RUNS = text("""
select r.id, r.asked_by, r.created_at, r.finished_at,
       count(*) as many, count(*) filter (where p.state = 'broken') as broken,
       count(*) filter (where p.state = 'waiting') as waiting, count(*) filter (where p.state = 'failed') as failed
  from (select * from proof_run order by id desc limit :most) r join proof_result p on p.run_id = r.id
 group by r.id, r.asked_by, r.created_at, r.finished_at
 order by r.id desc
""")
LAST_OF = text("""
select state, checked_at from proof_result
 where name = :name and state in ('holds', 'broken') order by id desc limit 1
""")


class Run(NamedTuple):
    """One run and how its checks ended."""

    id: int
    asked_by: str
    created_at: datetime
    finished_at: datetime | None
    many: int
    broken: int
    waiting: int
    failed: int


class Row(NamedTuple):
    """A row that contradicts an invariant; `invoice` is where to look, `status` of the invoice or payment."""

    key: str
    invoice: int | None = None
    kind: str = ""
    status: str = ""
    amount_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One result with its run and the rows that contradict it."""

    result: ProofResult
    run: ProofRun
    rows: list[Row]


def runs() -> list[Run]:
    """Return the last runs, newest first."""
    return [Run(*row) for row in session().execute(RUNS, {"most": SHOWN_RUNS})]


def results(run_id: int) -> Sequence[ProofResult]:
    """Return the results of a run: what is broken first, then in the order they are checked."""
    order = (ProofResult.state != "broken", ProofResult.state != "failed", ProofResult.id)
    return session().scalars(select(ProofResult).where(ProofResult.run_id == run_id).order_by(*order)).all()


def result(result_id: int) -> Found:
    """Return one result with the rows that contradict it. Raises NotFound."""
    tx = session()
    found = tx.get(ProofResult, result_id)
    if found is None:
        raise NotFound("result", result_id)
    return Found(found, tx.get_one(ProofRun, found.run_id), _rows(found))


def last_of(name: str) -> tuple[str, datetime] | None:
    """Return how a check ended last, `holds` or `broken`, and when; None when it was never made."""
    row = session().execute(LAST_OF, {"name": name}).one_or_none()
    return None if row is None else (row.state, row.checked_at)


def _rows(found: ProofResult) -> list[Row]:
    kind, query = _of(found.name)
    ids = [int(each) for each in found.broken if each.isdigit()]
    if query is None or not ids:
        return [Row(each, kind=kind) for each in found.broken]
    there = {row[0]: Row(row[0], row[1], kind, *row[2:]) for row in session().execute(query, {"ids": ids})}
    return [there.get(each, Row(each)) for each in found.broken]


def _of(name: str) -> tuple[str, TextClause | None]:
    """Return what the rows of an invariant are, and the query for more about them."""
    if name in INVOICES:
        return "invoice", OF_INVOICES
    if name in PAYMENTS:
        return "payment", OF_PAYMENTS
    return ("message", None) if name in MESSAGES else ("", None)
