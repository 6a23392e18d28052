"""Money that came and went: what a day or a month adds up to, and the very rows behind each sum.

What came are payments by the moment they completed; what went is read from the books, where every return is an entry of
its own day, so that a month that is over never changes. Days are those of Tallinn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy import text

from app.extensions import db
from app.models.ledger import MOVED_LATER
from app.models.payment import MONEY_CAME
from app.queries.paging import PAGE_SIZE, Cursor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

IN, BACK = "in", "back"
TOP = 20


@dataclass(frozen=True, slots=True)
class MovedFilter:
    """Which movements: both days included; empty parts ask for nothing.

    `payer` is a name as invoices have it; an empty one asks for those without a name, None for all.
    """

    first: date
    last: date
    gateway: str = ""
    service: str = ""
    payer: str | None = None
    direction: str = ""


class DaySum(NamedTuple):
    """What came on one day through one gateway; minor units."""

    day: date
    gateway: str
    currency: str
    payments: int
    minor: int


class Sum(NamedTuple):
    """What came and what went of one part of a month; minor units, both positive; `name` may be of several kinds."""

    name: str
    currency: str
    payments: int
    in_minor: int
    returns: int
    back_minor: int

    @property
    def net_minor(self) -> int:
        """Return what stayed."""
        return self.in_minor - self.back_minor


class Moved(NamedTuple):
    """One movement; `minor` is negative for money that went."""

    at: datetime
    key: int
    direction: str
    kind: str
    minor: int
    currency: str
    gateway: str
    service: str
    invoice_number: int | None
    payer: str


class MovedPage(NamedTuple):
    """Some movements and where they end."""

    rows: list[Moved]
    next: Cursor | None


CAME = MONEY_CAME.replace("completed_at", "p.completed_at").replace("captured", "p.captured").replace("dir", "p.dir")
WENT = f"t.{MOVED_LATER}"
SPAN = "(cast(:first as date)::timestamp at time zone 'Europe/Tallinn')"
UNTIL = "((cast(:last as date) + 1)::timestamp at time zone 'Europe/Tallinn')"

BY_DAY = text(f"""
select (completed_at at time zone 'Europe/Tallinn')::date, gateway, currency, count(*), sum(captured_minor)::bigint
  from payment p
 where {CAME} and completed_at >= {SPAN} and completed_at < {UNTIL}
 group by 1, 2, 3 order by 1, 2, 3
""")  # noqa: S608 - the parts are ours

# Money in and money back of the span, each with what it may be grouped by. `{{came}}` and `{{went}}` narrow it down.
FLOW = f"""
select p.gateway, i.code as service, {{payer}} as payer, p.currency, 1 as ins, p.captured_minor as in_minor,
       0 as backs, 0::bigint as back_minor
  from payment p join initiator i on i.id = p.initiator_id {{of_invoice}}
 where {CAME} and p.completed_at >= {SPAN} and p.completed_at < {UNTIL} {{narrowed}}
 union all
select p.gateway, i.code, {{payer}}, e.currency, 0, 0, 1, -e.amount_minor
  from ledger_transaction t
  join payment p on p.id = t.payment_id
  join initiator i on i.id = p.initiator_id {{of_invoice}}
  join ledger_entry e on e.transaction_id = t.id
  join ledger_account a on a.id = e.account_id and (a.code like 'clearing:%' or a.code like 'outside:%')
 where {WENT} and t.created_at >= {SPAN} and t.created_at < {UNTIL} {{narrowed}}
"""  # noqa: S608
OF_INVOICE = "left join invoice v on v.id = p.invoice_id"

ROWS = f"""
select m.at, m.key, m.direction, m.kind, m.minor, m.currency, m.gateway, i.code, v.number,
       coalesce(v.customer_name, '')
  from (
    (select p.completed_at as at, p.id * 2 as key, 'in' as direction, p.method as kind, p.captured_minor as minor,
            p.currency, p.gateway, p.initiator_id, p.invoice_id
       from payment p {{join}}
      where {CAME} and p.completed_at >= {SPAN} and p.completed_at < {UNTIL} {{came}} {{narrowed}}
      order by p.completed_at desc, p.id desc limit :size)
    union all
    (select t.created_at, t.id * 2 + 1, 'back', t.kind, e.amount_minor, e.currency, p.gateway, p.initiator_id,
            coalesce(t.invoice_id, p.invoice_id)
       from ledger_transaction t
       join payment p on p.id = t.payment_id {{join}}
       join ledger_entry e on e.transaction_id = t.id
       join ledger_account a on a.id = e.account_id and (a.code like 'clearing:%' or a.code like 'outside:%')
      where {WENT} and t.created_at >= {SPAN} and t.created_at < {UNTIL} {{went}} {{narrowed}}
      order by t.created_at desc, t.id desc limit :size)
  ) m
  join initiator i on i.id = m.initiator_id
  left join invoice v on v.id = m.invoice_id
 order by m.at desc, m.key desc
 limit :size
