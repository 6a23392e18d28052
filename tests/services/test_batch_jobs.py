"""Work by the clock: a row that fails keeps no other waiting, is a question once, and is tried again by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app.integrations import current
from app.services import comparisons, drafts, issuing, janitor, overdue, refund_calls, schedule
from app.services.issuing import Seen
from app.services.schedule import Periodic
from tests.services.refunding import MARY, ask, assert_sound, order, send
from tests.services.test_drafts import DRAFT, NOON, TODAY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.system import System

# A fault of the row itself: whoever writes it fails until somebody has mended it.
PLANTED = """
create function planted() returns trigger language plpgsql as $$
begin
  if new.id = tg_argv[0]::bigint then raise exception 'this row cannot be written'; end if;
  return new;
end $$
"""


def plant(system: System, table: str, row_id: int) -> None:
    system.sql(PLANTED)
    system.sql(f"create trigger planted before update on {table} for each row execute function planted({row_id})")


def mend(system: System) -> None:
    system.sql("drop function planted cascade")


def later(system: System) -> None:
    """Let the minutes go by in which a row that failed rests."""
    system.sql(
        "update review_item set evidence = evidence || '{\"tried_at\": 0}' where kind = 'pass.stumbled'",
    )


def stumbled(system: System) -> list[tuple[Any, ...]]:
    kept = "select dedupe_key, resolution from review_item where kind = 'pass.stumbled' order by id"
    return [tuple(row) for row in system.rows(kept)]


def run(system: System, verb: Callable[[], int]) -> int:
    with system.app.app_context():
        return verb()


def late_invoice(system: System, key: str) -> tuple[int, int]:
    """Return number and id of an invoice whose day is over."""
    with system.app.app_context():
        draft = replace(DRAFT, service="auction", due_on=TODAY)
        made = drafts.create(draft, key=key, today=TODAY, actor=MARY)
        return issuing.issue(made, Seen(1, 12400), NOON, MARY, current().links), made


def test_one_invoice_that_cannot_be_marked_keeps_no_other_from_being_overdue(system: System) -> None:
    (bad, row), (good, _) = late_invoice(system, "bad"), late_invoice(system, "good")
    plant(system, "invoice", row)
    assert run(system, overdue.mark) == 1
    assert (system.status(bad), system.status(good)) == ("unpaid", "overdue")
    key = f"mark_overdue_invoices:{row}"
    assert stumbled(system) == [(key, None)]
    assert system.scalar("select invoice_id from review_item where kind = 'pass.stumbled'") == row
    sentence = system.scalar("select sentence from review_item where kind = 'pass.stumbled'")
    assert sentence.startswith(f"mark_overdue_invoices fails on invoice:{row} and is tried again by itself: ")
    opened = "select count(*) from event where kind = 'review.item.opened'"
    for _ in range(2):
        later(system)
        assert run(system, overdue.mark) == 0
    assert (stumbled(system), system.scalar(opened)) == ([(key, None)], 1)
    mend(system)
    assert run(system, overdue.mark) == 0, "it rests"
    later(system)
    assert run(system, overdue.mark) == 1
    assert (system.status(bad), stumbled(system)) == ("overdue", [(key, "done after all")])
    assert_sound(system)


def test_rows_that_failed_do_not_stand_in_the_way_of_those_behind_them(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overdue, "PASS_LIMIT", 1)
    (_, row), (good, _) = late_invoice(system, "first"), late_invoice(system, "second")
    plant(system, "invoice", row)
    assert [run(system, overdue.mark) for _ in range(2)] == [0, 1]
    assert system.status(good) == "overdue"


def test_by_the_clock_the_others_are_done_and_the_run_is(system: System) -> None:
    (_, row), (good, _) = late_invoice(system, "bad"), late_invoice(system, "good")
    plant(system, "invoice", row)
    with system.app.app_context():
        assert schedule.tick([Periodic("mark_overdue_invoices", 300)]) == ["mark_overdue_invoices"]
    system.drain()
    assert system.status(good) == "overdue"
    assert system.scalar("select state from outbox where kind = 'schedule.mark_overdue_invoices'") == "done"
    assert system.scalar("select finished_at is not null from schedule_run where name = 'mark_overdue_invoices'")
    assert [key for key, _ in stumbled(system)] == [f"mark_overdue_invoices:{row}"]


def test_a_question_that_was_answered_too_early_is_asked_again(system: System) -> None:
    _, row = late_invoice(system, "bad")
    plant(system, "invoice", row)
    run(system, overdue.mark)
    system.sql("update review_item set resolved_at = now(), resolved_by = 'operator:1', resolution = 'nothing to do'")
    run(system, overdue.mark)
    assert stumbled(system) == [(f"mark_overdue_invoices:{row}", None)]


@pytest.mark.slow
@pytest.mark.parametrize("verb", [janitor.poll_open_payments, janitor.wake_stranded_references])
def test_one_reference_that_cannot_be_looked_at_keeps_no_other_from_being_asked_about(
    system: System, verb: Callable[[], int]
) -> None:
    pages = [system.one_off(system.invoice()) for _ in range(3)]
    ids = [system.scalar("select id from gateway_reference where external_id = :r", r=page) for page in pages]
    system.hurry()
    if verb is janitor.wake_stranded_references:
        system.sql("update gateway_reference set dirty_seq = 1, last_heard_at = now() - interval '1 hour'")
    plant(system, "gateway_reference", ids[1])
    assert run(system, verb) == 2
    (key, resolution) = stumbled(system)[0]
    assert (key.rpartition(":")[2], resolution) == (str(ids[1]), None)
    mend(system)
    later(system)
    assert run(system, verb) == 1
    assert stumbled(system) == [(key, "done after all")]


def test_one_attempt_that_cannot_be_given_up_keeps_no_other_open(system: System) -> None:
    system.shop.dial.script([{"operation": "create", "kind": "reset_after", "times": 2}])
    for number in (system.invoice(), system.invoice()):
        body = {"invoice_number": str(number), "customer_url": "http://registrar.test/back"}
        assert system.call("registry", "/invoice_generator/oneoff", body).status_code == 503
    system.sql("update payment set expires_at = now()")
    plant(system, "payment", system.scalar("select min(id) from payment"))
    assert run(system, janitor.give_up_lost_attempts) == 1
    statuses = [row.status for row in system.rows("select status from payment order by id")]
    assert statuses == ["processing", "expired"]


def test_one_refund_that_cannot_be_looked_for_keeps_no_other_unknown(system: System) -> None:
    refunds = []
    for _ in range(2):
        _, reference = system.settle(amount="100.00")
        refunds.append(ask(system, order(system, reference, 4000)).id)
        system.shop.dial.script([{"operation": "refund", "kind": "reset_after"}])
        assert send(system, refunds[-1]) == "unknown"
    system.sql("update refund set next_check_at = now() - interval '1 second'")
    plant(system, "refund", refunds[0])
    assert run(system, refund_calls.watch) == 1
    assert [key for key, _ in stumbled(system)] == [f"watch_refunds:{refunds[0]}"]


def test_one_payment_that_cannot_be_compared_keeps_no_other_from_the_nights_comparison(system: System) -> None:
    settled = [system.settle()[1] for _ in range(3)]
    day = system.scalar("select (min(created_at) at time zone 'UTC')::date from payment")
    system.pay(settled[2], "chargebacked")
    for table in ("payment", "gateway_reference"):
        system.sql(f"alter table {table} disable trigger user")
        system.sql(f"update {table} set external_id = 'no reference' where external_id = :r", r=settled[1])
        system.sql(f"alter table {table} enable trigger user")
    with system.app.app_context():
        comparisons.owe("everypay", day, day + timedelta(days=1))
    system.drain()
    compared = system.rows("select finished_at, examined, differences from comparison where day = :d", d=day)[0]
    assert (compared.finished_at is not None, compared.examined, compared.differences) == (True, 3, 1)
    assert [key.partition(":")[0] for key, _ in stumbled(system)] == ["compare_gateways"]


def test_a_row_that_rests_does_not_part_the_others(system: System) -> None:
    pages = [system.one_off(system.invoice()) for _ in range(3)]
    of_page = "select id from gateway_reference where external_id = :r"
    first, *others = [system.scalar(of_page, r=page) for page in pages]
    system.hurry()
    plant(system, "gateway_reference", first)
    assert run(system, janitor.poll_open_payments) == 2
    asked: list[list[int]] = []

    def note(ids: Sequence[int]) -> int:
        asked.append([*ids])
        return len(ids)

    assert run(system, lambda: janitor.POLLED.together(others, note)) == 2
    assert asked == [others]
    assert run(system, lambda: janitor.POLLED.together([first, *others], note)) == 3
    assert asked[1:] == [[first], *([other] for other in others)]
