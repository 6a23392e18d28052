"""Long work: whoever is killed, the file is whole; whoever stops it, stops it; what is over is gone."""

from __future__ import annotations

import os
import resource
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import NotFound
from app.extensions import db
from app.integrations import current
from app.queries import invoice_export
from app.services import delivery, exports, reaper, tasks
from app.services.dispatch import OUTBOX
from tests.services.crash_points import run_until
from tests.services.exporting import begin, file_of, numbers_in_csv, numbers_in_sheet, somebody
from tests.thoroughness import stride
from tests.web.lists import fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system import System

READERS: dict[str, Callable[[bytes], list[int]]] = {"csv": numbers_in_csv, "xlsx": numbers_in_sheet}


def work(system: System, steps: int = 1_000) -> int:
    """Work steps of long work until none is due or so many are done; returns how many were."""
    due = "select id from outbox where kind = 'task.step' and state = 'pending' and run_at <= now() order by id limit 1"
    for done in range(steps):
        row = system.scalar(due)
        if row is None:
            return done
        with system.app.app_context():
            delivery.work_row(row, OUTBOX, current())
    return steps


def state(system: System, task: int) -> str:
    return str(system.scalar("select state from task where id = :id", id=task))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "PART_ROWS", 4)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.usefixtures("small_parts")
def test_an_export_killed_at_any_point_is_finished_by_the_next_worker(system: System, form: str) -> None:
    fill(system, 9)
    expected = list(range(150_013, 150_004, -1))
    fatal, killed = 1, True
    while killed:
        task = begin(system, form, key=f"{form}-{fatal}")
        killed = run_until(system, work, fatal).killed
        for _ in range(3):
            system.hurry()
            with system.app.app_context():
                reaper.reap(OUTBOX)
            work(system)
        assert state(system, task) == "done", fatal
        assert READERS[form](file_of(system, task)) == expected, fatal
        fatal += stride(7, 21)
    assert fatal > 50


@pytest.mark.usefixtures("small_parts")
def test_what_comes_after_the_start_is_not_in_the_file_and_what_was_there_is(system: System) -> None:
    fill(system, 9)
    task = begin(system)
    work(system, 2)
    fill(system, 5, first=160_000)
    system.sql("update invoice set created_at = now() where number = 150005")
    work(system)
    assert numbers_in_csv(file_of(system, task)) == list(range(150_013, 150_004, -1))


@pytest.mark.usefixtures("small_parts")
def test_stopping_ends_it_after_the_part_it_is_at_and_leaves_no_file(system: System) -> None:
    fill(system, 9)
    task = begin(system)
    work(system, 2)
    with system.app.app_context():
        tasks.stop(task, somebody(system))
        tasks.stop(task, somebody(system))
    work(system)
    assert state(system, task) == "stopped"
    assert system.scalar("select done from task") == 4
    with system.app.app_context():
        assert tasks.expire() == 1
    assert file_of(system, task) == b""
    told = system.rows("select kind, actor from event where kind like 'task.%' order by id")
    assert [kind for kind, _actor in told] == ["task.started", "task.stop.asked", "task.ended"]
    assert {actor for _kind, actor in told} == {str(somebody(system))}


def test_nobody_stops_what_is_somebody_elses(system: System) -> None:
    task = begin(system)
    with system.app.app_context(), pytest.raises(NotFound):
        tasks.stop(task, somebody(system) + 1)


def test_a_file_is_there_for_a_day(system: System) -> None:
    fill(system, 3)
    task = begin(system)
    work(system)
    left = system.scalar("select expires_at - now() > interval '23 hours' from task where id = :id", id=task)
    assert left is True
    with system.app.app_context():
        assert tasks.expire() == 0
        system.sql("update task set expires_at = now() - interval '1 second'")
        assert tasks.expire() == 1
    assert file_of(system, task) == b""


def test_what_breaks_again_and_again_is_given_up_in_words(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    fill(system, 1)
    task = begin(system)
    monkeypatch.setattr(invoice_export, "lines", broken)
    for _ in range(6):
        system.hurry()
        work(system)
    assert state(system, task) == "failed"
    assert system.scalar("select error from task") == tasks.BROKEN


def test_more_rows_than_a_sheet_holds_are_refused_in_words(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 2)
    fill(system, 3)
    task = begin(system, "xlsx")
    work(system)
    assert system.rows("select state, error from task where id = :id", id=task) == [("failed", tasks.TOO_MANY)]


def test_more_letters_than_a_sheet_can_say_the_size_of_are_refused_in_words(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_BYTES", 2_000)
    fill(system, 3)
    task = begin(system, "xlsx")
    work(system)
    assert system.rows("select state, error from task where id = :id", id=task) == [("failed", tasks.TOO_MANY)]


def test_nothing_to_write_is_a_file_with_its_titles(system: System) -> None:
    for form, read in READERS.items():
        task = begin(system, form, key=form)
        work(system)
        assert read(file_of(system, task)) == []


def peak_kb(system: System) -> int:
    """Return what the memory of a process of its own came to that works what is due."""
    here, there = os.pipe()
    if os.fork() == 0:
        with system.app.app_context():
            db.session.remove()
            db.engine.dispose(close=False)
        work(system)
        os.write(there, str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss).encode())
        os._exit(0)
    os.close(there)
    with os.fdopen(here) as said:
        return int(said.read())


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_memory_stays_flat_however_long_the_list_is(system: System, form: str) -> None:
    fill(system, 3_000, first=200_000)
    begin(system, form, key="first")
    little = peak_kb(system)
    fill(system, 15_000, first=300_000)
    task = begin(system, form, key="second")
    much = peak_kb(system)
    assert len(READERS[form](file_of(system, task))) == 18_000
    assert much < little + 14_000, (little, much)  # kept in memory, 15,000 rows would take 20,000
