"""An import is seen while it runs, and ends in plain words whatever becomes of its process."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from app.domain.errors import Conflict
from app.domain.import_run import Phase, RunState
from app.domain.money import Money
from app.extensions import db
from app.prepared import Prepared
from app.queries import imports as import_queries
from app.services import import_progress, imports
from app.services import import_statements as sql
from app.services.imports import GivenUpMeanwhile, Importer, Incoming, IncomingReference
from app.services.proofs import verify
from app.services.timeline import Actor
from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.system import System

FIRST, MANY = 300_000, 20
DEADLOCK = text("do $$ begin raise exception 'a deadlock' using errcode = '40P01'; end $$")


def rows(at: int = -1, then: Callable[[], object] = lambda: None) -> Iterator[Incoming]:
    """Yield twenty invoices; before the one at a position something happens."""
    for position in range(MANY):
        if position == at:
            then()
        yield Incoming(position, FIRST + position, "registry", Money(1200, "EUR"), "paid")


def bring(system: System, incoming: Iterable[Incoming]) -> int:
    """Import invoices with their progress told, and return how many were added."""
    with system.app.app_context():
        try:
            with import_progress.under_way() as progress:
                return imports.take_invoices(_importer(), _Again(incoming), progress).added
        finally:
            db.session.remove()


class _Again:
    """Rows that are the same for every try."""

    def __init__(self, incoming: Iterable[Incoming]) -> None:
        self._rows = incoming

    def __iter__(self) -> Iterator[Incoming]:
        return iter(self._rows)


def _importer() -> Importer:
    owns = session().scalar(text("select id from initiator where code = 'registry'"))
    session().rollback()
    return Importer(1, Actor("initiator", "registry"), "api", {"registry": int(owns or 0)})


def shown(system: System) -> import_queries.Shown:
    """Return the newest import as somebody else sees it."""
    with system.app.app_context():
        found = import_queries.latest()[0][0]
        db.session.remove()
        return found


def silence(system: System) -> None:
    """Let half a minute pass in which nothing was heard."""
    system.sql("update import_progress set heard_at = heard_at - interval '31 seconds'")


def end_lost(system: System) -> int:
    with system.app.app_context():
        try:
            return import_progress.end_lost()
        finally:
            db.session.remove()


def brought(system: System) -> int:
    return int(system.scalar("select count(*) from invoice"))


def assert_sound(system: System) -> None:
    with system.app.app_context():
        report = verify()
    assert report.holds, str(report)


@pytest.fixture(autouse=True)
def _told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_progress, "TOLD_EVERY_S", 0.0)


@contextmanager
def before(words: str, deed: Callable[[], object]) -> Iterator[None]:
    """Do something before each statement that begins so."""

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.strip().startswith(words):
            deed()

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", look)


def test_others_see_how_far_an_import_is_and_none_of_what_it_brings(system: System) -> None:
    at_the_tenth, go_on = Event(), Event()

    def wait() -> None:
        at_the_tenth.set()
        assert go_on.wait(30)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(bring, system, rows(10, wait))
        assert at_the_tenth.wait(30)
        seen = shown(system)
        assert (seen.state, seen.batch.actor, seen.batch.kind) == (RunState.RUNNING, "initiator:registry", "invoices")
        assert seen.progress is not None
        assert (seen.progress.phase, seen.progress.rows_read) == (Phase.READING, 10)
        assert brought(system) == 0
        assert_sound(system)
        go_on.set()
        assert running.result() == MANY
    over = shown(system)
    assert (over.state, over.batch.id, over.batch.counts["added"]) == (RunState.DONE, seen.batch.id, MANY)
    assert brought(system) == MANY
    assert_sound(system)


def test_others_see_each_phase_while_the_database_works_on_it(system: System) -> None:
    heard: list[str] = []
    of_phase = {
        "create temp table fact": Phase.CHECKING,
        "insert into invoice ": Phase.WRITING,
        "insert into ledger_entry": Phase.BOOKING,
        "insert into event": Phase.TELLING,
        "set constraints all": Phase.PROVING,
        "update number_range": Phase.CLOSING,
    }

    def look() -> None:
        with db.engine.connect() as beside:
            heard.append(
                str(beside.exec_driver_sql("select phase from import_progress order by batch_id desc").scalar())
            )

    for words, phase in of_phase.items():
        with before(words, look):
            bring(system, rows())
        assert heard == [phase], words
        heard.clear()


@pytest.mark.parametrize("at", [0, 10])
def test_an_import_whose_process_dies_was_interrupted_and_may_come_again(system: System, at: int) -> None:
    with system.app.app_context():
        db.engine.dispose()
    child = os.fork()
    if child == 0:
        bring(system, rows(at, lambda: os.kill(os.getpid(), signal.SIGKILL)))
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert (shown(system).state, end_lost(system)) == (RunState.RUNNING, 0)
    silence(system)
    given_up_by = time.monotonic() + 10
    while shown(system).state == RunState.RUNNING and time.monotonic() < given_up_by:
        time.sleep(0.05)  # the server notices that nobody is there any more
    seen = shown(system)
    assert (seen.state, seen.batch.finished_at) == (RunState.INTERRUPTED, None)
    assert (end_lost(system), end_lost(system)) == (1, 0)
    assert (shown(system).state, brought(system)) == (RunState.INTERRUPTED, 0)
    assert shown(system).batch.finished_at is not None
    assert bring(system, rows()) == MANY
    assert_sound(system)


@pytest.mark.parametrize("words", ["insert into invoice ", "set constraints all"])
def test_an_import_that_says_nothing_for_long_is_left_alone_while_it_lives(system: System, words: str) -> None:
    seen: list[tuple[RunState, int]] = []

    def look() -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(silence, system).result()
            seen.append((pool.submit(shown, system).result().state, pool.submit(end_lost, system).result()))

    with before(words, look):
        assert bring(system, rows()) == MANY
    assert seen == [(RunState.RUNNING, 0)]
    assert shown(system).state == RunState.DONE


def test_an_import_that_was_given_up_by_mistake_brings_nothing_and_says_so(system: System) -> None:
    def given_up() -> None:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as beside:
            ended = "update import_batch set fault = 'interrupted', finished_at = clock_timestamp()"
            beside.exec_driver_sql(ended)

    with pytest.raises(GivenUpMeanwhile):
        bring(system, rows(10, given_up))
    assert (shown(system).state, brought(system)) == (RunState.INTERRUPTED, 0)


@pytest.mark.parametrize("under_a_key", [True, False])
def test_another_try_is_the_same_import(system: System, monkeypatch: pytest.MonkeyPatch, *, under_a_key: bool) -> None:
    tries: list[int] = []
    rules = imports._rules

    def falter(importer: Importer) -> dict[str, Any]:
        with db.engine.connect() as beside:
            newest = "select rows_read from import_progress order by batch_id desc limit 1"
            tries.append(beside.exec_driver_sql(newest).scalar_one())
        if len(tries) == 1:
            session().execute(DEADLOCK)
        return rules(importer)

    monkeypatch.setattr(imports, "_rules", falter)
    said = [{"invoice_number": FIRST + each, "transaction_amount": "1.00", "status": "paid"} for each in range(3)]
    headers = {"Idempotency-Key": "once"} if under_a_key else {}
    for _ in range(2):
        assert system.call("registry", "/import_data/invoice_data", said, **headers).status_code == 200
    assert tries[:2] == [3, 3]
    assert system.scalar("select count(*) from import_batch") == (1 if under_a_key else 2)
    assert brought(system) == 3


def test_a_fault_of_the_database_ends_it_with_nothing_taken(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "CHECKED", text("select 1 / 0"))
    with pytest.raises(DBAPIError):
        bring(system, rows())
    seen = shown(system)
    assert (seen.state, seen.batch.fault, seen.batch.why, brought(system)) == (RunState.FAILED, "broken", None, 0)
    assert_sound(system)


def test_who_cannot_be_told_does_not_keep_an_import_from_coming(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_progress, "TOLD", Prepared("select no_such_column"))
    assert bring(system, rows()) == MANY
    assert shown(system).state == RunState.DONE


def test_an_import_that_is_told_begins_outside_of_a_transaction(system: System) -> None:
    with system.app.app_context(), transaction(), pytest.raises(RuntimeError), import_progress.under_way():
        pass


def test_references_are_told_as_well(system: System) -> None:
    with system.app.app_context(), import_progress.under_way() as progress:
        one = IncomingReference(0, "81003", "registry", "Linnutee OÜ")
        assert imports.take_references(_importer(), [one], progress).added == 1
    seen = shown(system)
    assert seen.progress is not None
    assert (seen.state, seen.batch.kind, seen.progress.phase) == (RunState.DONE, "references", Phase.CLOSING)


NEW = "insert into import_batch (source, kind, actor, fault, finished_at) values ('api', 'invoices', 'x', "


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("update import_batch set counts = '{}'", "has ended"),
        ("delete from import_batch", "never deleted"),
        ("delete from import_progress", "never deleted"),
        (f"{NEW} 'broken', null)", "ck_import_batch_ended"),
        (f"{NEW} 'bad', now())", "ck_import_batch_fault"),
        ("update import_progress set phase = 'sleeping'", "ck_import_progress_phase"),
    ],
)
def test_the_database_keeps_how_an_import_ended(system: System, change: str, words: str) -> None:
    bring(system, rows())
    with system.app.app_context(), pytest.raises(DBAPIError, match=words):
        session().execute(text(change))


def test_who_brings_an_import_is_fixed(system: System) -> None:
    system.sql("insert into import_batch (source, kind, actor) values ('api', 'invoices', 'initiator:registry')")
    with system.app.app_context(), pytest.raises(DBAPIError, match="is fixed"):
        session().execute(text("update import_batch set actor = 'initiator:auction'"))


def test_a_refusal_is_kept_whatever_it_repeats(system: System) -> None:
    def refused() -> None:
        raise Conflict("no such name: a\x00b\ud800" + "x" * 1000)

    with pytest.raises(Conflict):
        bring(system, rows(10, refused))
    seen = shown(system).batch
    assert (seen.fault, (seen.why or "")[:19], len(seen.why or "")) == (
        "refused",
        "no such name: a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}x",
        500,
    )
