"""A process dies at any point of giving money back: it went back once or not at all, and we know which (T13, T17)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from app.jobs.outbox import work_queue
from app.services import janitor, reaper, refund_calls
from app.services.dispatch import OUTBOX
from tests.services.crash_points import run_until
from tests.services.refunding import ask, assert_sound, order, went_back
from tests.thoroughness import deaths

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system import System


@dataclass(frozen=True)
class Story:
    """What is there before, and what the process does that may die; `again` says that its caller asks once more."""

    name: str
    prepare: Callable[[System], tuple[int, str]]
    act: Callable[[System, tuple[int, str]], object]
    again: bool = False


def _asked_for(system: System) -> tuple[int, str]:
    number, reference = system.settle("auction", "100.00")
    ask(system, order(system, reference, 10000))
    return number, reference


def _authorised(system: System) -> tuple[int, str]:
    number = system.invoice("auction")
    reference = system.one_off(number, "auction")
    system.pay(reference, "authorised")
    system.callback(reference)
    system.drain()
    return number, reference


def _work(system: System, _prepared: Any) -> None:
    with system.app.app_context():
        work_queue("money")


def _call(system: System, prepared: tuple[int, str]) -> None:
    said = {"params": {"invoice_number": prepared[0]}}
    assert system.call("auction", "/refund/auction", said).status_code in {200, 503}


STORIES = [
    Story("a refund leaves", _asked_for, _work),
    Story("a service asks for everything back", lambda system: system.settle("auction", "100.00"), _call, again=True),
    Story("a reserved amount is let go", _authorised, _call, again=True),
]


def _come_to_rest(system: System) -> None:
    """Do what the workers and the clock do in the hours after it."""
    for _ in range(3):
        system.hurry()
        system.sql(
            "update refund set next_check_at = now() - interval '1 second', sent_at = sent_at - interval '61 minutes' "
            "where next_check_at is not null"
        )
        with system.app.app_context():
            reaper.reap(OUTBOX)
            janitor.poll_open_payments()
            refund_calls.watch()
        system.drain()


def _act(story: Story, prepared: tuple[int, str], system: System) -> None:
    story.act(system, prepared)


def _assert_known(system: System, prepared: tuple[int, str], where: object) -> None:
    number, reference = prepared
    back = went_back(system, reference)
    assert len(back) <= 1, where
    rows = system.rows(
        "select r.status from refund r join payment p on p.id = r.payment_id where p.external_id = :r order by r.id",
        r=reference,
    )
    succeeded = [row.status for row in rows].count("succeeded")
    assert succeeded == len(back), where
    assert {row.status for row in rows} <= {"succeeded", "failed"}, where
    there = system.shop.payment(reference)
    assert there is not None
    if there["payment_state"] == "voided":
        assert system.status(number) == "unpaid", where
    else:
        assert system.status(number) == ("refunded" if back else "paid"), where


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name.replace(" ", "-"))
def test_a_process_may_die_anywhere(system: System, story: Story) -> None:
    prepared = story.prepare(system)
    points = run_until(system, partial(_act, story, prepared), 0).passed
    assert points > 2
    chosen = deaths(points)
    for point in chosen:
        prepared = story.prepare(system)
        ended = run_until(system, partial(_act, story, prepared), point)
        if story.again and ended.killed:
            story.act(system, prepared)
        _come_to_rest(system)
        _assert_known(system, prepared, (story.name, point, points))
    assert_sound(system)
    print(f"{story.name}: died at {len(chosen)} of {points} points")
