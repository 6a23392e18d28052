"""A process dies at any point of any flow, and what was begun ends as it would have (reliability.md 4.7)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from app.jobs.outbox import work_queue
from app.services import janitor, proofs, reaper, sealing
from app.services.dispatch import OUTBOX
from app.services.open_payment_pages import MAKING
from tests.services.crash_points import run_until
from tests.thoroughness import deaths

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system import System

REGISTER = "/invoice_generator/invoice_generator"
AUCTION = {"custom_field2": "auction", "transaction_amount": "120.00"}


@dataclass(frozen=True)
class Flow:
    """What is there before, what the process does that may die, what is true when all has come to rest.

    `again` tells that the caller repeats what was not answered, as every service does.
    """

    name: str
    prepare: Callable[[System], Any]
    act: Callable[[System, Any], object]
    ended: Callable[[System, Any], bool]
    again: bool = False


def good(response: Any, *good: int) -> Any:
    assert response.status_code in (good or (200, 201)), response.text
    return response


def _work(*queues: str) -> Callable[[System, Any], None]:
    def act(system: System, _prepared: Any) -> None:
        with system.app.app_context():
            for queue in queues:
                work_queue(queue)

    return act


def _register(amount: str, **more: Any) -> Callable[[System, int], None]:
    def act(system: System, number: int) -> None:
        body = AUCTION | {"transaction_amount": amount, "invoice_number": number, **more}
        good(system.call("auction", REGISTER, body))

    return act


def _count(system: System, table: str, number: int) -> int:
    question = f"select count(*) from {table} where invoice_id = (select id from invoice where number = :n)"
    return int(system.scalar(question, n=number))


def _paid(state: str = "settled") -> Callable[[System], tuple[int, str]]:
    def prepare(system: System) -> tuple[int, str]:
        number = system.invoice("auction")
        reference = system.one_off(number, "auction")
        system.pay(reference, state)
        return number, reference

    return prepare


def _heard(system: System) -> tuple[int, str]:
    number, reference = _paid()(system)
    system.callback(reference)
    return number, reference


def _settled_untold(system: System) -> tuple[int, str]:
    number, reference = _heard(system)
    _work("money")(system, None)
    return number, reference


def _given_back(system: System) -> tuple[int, str]:
    number, reference = _heard(system)
    system.drain()
    system.pay(reference, "refunded")
    system.callback(reference, "refunded")
    return number, reference


def _is_settled(system: System, prepared: tuple[int, str]) -> bool:
    number, _ = prepared
    once = [_count(system, table, number) for table in ("settlement", "allocation")] == [1, 1]
    there = system.service("auction").invoice(str(number))
    assert there is not None
    # A repeated payment counts twice at the auction, so this is 240 when it was told twice.
    told = (there["status"], Decimal(there["paid_amount"])) == ("paid", Decimal(120))
    return once and told and system.status(number) == "paid"


def _bulk_paid(system: System) -> list[int]:
    numbers = [system.invoice("auction") for _ in range(2)]
    reference = system.bulk(numbers)
    system.pay(reference)
    system.callback(reference)
    return numbers


def _bulk_untold(system: System) -> list[int]:
    numbers = _bulk_paid(system)
    _work("money")(system, None)
    return numbers


def _is_settled_in_bulk(system: System, numbers: list[int]) -> bool:
    for number in numbers:
        once = [_count(system, table, number) for table in ("settlement", "allocation")] == [1, 1]
        there = system.service("auction").invoice(str(number))
        assert there is not None
        # The auction adds the whole sum to every member (eis.md 10.2.1): told twice it would be 480.
        told = there["status"] == "paid" and Decimal(there["paid_amount"]) in {120, 240}
        if not (once and told and system.status(number) == "paid"):
            return False
    return True


def _is_gathered(system: System, numbers: list[int]) -> bool:
    containers = (
        "select count(distinct parent_id) from bulk_member m join invoice i on i.id = m.member_id "
        "where i.number = any(:numbers)"
    )
    return int(system.scalar(containers, numbers=numbers)) == 1


def _new_user(system: System) -> str:
    return f"u-{system.scalar('select count(*) from deposit')}"


def _deposit_paid(system: System) -> str:
    user = _new_user(system)
    reference = system.deposit(user=user)
    system.pay(reference)
    system.callback(reference)
    return user


def _deposit_untold(system: System) -> str:
    user = _deposit_paid(system)
    _work("money")(system, None)
    return user


def _is_deposited(system: System, user: str) -> bool:
    statuses = [row.status for row in system.rows("select status from deposit where user_uuid = :u", u=user)]
    return statuses == ["paid"] and system.service("auction").store.get("participant", f"a.ee {user}") is not None


FLOWS = [
    Flow(
        "a number is taken",
        lambda _: None,
        lambda system, _: good(system.call("auction", "/invoice_generator/invoice_number_generator")),
        lambda *_: True,
        again=True,
    ),
    Flow(
        "an invoice is registered",
        lambda system: system.number("auction"),
        _register("120.00"),
        lambda system, number: system.status(number) == "unpaid" and _count(system, "ledger_transaction", number) == 1,
        again=True,
    ),
    Flow(
        "an invoice of nothing is registered",
        lambda system: system.number("auction"),
        _register("0.00"),
        lambda system, number: system.status(number) == "paid" and _count(system, "settlement", number) == 1,
        again=True,
    ),
    Flow(
        "a page to pay is asked for",
        lambda system: system.invoice("auction"),
        lambda system, number: good(system.call("auction", "/invoice_generator/oneoff", _page(number))),
        lambda system, number: system.status(number) in {"unpaid", "pending"},
        again=True,
    ),
    Flow(
        "a callback comes",
        _paid(),
        lambda system, prepared: good(system.callback(prepared[1])),
        _is_settled,
    ),
    Flow("a payment is settled", _heard, _work("money"), _is_settled),
    Flow("a service is told", _settled_untold, _work("notify"), _is_settled),
    Flow(
        "a failed payment is noticed",
        lambda system: (system.callback((prepared := _paid("failed")(system))[1]), prepared)[1],
        _work("money"),
        lambda system, prepared: _count(system, "settlement", prepared[0]) == 0,
    ),
    Flow(
        "money that went back is booked",
        _given_back,
        _work("money"),
        lambda system, prepared: system.status(prepared[0]) == "refunded" and _refunds(system, prepared[0]) == 1,
    ),
    Flow(
        "an amount is changed",
        lambda system: system.invoice("auction"),
        lambda system, number: good(
            system.call("auction", "/invoice/update_invoice_data", _amount(number, "80.00"), method="PATCH")
        ),
        lambda system, number: system.scalar("select total_minor from invoice where number = :n", n=number) == 8000,
        again=True,
    ),
    Flow(
        "an invoice is cancelled",
        lambda system: system.invoice("auction"),
        lambda system, number: good(
            system.call(
                "auction",
                "/invoice_generator/invoice_status",
                {"invoice_number": number, "status": "cancelled"},
            )
        ),
        lambda system, number: system.status(number) == "cancelled",
        again=True,
    ),
    Flow(
        "a bulk page is asked for",
        lambda system: [system.invoice("auction") for _ in range(2)],
        lambda system, numbers: system.bulk(numbers),
        _is_gathered,
        again=True,
    ),
    Flow("a bulk payment is settled", _bulk_paid, _work("money"), _is_settled_in_bulk),
    Flow("a bulk payment is told", _bulk_untold, _work("notify"), _is_settled_in_bulk),
    Flow(
        "a deposit page is asked for",
        _new_user,
        lambda system, user: system.deposit(user=user),
        lambda system, user: system.scalar("select count(*) from deposit where user_uuid = :u", u=user) == 1,
        again=True,
    ),
    Flow("a deposit is settled", _deposit_paid, _work("money"), _is_deposited),
    Flow("a deposit is told", _deposit_untold, _work("notify"), _is_deposited),
    Flow("the house is tidied", _heard, _work("background"), _is_settled),
]


def _page(number: int) -> dict[str, str]:
    return {"invoice_number": str(number), "customer_url": "http://auction.test/back"}


def _amount(number: int, amount: str) -> dict[str, Any]:
    return {"invoice_number": number, "transaction_amount": amount}


def _refunds(system: System, number: int) -> int:
    question = (
        "select count(*) from refund where payment_id in "
        "(select id from payment where invoice_id = (select id from invoice where number = :n))"
    )
    return int(system.scalar(question, n=number))


def _act(flow: Flow, prepared: Any, system: System) -> None:
    flow.act(system, prepared)


def _let_the_dead_be_late(system: System) -> None:
    """Let so much time pass that whoever was making a page cannot be at work any more: nobody waits for it."""
    older = f"created_at - interval '{MAKING.seconds} seconds'"
    system.sql(f"update payment set created_at = {older} where status = 'created'")


def _come_to_rest(system: System) -> None:
    """Do what the relay, the workers and the clock do; twice, for what the first pass owes the second."""
    for _ in range(2):
        system.hurry()
        with system.app.app_context():
            reaper.reap(OUTBOX)
            janitor.poll_open_payments()
        system.drain()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name.replace(" ", "-"))
def test_a_process_may_die_anywhere(system: System, flow: Flow) -> None:
    die_anywhere(system, flow)


def die_anywhere(system: System, flow: Flow) -> None:
    """Let a process die at every point of the flow, and see that each time it ends as it would have."""
    prepared = flow.prepare(system)
    points = run_until(system, partial(_act, flow, prepared), 0).passed
    assert points > 2
    chosen = deaths(points)
    for point in chosen:
        prepared = flow.prepare(system)
        ended = run_until(system, partial(_act, flow, prepared), point)
        if flow.again and ended.killed:
            _let_the_dead_be_late(system)
            flow.act(system, prepared)
        _come_to_rest(system)
        assert flow.ended(system, prepared), (flow.name, point, points, system.rows("select * from review_item"))
    with system.app.app_context():
        sealing.seal()
        report = proofs.verify()
    assert report.holds, (flow.name, str(report))
    print(f"{flow.name}: died at {len(chosen)} of {points} points")
