"""Turns and endings: one bad row, one slow or dead destination, one bug of ours never costs the others (T96)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import text

from app import queue
from app.domain.errors import Outcome, ProviderFailure
from app.domain.ports import Answer
from app.domain.retry import BACKGROUND, INITIATOR_NOTICE
from app.extensions import db
from app.integrations import current
from app.services import delivery, delivery_outcomes, offers, outbox, reaper
from app.services.delivery import BatchHandler, RowHandler
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from app.services.outbox import Claimed
    from tests.system import System

A, B = "test.a", "test.b"
REGISTRY, AUCTION = "initiator:registry", "initiator:auction"


@pytest.fixture(autouse=True)
def here(system: System) -> Iterator[System]:
    with system.app.app_context():
        yield system
        db.session.remove()


def owe(count: int = 1, *, kind: str = A, lane: str = REGISTRY, repeatable: bool = True) -> list[int]:
    with transaction():
        posted = [
            outbox.post(kind, str(number), lane=lane, payload={"n": number}, repeatable=repeatable, tenant_id=1)
            for number in range(count)
        ]
    return [each for each in posted if each]


def lane_id(name: str = REGISTRY) -> int:
    return int(value("select id from lane where name = :name", name=name))


def value(sql: str, **values: Any) -> Any:
    with transaction() as tx:
        return tx.scalar(text(sql), values)


def change(sql: str, **values: Any) -> None:
    with transaction() as tx:
        tx.execute(text(sql), values)


def states(kind: str = A) -> dict[str, int]:
    with transaction() as tx:
        rows = tx.execute(text("select state, count(*) n from outbox where kind = :kind group by 1"), {"kind": kind})
        return {row.state: row.n for row in rows}


def expire() -> None:
    change("update outbox set lease_until = now() - interval '1 second' where state = 'leased'")


def fine(_row: Claimed, _integrations: Any) -> Answer:
    return Answer(200, {}, 1)


def down(_row: Claimed, _integrations: Any) -> Answer:
    raise ProviderFailure("registry", "away", outcome=Outcome.NOT_SENT)


def lost(_row: Claimed, _integrations: Any) -> Answer:
    raise ProviderFailure("auction", "no answer", outcome=Outcome.UNKNOWN)


def broken(*_: Any) -> None:
    raise ZeroDivisionError


def work(send: Callable[[Claimed, Any], Answer], lane: str = REGISTRY, **more: Any) -> int:
    return delivery.work_lane(lane_id(lane), {A: RowHandler(send, INITIATOR_NOTICE, **more)}, current())


def test_one_poisonous_row_does_not_bury_its_batch() -> None:
    owe(20)

    def run(rows: Sequence[Claimed]) -> None:
        if any(row.payload["n"] == 13 for row in rows):
            raise ZeroDivisionError

    for _ in range(5):
        delivery.work_lane(lane_id(), {A: BatchHandler(run, BACKGROUND)}, current())
        change("update outbox set run_at = now()")
    assert states() == {"done": 19, "dead": 1}


def test_a_batch_whose_lease_was_lost_has_no_effect() -> None:
    owe(3)
    owe(3, kind=B)
    worked: list[int] = []

    def steal(_rows: Sequence[Claimed]) -> None:
        worked.append(0)

    def run(rows: Sequence[Claimed]) -> None:
        worked.extend(row.id for row in rows)

    with transaction():
        rows = outbox.claim_lane(lane_id(), limit=6, lease_s=60)
    expire()
    reaper.reap({})
    assert delivery.run_batch([row for row in rows if row.kind == B], BatchHandler(run, BACKGROUND)) == 0
    assert worked == []
    assert states(B) == {"pending": 3}
    handlers = {A: BatchHandler(steal, BACKGROUND), B: BatchHandler(run, BACKGROUND)}
    assert delivery.work_lane(lane_id(), handlers, current()) == 6
    assert len(worked) == 4


def test_a_slow_destination_gives_way_when_its_time_is_over() -> None:
    owe(50)

    def slow(_row: Claimed, _integrations: Any) -> Answer:
        time.sleep(0.06)
        return Answer(200, {}, 60)

    began = time.monotonic()
    done = delivery.work_lane(lane_id(), {A: RowHandler(slow, INITIATOR_NOTICE)}, current(), slice_s=0.2)
    assert time.monotonic() - began < 1
    assert 1 <= done <= 4
    assert states() == {"done": done, "pending": 50 - done}
    assert value("select count(*) from outbox where state = 'pending' and attempts > 0") == 0


def test_no_lane_may_keep_a_worker_longer_than_others_can_wait() -> None:
    assert delivery.SLICE_S <= 5


def test_a_bug_after_the_answer_does_not_send_it_again() -> None:
    owe()
    sent: list[int] = []

    def send(row: Claimed, _integrations: Any) -> Answer:
        sent.append(row.id)
        return Answer(200, {"message": "yes"}, 7)

    work(send, delivered=broken)
    expire()
    reaper.reap({})
    work(send, delivered=broken)
    assert len(sent) == 1
    assert states() == {"done": 1}
    assert value("select answer_ms from outbox where kind = :kind", kind=A) == 7


def test_a_bug_in_the_rule_for_lost_answers_leaves_the_row_to_a_person_and_the_others_alone() -> None:
    owe(3, lane=AUCTION, repeatable=False)
    owe(2, kind=B)
    with transaction():
        outbox.claim_lane(lane_id(AUCTION), limit=3, lease_s=60)
        outbox.claim_lane(lane_id(), limit=2, lease_s=60)
    expire()
    assert reaper.reap({A: RowHandler(fine, INITIATOR_NOTICE, after_unknown=broken)}) == 5
    assert states() == {"held": 3}
    assert states(B) == {"pending": 2}
    assert value("select count(*) from review_item") == 3


def test_a_lost_answer_follows_its_rule_once_and_is_never_sent_again() -> None:
    owe(lane=AUCTION, repeatable=False)
    ruled: list[int] = []
    for _ in range(3):
        work(lost, AUCTION, after_unknown=lambda row: ruled.append(row.id))
        expire()
        reaper.reap({})
        change("update lane set paused_until = null")
    assert len(ruled) == 1
    assert states().keys() == {"done"}
    assert value("select attempts from outbox where kind = :kind", kind=A) == 1


def test_a_bug_when_giving_up_still_gives_up() -> None:
    owe()

    def refuse(_row: Claimed, _integrations: Any) -> Answer:
        raise ProviderFailure("registry", "no", outcome=Outcome.REFUSED, status=404)

    for _ in range(4):
        work(refuse, given_up=broken)
        change("update outbox set run_at = now()")
    assert states() == {"dead": 1}
    assert value("select count(*) from review_item") == 1


def test_a_row_that_takes_its_worker_with_it_is_given_up_one_day() -> None:
    (row_id,) = owe()
    for _ in range(100):
        with transaction():
            if outbox.claim_row(row_id, lease_s=60) is None:
                break
        expire()
        reaper.reap({})
    assert states() == {"dead": 1}
    assert value("select attempts from outbox where id = :id", id=row_id) < 50


def test_a_sick_lane_is_probed_by_one_row_and_heals_with_the_first_answer() -> None:
    owe(5)
    for _ in range(2):
        work(down)
    assert value("select paused_until > now() from lane where name = :lane", lane=REGISTRY)
    tried = value("select count(*) from outbox where attempts > 0 and kind = :kind", kind=A)
    change("update lane set paused_until = now() - interval '1 second'")
    work(down)
    assert value("select count(*) from outbox where attempts > 0 and kind = :kind", kind=A) == tried + 1
    change("update lane set paused_until = now() - interval '1 second'")
    change("update outbox set run_at = now()")
    assert work(fine) == 5
    assert value("select failures from lane where name = :lane", lane=REGISTRY) == 0


def test_a_paused_lane_is_left_alone_by_a_job_that_comes_late() -> None:
    owe()
    change("update lane set paused_until = now() + interval '1 minute' where name = :lane", lane=REGISTRY)
    assert work(fine) == 0
    assert states() == {"pending": 1}


def test_an_endpoint_that_is_gone_pauses_its_lane() -> None:
    owe(3)

    def gone(_row: Claimed, _integrations: Any) -> Answer:
        raise ProviderFailure("registry", "gone", outcome=Outcome.REFUSED, status=410)

    work(gone)
    assert value("select count(*) from outbox where attempts > 0 and kind = :kind", kind=A) == 1
    assert value("select paused_until > now() + interval '30 minutes' from lane where name = :lane", lane=REGISTRY)


@pytest.mark.parametrize("other", ["dead", "flooded"])
def test_a_dead_or_flooded_lane_costs_another_one_turn_at_most(other: str) -> None:
    """One worker, two lanes, bells in the order of the relay's offers: B is served within A's first two turns."""
    owe(3000 if other == "flooded" else 30)
    owe(10, kind=B, lane=AUCTION)
    order: list[str] = []

    def first(row: Claimed, _integrations: Any) -> Answer:
        order.append("a")
        if other == "dead":
            time.sleep(0.02)
            return down(row, _integrations)
        return Answer(200, {}, 1)

    def second(row: Claimed, _integrations: Any) -> Answer:
        order.append("b")
        return Answer(200, {}, 1)

    handlers = {A: RowHandler(first, INITIATOR_NOTICE), B: RowHandler(second, INITIATOR_NOTICE)}
    began = time.monotonic()
    while order.count("b") < 10:
        for each in offers.take_offers():
            delivery.work_lane(each.lane_id, handlers, current(), slice_s=0.3)
        assert time.monotonic() - began < 5
    before = order[: order.index("b")]
    assert other == "flooded" or len(before) <= 2
    assert len(order) - order[::-1].index("b") < 1500


def cut_all_connections() -> None:
    """Do to every connection of this process what a crash of the database server does."""
    with psycopg.connect(db.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_a_delivery_the_database_was_away_for_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    owe()
    sent: list[int] = []
    ending = delivery_outcomes.done

    def cut(*arguments: Any) -> None:
        with transaction() as tx:
            tx.execute(text("select 1"))
        cut_all_connections()
        ending(*arguments)

    def send(row: Claimed, _integrations: Any) -> Answer:
        sent.append(row.id)
        return Answer(200, {}, 1)

    monkeypatch.setattr(delivery_outcomes, "done", cut)
    work(send)
    work(send)
    assert len(sent) == 1
    assert states() == {"done": 1}


def test_a_set_whose_connection_broke_is_worked_once_and_at_once() -> None:
    owe(5)
    runs: list[int] = []

    def run(rows: Sequence[Claimed]) -> None:
        runs.append(len(rows))
        if len(runs) == 1:
            cut_all_connections()
            change("select 1")

    assert delivery.work_lane(lane_id(), {A: BatchHandler(run, BACKGROUND)}, current()) == 5
    assert runs == [5, 5]
    assert states() == {"done": 5}


def test_a_database_that_stays_away_is_waited_for_once_and_leaves_the_rows_to_their_leases(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owe(5)
    owe(2, kind=B)
    monkeypatch.setattr(queue.crash, "WAITS_S", (0.0, 0.0))
    runs: list[str] = []

    def run(rows: Sequence[Claimed]) -> None:
        runs.append(rows[0].kind)
        cut_all_connections()
        change("select 1")

    handlers = {A: BatchHandler(run, BACKGROUND), B: BatchHandler(run, BACKGROUND)}
    with pytest.raises(queue.DatabaseStayedAway):
        delivery.work_lane(lane_id(), handlers, current())
    assert runs == [A, A, A], "the other kind of the same claim does not wait as long once more"
    assert states() == {"leased": 5}
    assert states(B) == {"leased": 2}
    expire()
    reaper.reap(handlers)
    assert states() == {"pending": 5}
