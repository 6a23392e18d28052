"""Money that came and went: what a day or a month adds up to, and the very rows behind each sum.

What came are payments by the moment they completed; what went is read from the books, where every return is an entry of
its own day, so that a month that is over never changes. Days are those of Tallinn; those that are over were added up
before (closed_days.py), the others are added up here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import text

from app.domain.tallinn import TALLINN
from app.models.ledger import MOVED_LATER, SIDE_MOVED
from app.models.payment import MONEY_CAME
from app.queries import closed_days
from app.queries.keyset import Slice
from app.queries.paging import PAGE_SIZE, Cursor
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


IN, BACK = "in", "back"
TOP = 20
FEW = 500  # movements of one payer; so many are read in less time than they are looked for once more


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
    """What came and what went of one part of a span; minor units, both positive."""

    gateway: str
    service: str
    payer: str
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


CAME = MONEY_CAME.replace("completed_at", "p.completed_at").replace("captured", "p.captured").replace("dir", "p.dir")
WENT = f"t.{MOVED_LATER}"
# Midnights of Tallinn are computed here and passed as timestamps, one range a day: converting the zone of every row,
# or looking up its day, would cost more than the sum.
BY_DAY = text(f"""
select d.nth, s.* from unnest(cast(:since as timestamptz[]), cast(:until as timestamptz[])) with ordinality
                         as d (since, until, nth),
       lateral (
select p.gateway, p.currency, count(*), sum(p.captured_minor)::bigint
  from payment p
 where {CAME} and p.completed_at >= d.since and p.completed_at < d.until
 group by 1, 2) s order by 1, 2, 3
""")  # noqa: S608 - the parts are ours

# Sums come before the join that names the service, so that a million rows are an index-only scan.
ADDED = f"""
select p.gateway, p.initiator_id, {{payer}} as payer, p.currency, count(*) as ins,
       sum(p.captured_minor) as in_minor, 0 as backs, 0 as back_minor
  from payment p {{join}}
 where {CAME} and p.completed_at >= :since and p.completed_at < :until {{came}} {{narrowed}}
 group by 1, 2, 3, 4
union all
select e.gateway, p.initiator_id, {{payer}}, e.currency, 0, 0, count(*), -sum(e.amount_minor)
  from ledger_transaction t
  join payment p on p.id = t.payment_id {{join}} {SIDE_MOVED}
 where {WENT} and t.created_at >= :since and t.created_at < :until {{went}} {{narrowed}}
 group by 1, 2, 3, 4
"""  # noqa: S608
SUMS = f"""
select f.gateway, i.code, f.payer, f.currency, sum(f.ins)::bigint, sum(f.in_minor)::bigint, sum(f.backs)::bigint,
       sum(f.back_minor)::bigint
  from ({ADDED}) f
  join initiator i on i.id = f.initiator_id
 group by 1, 2, 3, 4
 order by 6 desc, 8 desc, 1, 2, 3
"""  # noqa: S608
# Ordered before the casts to bigint: they are made for the twenty that are kept, not for thousands.
TOP_PAYERS = """
select '', '', payer, currency, ins::bigint, in_minor::bigint, backs::bigint, back_minor::bigint
  from (select f.payer, f.currency, sum(f.ins) as ins, sum(f.in_minor) as in_minor, sum(f.backs) as backs,
               sum(f.back_minor) as back_minor
          from ({moved}) f
         group by f.payer, f.currency
        {after}
         order by 4 desc, 6 desc, f.payer collate "C", f.currency
         limit :top) most
 order by 6 desc, 8 desc, payer collate "C", currency
"""
PAYER = "coalesce(v.customer_name, '')"
OF_SERVICE = "join initiator s on s.id = p.initiator_id"
OF_INVOICE = "left join invoice v on v.id = p.invoice_id"

ROWS = f"""
select m.at, m.key, m.direction, m.kind, m.minor, m.currency, m.gateway, i.code, v.number,
       coalesce(v.customer_name, '')
  from (
    (select p.completed_at as at, p.id * 2 as key, 'in' as direction, p.method as kind, p.captured_minor as minor,
            p.currency, p.gateway, p.initiator_id, p.invoice_id
       from payment p {{join}}
      where {CAME} and p.completed_at >= :since and p.completed_at < :until {{came}} {{narrowed}}
      order by p.completed_at desc, p.id desc limit :size)
    union all
    (select t.created_at, t.id * 2 + 1, 'back', t.kind, e.amount_minor, e.currency, e.gateway, p.initiator_id,
            coalesce(t.invoice_id, p.invoice_id)
       from ledger_transaction t
       join payment p on p.id = t.payment_id {{join}} {SIDE_MOVED}
      where {WENT} and t.created_at >= :since and t.created_at < :until {{went}} {{narrowed}}
      order by t.created_at desc, t.id desc limit :size)
  ) m
  join initiator i on i.id = m.initiator_id
  left join invoice v on v.id = m.invoice_id
 order by m.at desc, m.key desc
 limit :size
