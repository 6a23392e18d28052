"""A process dies while a payer's credit is made, used or given back, a part is paid, or a webhook is told (4.7)."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from app.domain.errors import Conflict
from app.jobs.outbox import work_queue
from app.services import payer_credits
from tests.api.client import Api
from tests.services.endpoints import endpoint
from tests.services.parts import ask_part, come, money, told
from tests.services.refunding import MARY, questions, watch, went_back
from tests.services.test_crash_points import Flow, die_anywhere
from tests.services.test_credit_notes import credit, invoice
from tests.services.test_payer_credits import left, paid_twice
from tests.services.test_webhooks import deliveries, events
from tests.system import System, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.receiver import Receiver

CREDITED = """
select (select count(*) from credit_note where invoice_id = i.id) as notes,
       (select array_agg(amount_minor) from surplus where invoice_id = i.id) as over
  from invoice i where number = :n
"""


def _work(system: System, _prepared: Any) -> None:
    with system.app.app_context():
        for queue in ("money", "notify", "background"):
            work_queue(queue)


def _paid(system: System) -> tuple[int, str]:
    with system.app.app_context():
        return invoice(system, paid=True), uuid4().hex


def _credit(system: System, prepared: tuple[int, str]) -> None:
    number, key = prepared
    with system.app.app_context():
        credit(number, 2500, key=key)


def _is_credited(system: System, prepared: tuple[int, str]) -> bool:
    return [tuple(row) for row in system.rows(CREDITED, n=prepared[0])] == [(1, [3100])]


def _over(system: System) -> tuple[int, int, str]:
    surplus, _number, reference = paid_twice(system)
    return surplus, system.invoice(amount="30.00"), reference


def _use(system: System, prepared: tuple[int, int, str]) -> None:
    with system.app.app_context(), suppress(Conflict):  # the answer got lost, the credit was used
        payer_credits.apply(prepared[0], prepared[1], actor=MARY)


def _is_used(system: System, prepared: tuple[int, int, str]) -> bool:
    surplus, number, _ = prepared
    return (money(system, number), left(system, surplus), len(told(system, number))) == (("paid", 3000, 0), 7000, 1)


def _give_back(system: System, prepared: tuple[int, int, str]) -> None:
    with system.app.app_context():
        payer_credits.refund(prepared[0], actor=MARY, key=f"back-{prepared[0]}", amount_minor=7000)
    _work(system, prepared)


def _went_back(system: System, prepared: tuple[int, int, str]) -> bool:
    """Look until the money is back, or for the hour after which a refund that nobody saw leave has not left."""
    surplus, _, reference = prepared
    _look(system)
    if not went_back(system, reference):
        system.sql("update refund set sent_at = sent_at - interval '2 hours' where status = 'unknown'")
        _look(system)
        asked = questions(system, reference)
        return left(system, surplus) == 10_000 and ("refund.failed", None) in asked
    return (went_back(system, reference), left(system, surplus)) == ([Decimal("70.00")], 3000)


def _look(system: System) -> None:
    for _ in range(2):
        system.hurry()
        watch(system)
        system.drain()


def _page(system: System, number: int, amount: str) -> str:
    return str(ask_part(system, number, amount).json["oneoff_redirect_link"]).rpartition("/")[2]


def _part_heard(system: System) -> int:
    number = system.invoice()
    _heard(system, _page(system, number, "40.00"))
    return number


def _rest_heard(system: System) -> int:
    number = system.invoice()
    come(system, _page(system, number, "40.00"))
    _heard(system, _page(system, number, "80.00"))
    return number


def _heard(system: System, reference: str) -> None:
    system.pay(reference)
    system.callback(reference)


def _is_partly_paid(system: System, number: int) -> bool:
    return (money(system, number), told(system, number)) == (("partially_paid", 4000, 0), [])


def _is_paid(system: System, number: int) -> bool:
    return (money(system, number), len(told(system, number))) == (("paid", 12000, 0), 1)


FLOWS = [
    Flow("a paid invoice is credited", _paid, _credit, _is_credited, again=True),
    Flow("credit is used", _over, _use, _is_used, again=True),
    Flow("credit is given back", _over, _give_back, _went_back, again=True),
    Flow("a part is paid", _part_heard, _work, _is_partly_paid),
    Flow("the last part is paid", _rest_heard, _work, _is_paid),
]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name.replace(" ", "-"))
def test_a_process_may_die_anywhere(system: System, flow: Flow) -> None:
    die_anywhere(system, flow)


@pytest.fixture
def hearing(fresh_database: str, redis_url: str, receiver: Receiver) -> Iterator[System]:
    made = build(fresh_database, redis_url, WEBHOOK_ORIGINS=receiver.origin)
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_webhook_is_told_wherever_its_sender_dies(hearing: System, receiver: Receiver) -> None:
    api = Api(hearing)
    token = endpoint(api, receiver)

    def is_told(_system: System, _number: int) -> bool:
        ids = {each["id"] for each in events(api)}
        heard = [each.headers["webhook-id"] for each in receiver.at("/hooks")]
        return ids <= set(heard) and {each["state"] for each in deliveries(api, token)} == {"delivered"}

    die_anywhere(hearing, Flow("a webhook is told", lambda system: system.invoice(), _work, is_told))
