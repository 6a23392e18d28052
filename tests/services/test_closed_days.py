"""Days that are over: added up once they say what adding up says, and whoever writes into them reopens them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.demo import seed
from app.domain.tallinn import TALLINN
from app.extensions import db
from app.queries import money_moved
from app.queries.money_moved import BACK, IN, MovedFilter
from app.services import closed_days, proofs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.queries.money_moved import DaySum, Sum
    from tests.database import Databases
    from tests.system import System

TODAY = datetime.now(TALLINN).date()
LATE = """
insert into payment (public_token, initiator_id, method, gateway, account, status, amount_minor, captured_minor,
                     external_id, snapshot, completed_at)
select 'late', id, 'hosted', 'everypay', 'EUR3D1', 'completed', 777, 777, 'late', '{}', cast(:at as timestamptz)
  from initiator where code = 'registry'
"""
BACK_THEN = """
with booked as (
  insert into ledger_transaction (kind, dedupe_key, payment_id, created_at)
  select 'refund.succeeded', 'back then', id, cast(:at as timestamptz) from payment where public_token = 'late'
  returning id
)
insert into ledger_entry (transaction_id, account_id, amount_minor)
select booked.id, a.id, case a.code when 'clearing:everypay' then -300 else 300 end
  from booked, ledger_account a where a.code in ('clearing:everypay', 'receivables:registry')
"""
SPANS = [
    (TODAY - timedelta(days=365), TODAY),
    (TODAY - timedelta(days=40), TODAY - timedelta(days=20)),
    (TODAY.replace(day=1), TODAY),
    (TODAY - timedelta(days=1000), TODAY + timedelta(days=400)),
    (TODAY - timedelta(days=22), TODAY - timedelta(days=22)),  # few payers, and one of whom nothing came
]
NARROWED: list[dict[str, str]] = [
    {},
    {"gateway": "everypay"},
    {"gateway": "service"},
    {"service": "registry"},
    {"service": "auction", "gateway": "everypay"},
    {"direction": IN},
    {"direction": BACK},
    {"service": "nobody"},
]


def noon(days_ago: int) -> datetime:
    return datetime.combine(TODAY - timedelta(days=days_ago), datetime.min.time(), UTC) + timedelta(hours=10)


@pytest.fixture(scope="module")
def business(databases: Databases, redis_url: str) -> Iterator[System]:
    """Return a system with two years of business, no day of it closed."""
    from tests.system import build  # noqa: PLC0415

    with databases.clone() as url:
        system = build(url, redis_url)
        with system.app.app_context():
            seed.fill(1500)
        system.sql("delete from closed_day")
        system.sql(LATE, at=noon(25))
        system.sql(BACK_THEN, at=noon(22))
        yield system
        system.close()


def close(system: System, now: datetime | None = None) -> int:
    with system.app.app_context():
        return closed_days.close(now)


def asked(system: System) -> list[list[Sum] | list[DaySum]]:
    """Return the answers to all questions about sums, of all payers, of those without a name and of the largest."""
    with system.app.app_context():
        found: list[list[Sum] | list[DaySum]] = []
        largest = money_moved.top_payers(MovedFilter(*SPANS[0]))[0].payer
        for (first, last), narrowed, payer in product(SPANS, NARROWED, (None, "", largest)):
            wanted = MovedFilter(first, last, payer=payer, **narrowed)
            found += [money_moved.sums(wanted), money_moved.top_payers(wanted)]
        found.append(money_moved.by_day(TODAY - timedelta(days=100), TODAY))
        db.session.rollback()
        return found


def holds_of_days(system: System) -> bool:
    with system.app.app_context():
        return not [each for each in proofs.verify().proofs if each.name == "T1 closed days" and each.broken]


def came(system: System, first: date, last: date) -> int:
    with system.app.app_context():
        found = sum(each.in_minor for each in money_moved.sums(MovedFilter(first, last)))
        db.session.rollback()
        return found


def test_closed_days_say_what_adding_up_says(business: System) -> None:
    before = asked(business)
    assert all(each for each in before[:6]), "all payers, those without a name, and one of them"
    while close(business):
        pass
    assert business.scalar("select count(*) from closed_day") > 700
    assert business.scalar("select max(day) from closed_day") < TODAY - timedelta(days=1)
    assert asked(business) == before
    assert holds_of_days(business)


@pytest.mark.slow
@pytest.mark.parametrize("every", [90, 3], ids=["some", "too many to ask about one by one"])
def test_days_that_are_open_between_others_are_added_up_beside_them(business: System, every: int) -> None:
    business.sql("delete from closed_day")
    before = asked(business)
    while close(business):
        pass
    closed = business.scalar("select count(*) from closed_day")
    business.sql("delete from closed_day where extract(doy from day)::int % :every = 0", every=every)
    assert 0 < business.scalar("select count(*) from closed_day") < closed
    assert asked(business) == before


@pytest.mark.slow
def test_a_year_is_read_from_what_was_added_up_and_proven(business: System) -> None:
    first, last = TODAY - timedelta(days=300), TODAY - timedelta(days=10)
    exact = came(business, first, last)
    while close(business):
        pass
    assert holds_of_days(business)
    business.sql("update day_total set in_minor = in_minor + 1 where payments > 0")
    lines = business.scalar(
        "select count(*) from day_total where payments > 0 and day between :first and :last", first=first, last=last
    )
    assert came(business, first, last) == exact + lines > exact
    assert not holds_of_days(business)
    business.sql("delete from closed_day")


def most(system: System) -> Sum:
    with system.app.app_context():
        found = money_moved.top_payers(MovedFilter(*SPANS[0]))
        db.session.rollback()
        return found[0]


@pytest.mark.slow
def test_payers_are_read_from_what_was_added_up(business: System) -> None:
    while close(business):
        pass
    before = most(business)
    business.sql("update day_payer set in_minor = in_minor + 100000000 where payer = :payer", payer=before.payer)
    assert most(business).payer == before.payer
    assert most(business).in_minor > before.in_minor
    business.sql("delete from closed_day")


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong",
    [
        "update day_payer set in_minor = in_minor + 1 where payments > 0",
        "update day_payer set returns = returns + 1 where day = (select max(day) from day_payer)",
        "update day_payer set payer = 'Somebody else' where payer = (select max(payer) from day_payer)",
        "delete from day_payer where day = (select min(day) from day_payer)",
    ],
)
def test_sums_by_payer_that_are_wrong_are_found(business: System, wrong: str) -> None:
    while close(business):
        pass
    assert holds_of_days(business)
    business.sql(wrong)
    assert not holds_of_days(business)
    business.sql("delete from closed_day")


PAYERS = """
select coalesce(v.customer_name, ''), sum(p.captured_minor)
  from payment p left join invoice v on v.id = p.invoice_id
 where p.captured_minor > 0 and p.direction = 'in' and p.completed_at >= :since and p.completed_at < :until group by 1
 order by 2 desc, coalesce(v.customer_name, '') collate "C" limit 20
