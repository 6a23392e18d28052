"""What one statement writes for a verb is what a statement for each row would have written, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.domain import ledger as books
from app.domain.money import Money
from app.extensions import db
from app.services import ledger, outbox, timeline
from app.services.batched_writes import ALLOCATION, NoLane, batched_writes, write
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System

KIND = "test.kind"
LANE = "initiator:registry"
OWED = text("""
select o.dedupe_key, l.name, o.payload, o.repeatable, o.run_at = timestamptz '2026-03-01T10:00:00Z', o.state
  from outbox o join lane l on l.id = o.lane_id where o.kind = :kind order by o.id
""")
TOLD = text("select kind, actor_kind, actor, reason, data from event where kind like 'test.%' order by id")
BOOKED = text("""
select t.kind, t.dedupe_key, a.code, e.amount_minor, e.currency
  from ledger_entry e join ledger_transaction t on t.id = e.transaction_id join ledger_account a on a.id = e.account_id
 order by e.id
""")


@pytest.fixture
def here(system: System) -> Iterator[System]:
    with system.app.app_context():
        yield system
        db.session.remove()


def everything(mark: str) -> None:
    """Write something of each kind."""
    hundred = Money(10_000, "EUR")
    timeline.record("test.first", reason="ö and 'quotes'", data={"amount": "1.00", "list": [1, None]}, tenant_id=1)
    ledger.post(
        "payment.received", f"{mark}:1", books.received("everypay", "registry", hundred, Money(0, "EUR")), tenant_id=1
    )
    outbox.post(KIND, f"{mark}:a", lane=LANE, payload={"amount": "1.00"}, repeatable=False, tenant_id=1)
    ledger.post("payment.received", f"{mark}:2", books.received("everypay", "auction", hundred, hundred), tenant_id=1)
    timeline.record("test.second", actor=timeline.Actor("gateway", "everypay"), tenant_id=1)
    outbox.post(KIND, f"{mark}:b", lane="search", payload={}, tenant_id=1)
    outbox.post(KIND, f"{mark}:b", lane="search", payload={"again": True}, tenant_id=1)


def everything_in_a_block(mark: str) -> None:
    """Write the same, gathered."""
    with transaction(), batched_writes():
        everything(mark)


def seen(mark: str) -> list[list[tuple[object, ...]]]:
    """Return what is there now."""
    with transaction() as tx:
        found = [list(map(tuple, tx.execute(each, {"kind": KIND} if each is OWED else {}))) for each in READ]
    return [[tuple(str(part).replace(mark, "") for part in row) for row in rows] for rows in found]


READ = [OWED, TOLD, BOOKED]


def test_a_block_writes_what_single_statements_write(here: System) -> None:
    with transaction():
        everything("single")
    single = seen("single")
    everything_in_a_block("block")
    both = seen("block")
    assert [len(rows) for rows in single] == [2, 2, 5]
    assert [rows[len(one) :] for rows, one in zip(both, single, strict=True)] == single
    assert here.scalar("select sum(amount_minor) from ledger_entry") == 0


@batched_writes()
def fail() -> None:
    """Write a line and fail."""
    timeline.record("test.first", tenant_id=1)
    raise ZeroDivisionError


def owe_nowhere() -> None:
    """Owe something in a lane that is not there."""
    with transaction(), batched_writes():
        timeline.record("test.first", tenant_id=1)
        outbox.post(KIND, "a", lane="nowhere", payload={}, tenant_id=1)


def test_the_timeline_tells_of_money_after_the_books_have_it(here: System) -> None:
    everything_in_a_block("block")
    last_booked = here.scalar("select max(created_at) from ledger_transaction")
    assert last_booked < here.scalar("select min(created_at) from event where kind like 'test.%'")


def test_a_moment_to_run_at_is_kept(here: System) -> None:
    moment = here.scalar("select timestamptz '2026-03-01T10:00:00Z'")
    with transaction(), batched_writes():
        outbox.post(KIND, "later", lane=LANE, payload={}, run_at=moment, tenant_id=1)
    assert seen("")[0][0][4] == "True"


def test_a_block_inside_a_block_is_part_of_it(here: System) -> None:
    with transaction(), batched_writes():
        timeline.record("test.first", tenant_id=1)
        with batched_writes():
            timeline.record("test.second", tenant_id=1)
        timeline.record("test.third", tenant_id=1)
        assert here.scalar("select count(*) from event where kind like 'test.%'") == 0
    assert [row[0] for row in seen("")[1]] == ["test.first", "test.second", "test.third"]


def test_what_fails_inside_writes_nothing_and_leaves_no_block_open(here: System) -> None:
    with transaction():
        with pytest.raises(ZeroDivisionError):
            fail()
        timeline.record("test.second", tenant_id=1)
    assert [row[0] for row in seen("")[1]] == ["test.second"]
    assert here.scalar("select count(*) from event where kind = 'test.first'") == 0


def test_a_lane_nobody_knows_is_refused_with_its_name(here: System) -> None:
    with pytest.raises(NoLane, match="nowhere"):
        owe_nowhere()
    assert here.scalar("select count(*) from event where kind like 'test.%'") == 0


def test_a_fact_that_is_booked_already_undoes_everything(here: System) -> None:
    with transaction():
        everything("once")
    with pytest.raises(IntegrityError):
        everything_in_a_block("once")
    assert here.scalar("select count(*) from event where kind like 'test.%'") == 2


@pytest.mark.usefixtures("here")
def test_what_belongs_to_a_block_is_refused_outside() -> None:
    with transaction(), pytest.raises(RuntimeError, match="allocation"):
        write(ALLOCATION, {"tenant_id": 1})
