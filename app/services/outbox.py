"""The outbox: rows that are owed, claimed under a lease and finished only by who holds it (reliability.md 3.7)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import text

from app.domain import exact_json
from app.services.batched_writes import OUTBOX, NoLane, keep
from app.uow import in_transaction, ring_after_commit, session

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from app.domain.ports import Answer

# Of one lane's rows that are due, the oldest first, skipping those somebody else holds.
CLAIM = """
update outbox set state = 'leased', attempts = outbox.attempts + 1, lease_token = cast(:token as uuid),
       lease_until = now() + make_interval(secs => :lease_s)
  from (select id from outbox where {which} and state = 'pending'
         order by run_at, id limit :limit for update skip locked) due
 where outbox.id = due.id
returning outbox.id, outbox.kind, outbox.tenant_id, outbox.invoice_id, outbox.payment_id, outbox.payload,
          outbox.attempts, outbox.repeatable, outbox.lease_token
"""
IN_LANE = "lane_id = :subject and run_at <= now() and kind {choice}(cast(:kinds as text[]))"
CLAIM_OF = text(CLAIM.format(which=IN_LANE.format(choice="= any")))
CLAIM_BUT = text(CLAIM.format(which=IN_LANE.format(choice="<> all")))
CLAIM_ROW = text(CLAIM.format(which="id = :subject and run_at <= now()"))

POST = text("""
insert into outbox (tenant_id, kind, dedupe_key, lane_id, invoice_id, payment_id, payload, run_at, repeatable)
select :tenant_id, :kind, :dedupe_key, lane.id, :invoice_id, :payment_id, cast(:payload as jsonb),
       coalesce(cast(:run_at as timestamptz), now()), :repeatable
  from lane where name = :lane
on conflict (kind, dedupe_key) do nothing
returning id
""")

DONE = text("""
update outbox set state = 'done', done_at = clock_timestamp(), lease_token = null, lease_until = null,
       answer_status = :status, answer_body = :body, answer_ms = :ms, last_error_class = null, last_error = null
 where id = :id and lease_token = :token
""")
DONE_TOGETHER = text("""
update outbox set state = 'done', done_at = clock_timestamp(), lease_token = null, lease_until = null,
       last_error_class = null, last_error = null
 where id = any(:ids) and lease_token = :token
returning id
""")
AGAIN = text("""
update outbox set state = :state, lease_token = null, lease_until = null,
       run_at = now() + make_interval(secs => :delay_s),
       last_error_class = :error_class, last_error = :error, answer_status = :status, trace_id = :trace_id,
       done_at = case when :state in ('dead', 'done') then clock_timestamp() end
 where id = :id and lease_token = :token
""")
RENEW = text("""
update outbox set lease_until = now() + make_interval(secs => :lease_s) where id = :id and lease_token = :token
""")
TAKE_OVER = text("""
update outbox set lease_token = cast(:token as uuid), lease_until = now() + make_interval(secs => :lease_s)
  from (select id from outbox where state = 'leased' and lease_until < now()
         order by lease_until limit :limit for update skip locked) expired
 where outbox.id = expired.id
returning outbox.id, outbox.kind, outbox.tenant_id, outbox.invoice_id, outbox.payment_id, outbox.payload,
          outbox.attempts, outbox.repeatable, outbox.lease_token
""")
BODY_KEPT = 4_000


class Misdirected(Exception):
    """What is owed is about the rows of one service and addressed to another: it goes to neither (security.md T46)."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row in our hands until its lease ends."""

    id: int
    kind: str
    tenant_id: int
    invoice_id: int | None
    payment_id: int | None
    payload: dict[str, Any]
    attempts: int
    repeatable: bool
    lease_token: UUID