"""  # noqa: S608


def by_day(first: date, last: date) -> list[DaySum]:
    """Return what came on each day through each gateway, both days included."""
    rows, closed = closed_days.by_day(first, last)
    days = [day for nth in range((last - first).days + 1) if (day := first + timedelta(days=nth)) not in closed]
    asked = {"since": [midnight(day) for day in days], "until": [midnight(day + timedelta(days=1)) for day in days]}
    found = [DaySum(days[nth - 1], *rest) for nth, *rest in session().execute(BY_DAY, asked)]
    return sorted([*found, *(DaySum(*row) for row in rows)])


def sums(wanted: MovedFilter) -> list[Sum]:
    """Return what came and went by gateway, service and currency, largest first."""
    if wanted.payer is not None:
        return _sums(wanted)
    closed, days = closed_days.by_part(wanted.first, wanted.last, gateway=wanted.gateway, service=wanted.service)
    gaps = closed_days.gaps(wanted.first, wanted.last, days)
    if gaps is None:
        return _sums(wanted)
    found = [_closed_sum(row, wanted.direction) for row in closed]
    for first, last in gaps:
        found += _sums(replace(wanted, first=first, last=last))
    return _together(found)


def _closed_sum(row: tuple[Any, ...], direction: str) -> Sum:
    gateway, service, currency, payments, in_minor, returns, back_minor = row
    came = (0, 0) if direction == BACK else (payments, in_minor)
    return Sum(gateway, service, "", currency, *came, *((0, 0) if direction == IN else (returns, back_minor)))


def _together(found: Iterable[Sum]) -> list[Sum]:
    """Return the sums with one line for each gateway, service and currency with which anything moved."""
    lines: dict[tuple[str, ...], Sum] = {}
    for each in found:
        key = each.gateway, each.service, each.currency
        lines[key] = _added(lines[key], each) if key in lines else each
    moved = [each for each in lines.values() if each.payments or each.returns]
    return sorted(moved, key=lambda each: (-each.in_minor, -each.back_minor, each.gateway, each.service))


def _added(one: Sum, other: Sum) -> Sum:
    return one._replace(
        payments=one.payments + other.payments,
        in_minor=one.in_minor + other.in_minor,
        returns=one.returns + other.returns,
        back_minor=one.back_minor + other.back_minor,
    )


def by(found: Sequence[Sum], part: str) -> list[Sum]:
    """Return the sums put together by `gateway`, `service`, `payer` or `currency`; the other parts are empty then."""
    together: dict[tuple[str, str], Sum] = {}
    for each in found:
        name = getattr(each, part)
        empty = Sum("", "", "", each.currency, 0, 0, 0, 0)._replace(**{part: name})
        together[name, each.currency] = _added(together.get((name, each.currency), empty), each)
    return sorted(together.values(), key=lambda each: (-each.in_minor, -each.back_minor, getattr(each, part)))


class PayerMark(NamedTuple):
    """The payer a page of them ended with, and what came of them and went to them; minor units."""

    in_minor: int
    back_minor: int
    payer: str
    currency: str

    @classmethod
    def of(cls, last: Sum) -> PayerMark:
        """Return the mark of the last payer of a page."""
        return cls(last.in_minor, last.back_minor, last.payer, last.currency)


# Of the largest first: what stands behind a mark is smaller, or as large and of a later name.
AFTER_PAYER = """
having (-sum(f.in_minor), -sum(f.back_minor), f.payer collate "C", f.currency)
     > (-cast(:in_minor as bigint), -cast(:back_minor as bigint), cast(:payer_mark as text), cast(:of as text))
