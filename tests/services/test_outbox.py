"""The outbox: nothing lost, nothing held for ever, nothing sent by two (reliability.md 3.7)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from app.domain.errors import Outcome, ProviderFailure
from app.domain.ports import Answer
from app.domain.retry import BACKGROUND, INITIATOR_NOTICE
from app.extensions import db
from app.integrations import current
from app.services import deliveries, delivery, offers, outbox, reaper, schedule
from app.services.delivery import BatchHandler, RowHandler
from app.services.schedule import Periodic
from app.services.timeline import Actor
from app.uow import TransactionOpen, assert_no_transaction, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.services.outbox import Claimed
    from tests.system import System

KIND = "test.kind"
LONG_S = 60.0  # a turn that does not end because the machine is slow
LANE = "initiator:registry"


@pytest.fixture
def here(system: System) -> Iterator[System]:
    with system.app.app_context():
        yield system
        db.session.remove()


def owe(count: int = 1, *, repeatable: bool = True, lane: str = LANE, prefix: str = "") -> None:
    with transaction():
        for number in range(count):
            outbox.post(KIND, f"{prefix}{number}", lane=lane, payload={"n": number}, repeatable=repeatable, tenant_id=1)


def lane_id(name: str = LANE) -> int:
    with transaction() as tx:
        return int(tx.scalar(text("select id from lane where name = :name"), {"name": name}) or 0)


def states() -> dict[str, int]:
    with transaction() as tx:
        rows = tx.execute(text("select state, count(*) n from outbox where kind = :kind group by 1"), {"kind": KIND})
        return {row.state: row.n for row in rows}


def expire() -> None:
    with transaction() as tx:
        tx.execute(text("update outbox set lease_until = now() - interval '1 second' where state = 'leased'"))


def fine(_row: Claimed, _integrations: Any) -> Answer:
    return Answer(200, {}, 1)


def down(_row: Claimed, _integrations: Any) -> Answer:
    raise ProviderFailure("registry", "away", outcome=Outcome.NOT_SENT)


def work(send: Any, **more: Any) -> int:
    handlers = {KIND: RowHandler(send, INITIATOR_NOTICE, **more)}
    return delivery.work_lane(lane_id(), handlers, current(), slice_s=LONG_S)


def test_one_fact_is_owed_once_for_ever(here: System) -> None:
    owe()
    owe()
    assert work(fine) == 1
    owe()
    assert states() == {"done": 1}


def test_nothing_is_owed_outside_a_transaction(here: System) -> None:
    with pytest.raises(RuntimeError):
        outbox.post(KIND, "1", lane=LANE, payload={}, tenant_id=1)


def test_no_request_leaves_inside_a_transaction(here: System) -> None:
    with transaction(), pytest.raises(TransactionOpen):
        assert_no_transaction()


def test_a_late_finisher_changes_nothing(here: System) -> None:
    owe()
    with transaction():
        (first,) = outbox.claim_lane(lane_id(), limit=5, lease_s=60)
    expire()
    assert reaper.reap({}) == 1
    with transaction():
        (second,) = outbox.claim_lane(lane_id(), limit=5, lease_s=60)
    with transaction():
        assert not outbox.finish(first)
        assert not outbox.renew(first, 60)
        assert outbox.finish(second)
    assert states() == {"done": 1}


def test_a_row_that_was_reaped_while_it_waited_is_not_sent(here: System) -> None:
    owe(2)
    sent: list[int] = []

    def slow(row: Claimed, _integrations: Any) -> Answer:
        sent.append(row.id)
        if len(sent) == 1:
            expire()
            reaper.reap({})
        return Answer(200, {}, 1)

    work(slow)
    work(fine)
    assert len(sent) <= 3
    assert states() == {"done": 2}


def test_what_must_not_be_repeated_is_held_for_a_person_when_there_is_no_rule(here: System) -> None:
    owe(repeatable=False)
    with transaction():
        outbox.claim_lane(lane_id(), limit=5, lease_s=60)
    expire()
    reaper.reap({KIND: RowHandler(fine, INITIATOR_NOTICE)})
    assert states() == {"held": 1}
    with transaction() as tx:
        assert tx.scalar(text("select count(*) from review_item")) == 1


def test_a_dead_destination_rests_and_the_rest_of_its_rows_wait_untouched(here: System) -> None:
    owe(10)
    assert work(down) + work(down) == 0
    with transaction() as tx:
        tried = tx.scalar(text("select count(*) from outbox where kind = :kind and attempts > 0"), {"kind": KIND})
        paused = tx.scalar(text("select paused_until > now() from lane where name = :name"), {"name": LANE})
    assert (tried, paused) == (2, True)
    assert lane_id() not in [each.lane_id for each in offers.take_offers()]


def test_a_refusal_is_tried_three_times_and_then_dead_with_a_question(here: System) -> None:
    def refuse(_row: Claimed, _integrations: Any) -> Answer:
        raise ProviderFailure("registry", "no", outcome=Outcome.REFUSED, permanent=True, status=404)

    owe()
    for _ in range(3):
        work(refuse)
        with transaction() as tx:
            tx.execute(text("update outbox set run_at = now()"))
    assert states() == {"dead": 1}
    with transaction() as tx:
        assert tx.scalar(text("select kind from review_item")) == "outbox.dead"


def question() -> tuple[int, str | None, str | None]:
    """Return how many questions there are about what was given up, how the last was answered, and who did."""
    with transaction() as tx:
        found = tx.execute(
            text(
                "select count(*), max(resolution), max(resolved_by) from review_item where kind = 'outbox.dead' "
                "and evidence ->> 'outbox' = (select max(id)::text from outbox where kind = :kind)"
            ),
            {"kind": KIND},
        ).one()
        return found[0], found[1], found[2]


def give_up(handler: RowHandler | BatchHandler) -> None:
    for _ in range(8):
        delivery.work_lane(lane_id(), {KIND: handler}, current())
        with transaction() as tx:
            tx.execute(text("update outbox set run_at = now() where state = 'pending'"))


def send_again() -> None:
    with transaction() as tx:
        row = tx.scalar(text("select max(id) from outbox where kind = :kind"), {"kind": KIND})
    assert deliveries.send_again(deliveries.Chosen(ids=(row,)), by=Actor("operator", "1"), reason="mended") == 1


def stumble(*_given: object) -> Any:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("failing", "mended"),
    [
        (RowHandler(stumble, INITIATOR_NOTICE), RowHandler(fine, INITIATOR_NOTICE)),
        (BatchHandler(stumble, BACKGROUND), BatchHandler(lambda _rows: None, BACKGROUND)),
    ],
    ids=["one", "many"],
)
def test_a_question_about_a_message_waits_until_the_message_that_was_sent_again_got_through(
    here: System, failing: RowHandler | BatchHandler, mended: RowHandler | BatchHandler
) -> None:
    owe()
    give_up(failing)
    assert states() == {"dead": 1}
    assert question() == (1, None, None)
    send_again()
    assert question() == (1, None, None), "nobody knows yet whether it gets through"
    give_up(failing)
    assert states() == {"dead": 1}
    assert question() == (1, None, None), "the same question, not a second one"
    send_again()
    give_up(mended)
    assert states() == {"done": 1}
    assert question() == (1, "it got through", "system")
    with transaction() as tx:
        tx.execute(text("update outbox set state = 'dead' where kind = :kind"), {"kind": KIND})
    send_again()
    give_up(failing)
    assert question() == (1, None, None), "given up once more after it had got through: asked again"


def test_a_bug_of_ours_is_kept_with_its_id_and_tried_five_times(here: System) -> None:
    def crash(_row: Claimed, _integrations: Any) -> Answer:
        raise ZeroDivisionError

    owe()
    for _ in range(5):
        work(crash)
        with transaction() as tx:
            tx.execute(text("update outbox set run_at = now()"))
    assert states() == {"dead": 1}
    with transaction() as tx:
        assert tx.scalar(text("select trace_id from outbox where kind = :kind"), {"kind": KIND})


def test_a_batch_and_its_effect_end_together_or_not_at_all(here: System) -> None:
    def half(rows: Sequence[Claimed]) -> None:
        with transaction() as tx:
            tx.execute(text("insert into tenant (slug, name) values ('x', 'x')"))
        raise ZeroDivisionError

    owe(5)
    delivery.work_lane(lane_id(), {KIND: BatchHandler(half, BACKGROUND)}, current())
    with transaction() as tx:
        assert tx.scalar(text("select count(*) from tenant")) == 1
    assert states() == {"pending": 5}


@pytest.mark.slow
def test_two_workers_never_have_the_same_row(here: System) -> None:
    owe(300)
    seen: list[int] = []
    lock = threading.Lock()

    def note(row: Claimed, _integrations: Any) -> Answer:
        with lock:
            seen.append(row.id)
        return Answer(200, {}, 1)

    def worker(_: int) -> None:
        with here.app.app_context():
            delivery.work_lane(lane_id(), {KIND: RowHandler(note, INITIATOR_NOTICE)}, current(), slice_s=LONG_S)
            db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(worker, range(4)))
    assert sorted(seen) == sorted(set(seen))
    assert states() == {"done": 300}


@pytest.mark.slow
def test_rows_committed_late_are_never_skipped(here: System) -> None:
    """Six writers whose transactions end in another order than their rows were numbered (reliability.md, result 6)."""

    def writer(who: int) -> None:
        with here.app.app_context():
            for number in range(50):
                owe(1, prefix=f"{who}-{number}-")
            db.session.remove()

    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(writer, who) for who in range(6)]
        while not all(each.done() for each in running):
            work(fine)
    work(fine)
    assert states() == {"done": 300}


def test_a_lane_is_offered_once_until_its_worker_begins(here: System) -> None:
    owe()
    assert LANE in [each.lane for each in offers.take_offers()]
    assert LANE not in [each.lane for each in offers.take_offers()]
    assert LANE in [each.lane for each in offers.take_offers(forget=True)]
    work(fine)
    owe(1, prefix="next")
    assert LANE in [each.lane for each in offers.take_offers()]


def test_a_planned_moment_is_owed_once_however_many_clocks_tick(here: System) -> None:
    periodic = (Periodic("test", 3600),)

    def clock(_: int) -> list[str]:
        with here.app.app_context():
            ticked = schedule.tick(periodic)
            db.session.remove()
            return ticked

    with ThreadPoolExecutor(4) as pool:
        assert [name for ticked in pool.map(clock, range(8)) for name in ticked] == ["test"]