"""


@pytest.mark.slow
def test_top_payers_are_those_of_whom_most_came(business: System) -> None:
    first, last = TODAY - timedelta(days=300), TODAY - timedelta(days=10)
    span = {"since": money_moved.midnight(first), "until": money_moved.midnight(last + timedelta(days=1))}
    with business.app.app_context():
        found = money_moved.top_payers(MovedFilter(first, last))
        expected = [tuple(row) for row in db.session.execute(text(PAYERS), span)]
        whole = [money_moved.sums(MovedFilter(first, last, payer=each.payer)) for each in found[:3]]
        db.session.rollback()
    assert [(each.payer, each.in_minor) for each in found] == expected
    assert [sum(each.in_minor for each in sums) for sums in whole] == [each.in_minor for each in found[:3]]
    assert [sum(each.back_minor for each in sums) for sums in whole] == [each.back_minor for each in found[:3]]


@pytest.mark.slow
@pytest.mark.parametrize("few", [money_moved.FEW, 3], ids=["few", "many"])
def test_what_is_read_of_one_payer_at_once_is_what_is_read_one_by_one(
    business: System, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(money_moved, "FEW", few)
    monkeypatch.setattr(money_moved, "PAGE_SIZE", 2)
    with business.app.app_context():
        for each in money_moved.top_payers(MovedFilter(*SPANS[0])):
            wanted = MovedFilter(*SPANS[0], payer=each.payer)
            assert money_moved.first_page(wanted) == (money_moved.sums(wanted), money_moved.page(wanted, None, size=2))
        db.session.rollback()


@pytest.fixture
def closed(system: System) -> System:
    """Return a system whose days of the last year are closed."""
    with system.app.app_context():
        seed.fill(120)
    while close(system):
        pass
    return system


def test_a_payment_brought_into_the_past_reopens_its_day_and_no_other(closed: System) -> None:
    day = TODAY - timedelta(days=30)
    before, days = came(closed, day, day), closed.scalar("select count(*) from closed_day")
    closed.sql(LATE, at=noon(30))
    assert closed.scalar("select count(*) from closed_day") == days - 1
    assert closed.scalar("select count(*) from day_total where day = :day", day=day) == 0
    assert came(closed, day, day) == before + 777
    assert close(closed) == 1
    assert came(closed, day, day) == before + 777
    assert close(closed) == 0


def test_what_changes_about_an_old_payment_reopens_the_days_it_was_and_is_of(closed: System) -> None:
    closed.sql(LATE, at=noon(30))
    close(closed)
    closed.sql("update payment set updated_at = now(), version = version + 1 where public_token = 'late'")
    assert close(closed) == 0, "what no sum is made of"
    closed.sql("update payment set completed_at = :at where public_token = 'late'", at=noon(40))
    assert close(closed) == 2


def test_a_return_booked_in_the_past_reopens_its_day(closed: System) -> None:
    closed.sql(LATE, at=noon(30))
    close(closed)
    closed.sql(BACK_THEN, at=noon(20))
    assert close(closed) == 1
    returned = "select coalesce(sum(back_minor), 0) from day_total where day = :day and gateway = 'everypay'"
    assert closed.scalar(returned, day=TODAY - timedelta(days=20)) >= 300


NAMED = """
update payment set invoice_id = (select min(i.id) from invoice i join initiator s on s.id = i.initiator_id
                                  where s.code = 'registry' and i.issued_at is not null and i.customer_name <> '')
 where public_token = 'late'