"""  # noqa: S608


def by_day(first: date, last: date) -> list[DaySum]:
    """Return what came on each day through each gateway, both days included."""
    return [DaySum(*row) for row in _session().execute(BY_DAY, {"first": first, "last": last})]


def sums(wanted: MovedFilter, group: str = "") -> list[Sum]:
    """Return what came and went, by `gateway`, `service` or `payer`, else as one sum per currency; largest first."""
    return _sums(wanted, group or "''", by_payer=group == "payer", limit=None)


def top_payers(wanted: MovedFilter) -> list[Sum]:
    """Return the twenty payers of whom most came."""
    return _sums(wanted, "payer", by_payer=True, limit=TOP)


def page(wanted: MovedFilter, cursor: Cursor | None, *, size: int = PAGE_SIZE) -> MovedPage:
    """Return a page of movements, newest first. A cursor's id is the row's key."""
    narrowed, values = _narrowed(wanted)
    came = "" if wanted.direction in {"", IN} else "and false"
    went = "" if wanted.direction in {"", BACK} else "and false"
    if cursor is not None:
        came += " and p.completed_at <= :at and (p.completed_at, p.id * 2) < (:at, :key)"
        went += " and t.created_at <= :at and (t.created_at, t.id * 2 + 1) < (:at, :key)"
        values |= {"at": cursor.created_at, "key": cursor.id}
    join = "join initiator s on s.id = p.initiator_id " + (OF_INVOICE if wanted.payer is not None else "")
    statement = ROWS.format(join=join, came=came, went=went, narrowed=narrowed.replace("i.code", "s.code"))
    rows = [Moved(*row) for row in _session().execute(text(statement), values | {"size": size + 1})]
    following = Cursor(rows[size - 1].at, rows[size - 1].key) if len(rows) > size else None
    return MovedPage(rows[:size], following)


def gateways() -> Sequence[str]:
    """Return the gateways money came through, from the accounts of the books."""
    codes = text("select split_part(code, ':', 2) from ledger_account where code like 'clearing:%' order by 1")
    return [*_session().scalars(codes), "service"]


def _sums(wanted: MovedFilter, group: str, *, by_payer: bool, limit: int | None) -> list[Sum]:
    narrowed, values = _narrowed(wanted)
    flow = FLOW.format(
        payer="coalesce(v.customer_name, '')" if by_payer else "''",
        of_invoice=OF_INVOICE if by_payer or wanted.payer is not None else "",
        narrowed=narrowed,
    )
    direction = {"": "", IN: "where ins > 0", BACK: "where backs > 0"}[wanted.direction]
    statement = f"""
      select {group}, currency, sum(ins)::bigint, sum(in_minor)::bigint, sum(backs)::bigint, sum(back_minor)::bigint
        from ({flow}) f {direction} group by 1, 2 order by 4 desc, 6 desc, 1, 2 limit :limit
    """  # noqa: S608
    return [Sum(*row) for row in _session().execute(text(statement), values | {"limit": limit})]


def _narrowed(wanted: MovedFilter) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {"first": wanted.first, "last": wanted.last}
    conditions = []
    for value, condition, name in (
        (wanted.gateway, "p.gateway = :gateway", "gateway"),
        (wanted.service, "i.code = :service", "service"),
        (wanted.payer, "coalesce(v.customer_name, '') = :payer", "payer"),
    ):
        if value or (name == "payer" and value is not None):
            conditions.append(f"and {condition}")
            values[name] = value
    return " ".join(conditions), values


def _session() -> Session:
    return cast("Session", db.session())
