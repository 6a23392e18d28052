"""What was proven of the books, and proving it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.services import proof_runs, proofs
from app.services.dispatch import PERIODIC
from app.services.sealing import seal
from tests.web.page import Page

if TYPE_CHECKING:
    from tests.system import System
    from tests.web.browser import Browser, Portal

ALL = len(proofs.INVARIANTS) + 2


@pytest.fixture(scope="module")
def paid(shared_portal: Portal) -> int:
    number = shared_portal.system.settle()[0]
    shared_portal.system.sql(
        "alter table event disable trigger user; update event set created_at = now() - interval '1 h'"
    )
    shared_portal.system.sql("alter table event enable trigger user")
    return number


@pytest.fixture
def system(portal: Portal, paid: int) -> System:
    portal.system.sql("update proof_result set state = 'failed' where state = 'waiting'")
    portal.system.sql("update proof_run set finished_at = now() where finished_at is null")
    return portal.system


def age(system: System) -> None:
    """Let the events be old enough to be sealed."""
    system.sql("alter table event disable trigger user")
    system.sql("update event set created_at = created_at - interval '1 hour'")
    system.sql("alter table event enable trigger user")


def run_all(system: System, browser: Browser) -> str:
    """Ask for a check by the button, let it be done, and return the page."""
    assert browser.post("/proofs/runs").location == "/proofs"
    system.drain()
    return browser.get("/proofs").text


def test_a_check_asked_for_is_made_in_the_background_and_shown(system: System, mary: Browser) -> None:
    assert mary.post("/proofs/runs").status_code == 303
    waiting = mary.get("/proofs").text
    assert f"Being checked: 0 of {ALL}" in waiting
    assert 'hx-trigger="load delay:2s, every 10s"' in waiting
    assert "Check everything now" not in waiting
    system.drain()
    done = mary.get("/proofs").text
    assert f"Everything holds: {ALL} checks." in done, Page(done).text("tbody")
    assert "load delay" not in done
    assert "Mary" in done


def test_only_one_check_is_under_way(system: System, mary: Browser) -> None:
    mary.post("/proofs/runs")
    runs = system.scalar("select count(*) from proof_run")
    assert "under way already" in mary.get(str(mary.post("/proofs/runs").location)).text
    assert system.scalar("select count(*) from proof_run") == runs
    system.drain()


def test_a_broken_invariant_shows_the_rows_that_contradict_it(system: System, mary: Browser, paid: int) -> None:
    system.sql("alter table invoice disable trigger user")
    system.sql("update invoice set captured_minor = 1 where number = :n", n=paid)
    try:
        html = run_all(system, mary)
        assert "checks are broken" in html or "check is broken" in html
        found = system.scalar("select max(id) from proof_result where name = 'I2 one settlement' and state = 'broken'")
        page = Page(mary.get(f"/proofs/{found}").text)
        assert f"/invoices/{paid}" in page.links()
    finally:
        system.sql("update invoice set captured_minor = total_minor where number = :n", n=paid)
        system.sql("alter table invoice enable trigger user")


@pytest.mark.slow
def test_a_long_chain_is_walked_in_stretches_and_a_break_is_found(
    system: System, mary: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_runs, "STRETCH", 3)
    with system.app.app_context():
        seal()
    assert "Everything holds" in run_all(system, mary)
    examined = system.scalar("select examined from proof_result where name = 'chain event' order by id desc limit 1")
    assert examined == system.scalar("select count(*) from seal where chain = 'event'") > 3
    system.sql("alter table seal disable trigger user")
    whole = system.scalar("select hash from seal where chain = 'event' and position = 5")
    system.sql("update seal set hash = previous_hash where chain = 'event' and position = 5")
    try:
        run_all(system, mary)
        broken = system.scalar("select broken from proof_result where name = 'chain event' order by id desc limit 1")
        row = system.scalar("select row_id from seal where chain = 'event' and position = 5")
        assert broken[0] == f"event row {row}"
    finally:
        system.sql("update seal set hash = :whole where chain = 'event' and position = 5", whole=whole)
        system.sql("alter table seal enable trigger user")


def test_the_clock_asks_for_a_check_each_day_unless_one_is_under_way(system: System, mary: Browser) -> None:
    assert any(each.name == "prove_the_books" and each.every_s == 86_400 for each in PERIODIC)
    with system.app.app_context():
        assert proof_runs.ask_by_clock() is not None
        assert proof_runs.ask_by_clock() is None
    system.drain()
    assert "the system" in Page(mary.get("/proofs").text).text("td")
    assert "never checked" not in mary.get("/audit").text


def test_what_the_command_found_is_shown_too(system: System, mary: Browser) -> None:
    with system.app.app_context():
        run = proof_runs.keep(proofs.verify(), by="cli")
    assert "cli" in mary.get(f"/proofs?run={run}").text


def test_a_check_that_cannot_be_made_is_given_up_and_proves_nothing(system: System, mary: Browser) -> None:
    mary.post("/proofs/runs")
    system.sql(
        "update outbox set payload = payload || '{\"chain\": \"nonsense\"}' where kind = :k and state = 'pending'"
        " and payload ->> 'name' = 'chain ledger'",
        k=proof_runs.CHECK,
    )
    for _ in range(8):
        system.drain()
        system.hurry()
    assert "could not be made" in mary.get("/proofs").text or "broken" in mary.get("/proofs").text
    assert system.scalar("select count(*) from proof_run where finished_at is null") == 0


def test_what_is_not_there_is_not_found(system: System, mary: Browser) -> None:
    assert mary.get("/proofs/99999999").status_code == 404
    assert mary.get("/proofs?run=nonsense").status_code == 200