"""
RENAMED = """
update invoice set customer_name = 'Called otherwise'
 where id = (select invoice_id from payment where public_token = 'late')
"""
DAYS_OF_THE_NAME = """
select count(distinct day) from day_payer
 where day in (:came, :went) and payer = (select v.customer_name from payment p join invoice v on v.id = p.invoice_id
                                           where p.public_token = 'late')
"""


def test_a_payment_that_finds_its_invoice_and_a_payer_called_otherwise_reopen_what_came_and_went(
    closed: System,
) -> None:
    days = {"came": TODAY - timedelta(days=30), "went": TODAY - timedelta(days=20)}
    closed.sql(LATE, at=noon(30))
    closed.sql(BACK_THEN, at=noon(20))
    close(closed)
    for change in (NAMED, RENAMED):
        closed.sql(change)
        assert closed.scalar("select count(*) from closed_day where day in (:came, :went)", **days) == 0, change
        assert close(closed) >= 2
        assert closed.scalar(DAYS_OF_THE_NAME, **days) == 2
        assert holds_of_days(closed)


def test_a_name_written_again_and_that_of_an_invoice_nobody_paid_reopen_nothing(closed: System) -> None:
    closed.sql("update invoice set customer_name = customer_name where source <> 'portal'")
    closed.sql(
        "update invoice set customer_name = 'Nobody yet' where source <> 'portal' "
        "and not exists (select from payment where invoice_id = invoice.id)"
    )
    assert close(closed) == 0


def test_totals_without_payers_are_refused(closed: System) -> None:
    alone = (
        "with gone as (insert into closed_day (day) values ('2001-02-03') returning day) "
        "insert into day_total (day, gateway, initiator_id, payments, in_minor, returns, back_minor) "
        "select day, 'everypay', (select min(id) from initiator), 1, 100, 0, 0 from gone"
    )
    with pytest.raises(DBAPIError, match="without their payers"):
        closed.sql(alone)


def test_today_and_yesterday_stay_open(system: System) -> None:
    system.settle()
    assert close(system) == 0
    assert close(system, datetime.now(UTC) + timedelta(days=1)) == 0
    assert close(system, datetime.now(UTC) + timedelta(days=3)) >= 1


def test_nothing_is_closed_while_somebody_writes_into_the_past(closed: System) -> None:
    closed.sql("delete from closed_day where day = :day", day=TODAY - timedelta(days=30))
    with closed.app.app_context(), db.engine.connect() as writer:
        writer.execute(text(LATE), {"at": noon(30)})
        assert closed_days.close() == 0
        writer.commit()
        assert closed_days.close() == 1
    assert closed.scalar("select sum(in_minor) from day_total where day = :d", d=TODAY - timedelta(days=30)) >= 777
    assert holds_of_days(closed)


def test_an_empty_system_has_nothing_to_close(system: System) -> None:
    assert close(system) == 0
