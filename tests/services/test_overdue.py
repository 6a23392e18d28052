"""An invoice nobody paid by its day is overdue without anybody touching it, and says so once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.extensions import db
from app.integrations import current
from app.queries.invoice_filter import today_of
from app.services import drafts, invoice_status, issuing, overdue
from app.services.issuing import Seen
from tests.services.refunding import assert_sound
from tests.services.test_competing_attempts import hear
from tests.services.test_drafts import DRAFT, MARY, NOON, TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tests.system import System

KEYS = iter(range(10**6))


@pytest.fixture
def system(shared_system: System) -> Iterator[System]:
    with shared_system.app.app_context():
        yield shared_system
        db.session.remove()


def due(day: date) -> int:
    """Return the number of an issued invoice that was to be paid by this day."""
    draft = replace(DRAFT, service="auction", due_on=day)
    made = drafts.create(draft, key=f"overdue-{next(KEYS)}", today=TODAY, actor=MARY)
    return issuing.issue(made, Seen(1, 12400), NOON, MARY, current().links)


def told(system: System, number: int) -> int:
    events = "select count(*) from event e join invoice i on i.id = e.invoice_id where i.number = :n and e.kind = :k"
    return int(system.scalar(events, n=number, k="invoice.overdue"))


def test_an_invoice_is_overdue_from_the_day_after_its_day(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    day = today_of() + timedelta(days=3)
    late, last_day, later = (due(day + timedelta(days=days)) for days in (-1, 0, 30))
    paid = due(day - timedelta(days=1))
    for module in (overdue, invoice_status):
        monkeypatch.setattr(module, "today_of", lambda: day)
    hear(system, system.one_off(paid, "auction"))
    overdue.mark()
    overdue.mark()
    found = [system.status(number) for number in (late, last_day, later, paid)]
    assert found == ["overdue", "unpaid", "unpaid", "paid"]
    assert [told(system, number) for number in (late, last_day, later, paid)] == [1, 0, 0, 0]
    hear(system, system.one_off(late, "auction"))
    assert system.status(late) == "paid"
    assert_sound(system)


def test_one_run_marks_more_than_one_part(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    day = today_of() + timedelta(days=1)
    late = [due(today_of()) for _ in range(5)]
    monkeypatch.setattr(overdue, "PASS_LIMIT", 2)
    for module in (overdue, invoice_status):
        monkeypatch.setattr(module, "today_of", lambda: day)
    assert overdue.mark() >= len(late)
    assert {system.status(number) for number in late} == {"overdue"}


def test_a_run_whose_time_is_up_leaves_the_rest_to_the_next(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    day = today_of() + timedelta(days=1)
    late = [due(today_of()) for _ in range(3)]
    monkeypatch.setattr(overdue, "PASS_LIMIT", 2)
    monkeypatch.setattr(overdue, "JOB_S", 0.0)
    for module in (overdue, invoice_status):
        monkeypatch.setattr(module, "today_of", lambda: day)
    assert [overdue.mark() for _ in range(3)] == [2, 1, 0]
    assert {system.status(number) for number in late} == {"overdue"}