def post(
    kind: str,
    dedupe_key: str,
    *,
    lane: str,
    payload: dict[str, Any],
    invoice_id: int | None = None,
    payment_id: int | None = None,
    run_at: datetime | None = None,
    repeatable: bool = True,
    tenant_id: int,
) -> int | None:
    """Owe something, in the transaction of its cause; returns its id, or None when it is owed already or gathered.

    Raises NoLane, or RuntimeError outside a transaction.
    """
    if not in_transaction():
        raise RuntimeError("What is owed is written with its cause")
    row = {
        "tenant_id": tenant_id,
        "kind": kind,
        "dedupe_key": dedupe_key,
        "lane": lane,
        "invoice_id": invoice_id,
        "payment_id": payment_id,
        "payload": payload,
        "run_at": run_at.isoformat() if run_at else None,
        "repeatable": repeatable,
    }
    ring_after_commit()
    if keep(OUTBOX, row):
        return None
    posted: int | None = session().execute(POST, row | {"payload": exact_json.dumps(payload)}).scalar_one_or_none()
    if posted is None and not _has_lane(lane):
        raise NoLane(lane)
    return posted


def claim_lane(
    lane_id: int, *, limit: int, lease_s: int, of: Collection[str] | None = None, but: Collection[str] = ()
) -> list[Claimed]:
    """Take up to `limit` due rows of a lane for `lease_s` seconds; in the caller's transaction.

    `of` or `but` choose by kind. The lease runs by the database's clock, so no machine's own clock can end it early.
    """
    statement, kinds = (CLAIM_BUT, but) if of is None else (CLAIM_OF, of)
    return _take(statement, subject=lane_id, limit=limit, lease_s=lease_s, kinds=list(kinds))


def claim_row(row_id: int, *, lease_s: int) -> Claimed | None:
    """Take one row, or None when it is not due or somebody has it; in the caller's transaction."""
    return next(iter(_take(CLAIM_ROW, subject=row_id, limit=1, lease_s=lease_s)), None)


def take_over_expired(*, limit: int, lease_s: int) -> list[Claimed]:
    """Take rows whose lease has run out, to decide what becomes of them; in the caller's transaction."""
    return _take(TAKE_OVER, limit=limit, lease_s=lease_s)


def renew(row: Claimed, lease_s: int) -> bool:
    """Hold the row for `lease_s` seconds from now; False when it has passed to somebody else: then leave it alone."""
    return _hit(RENEW, {"id": row.id, "token": row.lease_token, "lease_s": lease_s})


def finish(row: Claimed, answer: Answer | None = None) -> bool:
    """Mark the row done and return True, or False when the lease has passed to somebody else: then drop the result."""
    values = {
        "id": row.id,
        "token": row.lease_token,
        "status": answer.status if answer else None,
        "body": _text(answer.body)[:BODY_KEPT] if answer else None,
        "ms": answer.elapsed_ms if answer else None,
    }
    return _hit(DONE, values)


def finish_together(rows: Sequence[Claimed]) -> list[Claimed]:
    """Mark rows of one claim done and return those that were still ours; the effect may cover no others.

    To be called first in the transaction of the effect: the rows stay locked until it commits.
    """
    if not rows:
        return []
    ids = [row.id for row in rows]
    done = set(session().execute(DONE_TOGETHER, {"ids": ids, "token": rows[0].lease_token}).scalars())
    return [row for row in rows if row.id in done]


def put_back(
    row: Claimed,
    *,
    delay_s: int,
    state: str = "pending",
    error_class: str = "",
    error: str = "",
    status: int | None = None,
    trace_id: str | None = None,
) -> bool:
    """Give the row back for a later try, or to a person with state dead or held; False when the lease was lost."""
    values = {
        "id": row.id,
        "token": row.lease_token,
        "state": state,
        "delay_s": delay_s,
        "error_class": error_class or None,
        "error": error[:500] or None,
        "status": status,
        "trace_id": trace_id,
    }
    return _hit(AGAIN, values)


def jitter_percent() -> int:
    """Return -20 to 20: how much earlier or later than planned the next try comes."""
    return random.randint(-20, 20)  # noqa: S311 - spreads tries, guards nothing


def _take(statement: Any, **values: Any) -> list[Claimed]:
    rows = session().execute(statement, values | {"token": str(uuid4())})
    return sorted((Claimed(*row) for row in rows), key=lambda row: row.id)


def _hit(statement: Any, values: dict[str, Any]) -> bool:
    return _count(session().execute(statement, values)) == 1


def _count(result: Any) -> int:
    return int(result.rowcount)


def _has_lane(name: str) -> bool:
    return session().scalar(text("select 1 from lane where name = :name"), {"name": name}) is not None


def _text(body: Any) -> str:
    return body if isinstance(body, str) else exact_json.dumps(body)