"""


def top_payers(wanted: MovedFilter, top: int = TOP, after: PayerMark | None = None) -> list[Sum]:
    """Return the payers of whom most came, those after a mark. Days that are open cost an invoice per payment."""
    parts, values = _parts(wanted, named=True)
    moved = ADDED.format(payer=PAYER, **parts)
    closed = closed_days.days(wanted.first, wanted.last)
    if closed and closed_days.gaps(wanted.first, wanted.last, closed) is not None:
        live = moved.replace(":since", "gap.since").replace(":until", "gap.until")
        moved = closed_days.by_payer(
            live, gateway=wanted.gateway, service=wanted.service, payer=wanted.payer, direction=wanted.direction
        )
        values |= {"first": wanted.first, "last": wanted.last}
    values |= {"top": top}
    if after is not None:
        in_minor, back_minor, payer, currency = after
        values |= {"in_minor": in_minor, "back_minor": back_minor, "payer_mark": payer, "of": currency}
    question = text(TOP_PAYERS.format(moved=moved, after=AFTER_PAYER if after else ""))
    return [Sum(*row) for row in session().execute(question, values)]


def page(wanted: MovedFilter, cursor: Cursor | None, *, size: int = PAGE_SIZE) -> Slice[Moved]:
    """Return a page of movements, newest first. A cursor's id is the row's key."""
    parts, values = _parts(wanted)
    if cursor is not None:
        parts["came"] += " and p.completed_at <= :at and (p.completed_at, p.id * 2) < (:at, :key)"
        parts["went"] += " and t.created_at <= :at and (t.created_at, t.id * 2 + 1) < (:at, :key)"
        values |= {"at": cursor.created_at, "key": cursor.id}
    rows = [Moved(*row) for row in session().execute(text(ROWS.format(**parts)), values | {"size": size + 1})]
    following = Cursor(rows[size - 1].at, rows[size - 1].key) if len(rows) > size else None
    return Slice(rows[:size], following)


def first_page(wanted: MovedFilter) -> tuple[list[Sum], Slice[Moved]]:
    """Return the sums and the newest movements; those of one payer are mostly few and looked for once."""
    if not wanted.payer:
        return sums(wanted), page(wanted, None)
    found = page(wanted, None, size=FEW)
    shown, rest = found.rows[:PAGE_SIZE], found.rows[PAGE_SIZE:]
    totals = sums(wanted) if found.after else _together(_moved_sum(each) for each in found.rows)
    return totals, Slice(shown, Cursor(shown[-1].at, shown[-1].key) if rest else None)


def _moved_sum(moved: Moved) -> Sum:
    came, went = ((1, moved.minor), (0, 0)) if moved.direction == IN else ((0, 0), (1, -moved.minor))
    return Sum(moved.gateway, moved.service, "", moved.currency, *came, *went)


def gateways() -> Sequence[str]:
    """Return the gateways money came through, from the accounts of the books."""
    codes = text("select split_part(code, ':', 2) from ledger_account where code like 'clearing:%' order by 1")
    return [*session().scalars(codes), "service"]


def _sums(wanted: MovedFilter) -> list[Sum]:
    parts, values = _parts(wanted)
    return [Sum(*row) for row in session().execute(text(SUMS.format(payer="''", **parts)), values)]


def _parts(wanted: MovedFilter, *, named: bool = False) -> tuple[dict[str, str], dict[str, Any]]:
    """Return what narrows a query down, and its values; `named` brings the invoice for its payer."""
    values: dict[str, Any] = _span(wanted.first, wanted.last)
    conditions, joins = [], []
    if wanted.gateway:
        values["gateway"] = wanted.gateway
    if wanted.service:
        joins.append(OF_SERVICE)
        conditions.append("and s.code = :service")
        values["service"] = wanted.service
    if wanted.payer:
        conditions.append("and v.customer_name = :payer")
        values["payer"] = wanted.payer
    elif wanted.payer is not None:
        conditions.append("and coalesce(v.customer_name, '') = ''")
    if named or wanted.payer is not None:
        joins.append(OF_INVOICE)
    parts = {
        "join": " ".join(joins),
        "narrowed": " ".join(conditions),
        "came": "and false" if wanted.direction == BACK else "and p.gateway = :gateway" if wanted.gateway else "",
        "went": "and false" if wanted.direction == IN else "and e.gateway = :gateway" if wanted.gateway else "",
    }
    return parts, values


def _span(first: date, last: date) -> dict[str, Any]:
    return {"since": midnight(first), "until": midnight(last + timedelta(days=1))}


def midnight(day: date) -> datetime:
    """Return the moment a day begins in Tallinn."""
    return datetime.combine(day, time(), TALLINN)
