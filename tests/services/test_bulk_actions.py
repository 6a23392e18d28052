"""Work on many invoices: the owner is asked first, each has its result, and nothing is done or counted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.domain.task import TaskKind
from app.services import credit_notes, proofs, reaper, tasks
from app.services.credit_notes import CreditOrder
from app.services.dispatch import OUTBOX
from app.services.timeline import Actor
from tests.services.crash_points import run_until
from tests.services.exporting import somebody, wish
from tests.services.test_tasks import work
from tests.thoroughness import stride
from tests.web.lists import fill

if TYPE_CHECKING:
    from tests.system import System


def act(system: System, kind: TaskKind, *numbers: int, key: str = "key", run: bool = True) -> int:
    who = somebody(system)
    with system.app.app_context():
        task = tasks.start(kind, wish(numbers=numbers), operator_id=who, key=key, reason="asked by phone")
    if run:
        work(system)
    return task


def results(system: System, task: int) -> dict[int, tuple[str, str]]:
    rows = system.rows(
        "select number, verdict, code from task_outcome join invoice on invoice.id = invoice_id where task_id = :task",
        task=task,
    )
    return {number: (verdict, code) for number, verdict, code in rows}


def there(system: System, number: int, code: str = "registry") -> dict[str, Any]:
    found = system.service(code).invoice(str(number))
    assert found is not None
    return found


def holds(system: System) -> bool:
    with system.app.app_context():
        report = proofs.verify()
    assert report.holds, str(report)
    return True


def test_the_owner_is_asked_before_an_invoice_is_cancelled_here(system: System) -> None:
    taken, refused = system.invoice(), system.invoice()
    system.service("registry").save(there(system, refused) | {"status": "paid"})
    task = act(system, TaskKind.CANCEL, taken, refused)
    assert results(system, task) == {taken: ("done", ""), refused: ("failed", "refused")}
    assert system.status(taken) == "cancelled"
    assert there(system, taken)["status"] == "cancelled"
    assert system.status(refused) == "unpaid"
    reasons = system.rows(
        "select event.kind, actor_kind, event.reason from event join invoice on invoice.id = invoice_id "
        "where number = :number and event.kind in ('status.change.asked', 'invoice.cancelled') order by event.id",
        number=taken,
    )
    assert reasons == [
        ("status.change.asked", "operator", "asked by phone"),
        ("invoice.cancelled", "operator", "asked by phone"),
    ]
    assert holds(system)


def test_marking_as_paid_credits_the_registrar_once_and_stands_in_the_books(system: System) -> None:
    number = system.invoice()
    task = act(system, TaskKind.MARK_PAID, number)
    assert results(system, task) == {number: ("done", "")}
    assert system.status(number) == "paid"
    assert there(system, number)["credited"] == "120.00"
    again = act(system, TaskKind.MARK_PAID, number, key="again")
    assert results(system, again) == {number: ("skipped", "already")}
    assert there(system, number)["credited"] == "120.00"
    assert holds(system)


def test_marking_a_credited_invoice_as_paid_reports_only_what_is_still_asked_for(system: System) -> None:
    number = system.invoice()
    with system.app.app_context():
        order = CreditOrder({1: 2000}, "agreed with the payer", "credited", 12000)
        credit_notes.issue(number, order, actor=Actor("operator", "1"))
    task = act(system, TaskKind.MARK_PAID, number)
    assert results(system, task) == {number: ("done", "")}
    money = system.rows("select status, captured_minor, credited_minor from invoice where number = :n", n=number)
    assert [tuple(row) for row in money] == [("paid", 10000, 2000)]
    assert not system.scalar("select count(*) from surplus")
    assert holds(system)


@pytest.mark.parametrize("fault", [{"kind": "http_after", "status": 504}, {"kind": "reset_after"}], ids=str)
def test_an_owner_whose_answer_is_lost_is_a_question_for_a_person(system: System, fault: dict[str, Any]) -> None:
    number = system.invoice()
    system.transports["registry"].app.test_client().put("/_sim/faults", json=[{"operation": "*", "times": 1} | fault])
    task = act(system, TaskKind.MARK_PAID, number)
    assert results(system, task) == {number: ("failed", "unclear")}
    assert system.status(number) == "unpaid"
    assert system.rows("select kind from review_item") == [("status.unclear",)]


def test_an_owner_that_is_away_leaves_everything_as_it_was(system: System) -> None:
    number = system.invoice()
    system.transports["registry"].app.test_client().put(
        "/_sim/faults", json=[{"operation": "*", "kind": "http", "status": 429}]
    )
    task = act(system, TaskKind.CANCEL, number)
    assert results(system, task) == {number: ("failed", "no_answer")}
    assert system.status(number) == "unpaid"
    assert there(system, number)["status"] == "issued"


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_worker_killed_at_any_point_leaves_one_truth_or_a_question(system: System) -> None:
    fatal, killed = 1, True
    while killed:
        number = system.invoice()
        task = act(system, TaskKind.MARK_PAID, number, key=str(fatal), run=False)
        killed = run_until(system, work, fatal).killed
        for _ in range(3):
            system.hurry()
            with system.app.app_context():
                reaper.reap(OUTBOX)
            work(system)
        asked = system.scalar(
            "select count(*) from review_item join invoice on invoice.id = invoice_id where number = :n", n=number
        )
        assert there(system, number)["credited"] == "120.00", fatal
        assert (system.status(number) == "paid") is not bool(asked), fatal
        assert results(system, task)[number] == (("failed", "unclear") if asked else ("done", "")), fatal
        fatal += stride(2, 9)
    assert fatal > 40
    assert holds(system)


def test_those_who_cannot_be_told_are_left_alone(system: System) -> None:
    eeid = system.invoice("eeid")
    for kind in (TaskKind.CANCEL, TaskKind.MARK_PAID, TaskKind.MARK_UNPAID):
        task = act(system, kind, eeid, key=kind)
        verdict, code = results(system, task)[eeid]
        assert verdict == "skipped"
        assert code == ("already" if kind is TaskKind.MARK_UNPAID else "cannot_be_told")


def test_an_invoice_of_our_own_is_cancelled_without_asking_anybody(system: System) -> None:
    fill(system, 1, code="billing_system")
    task = act(system, TaskKind.CANCEL, 150_005)
    assert results(system, task) == {150_005: ("done", "")}
    assert system.status(150_005) == "cancelled"
    assert system.scalar("select count(*) from event where kind like 'initiator.%'") == 0


def test_nothing_is_cancelled_while_money_is_on_its_way(system: System) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference, "sent_for_processing")
    system.callback(reference)
    system.drain()
    task = act(system, TaskKind.CANCEL, number)
    assert results(system, task) == {number: ("skipped", "money_on_its_way")}
    assert there(system, number)["status"] == "issued"


def test_an_overdue_invoice_is_opened_again_at_both_ends(system: System) -> None:
    number = system.invoice()
    system.call("registry", "/invoice_generator/invoice_status", {"invoice_number": number, "status": "overdue"})
    task = act(system, TaskKind.MARK_UNPAID, number)
    assert results(system, task) == {number: ("done", "")}
    assert system.status(number) == "unpaid"


def test_a_service_is_told_again_and_counts_nothing_twice(system: System) -> None:
    registry, _ = system.settle("registry")
    auction, _ = system.settle("auction")
    unpaid = system.invoice()
    before = there(system, auction, "auction")["paid_amount"]
    task = act(system, TaskKind.RESEND, registry, auction, unpaid)
    assert results(system, task) == {registry: ("done", ""), auction: ("done", ""), unpaid: ("skipped", "no_news")}
    system.drain()
    assert there(system, auction, "auction")["paid_amount"] == before
    sent = system.rows("select kind, state from outbox where dedupe_key like 'again:%' order by id")
    assert sorted(sent) == [("initiator.invoice.synchronise", "done"), ("initiator.payment.notify", "done")]


def test_a_bulk_action_that_is_stopped_keeps_what_is_done(system: System) -> None:
    numbers = [system.invoice() for _ in range(3)]
    task = act(system, TaskKind.CANCEL, *numbers, run=False)
    work(system, 1)
    with system.app.app_context():
        tasks.stop(task, somebody(system))
    work(system)
    assert results(system, task) == {}
    assert system.scalar("select state from task") == "stopped"


@pytest.mark.parametrize("kind", [TaskKind.CANCEL, TaskKind.MARK_PAID, TaskKind.RESEND])
def test_a_repeated_part_does_nothing_again(system: System, kind: TaskKind) -> None:
    numbers = [system.settle()[0] if kind is TaskKind.RESEND else system.invoice() for _ in range(2)]
    act(system, kind, *numbers)
    events = system.scalar("select count(*) from event")
    owed = system.scalar("select count(*) from outbox where kind <> 'task.step'")
    system.sql("update task set state = 'running', finished_at = null")
    system.sql("update task_part set done_at = null")
    system.sql("update outbox set state = 'pending', done_at = null where kind = 'task.step'")
    work(system)
    assert system.scalar("select count(*) from event where kind <> 'task.ended'") == events - 1
    assert system.scalar("select count(*) from outbox where kind <> 'task.step'") == owed
    assert system.scalar("select done from task") == 2
