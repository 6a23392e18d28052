"""Fifty thousand generated calls to a running system: none fails, none gets an answer that is not documented.

Both versions of the API, what fits the description and what does not, in equal parts. The system is one that
`billing up` started, with its demo data, workers and simulators. Half of the calls name what is really there, so that
they come further than to "not found". CONTRACT_CASES says how many calls there are in all, CONTRACT_TURN makes others.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
from hypothesis.errors import Flaky
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from tests.api.client import V2
from tests.contract.examination import CHECKS, examine, operations_of
from tests.live import Live
from tests.loopback import LOOPBACK
from tests.system import V1

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schemathesis import Case

pytestmark = [pytest.mark.contract, pytest.mark.timeout(7200)]

CASES = int(os.environ.get("CONTRACT_CASES", "50000"))
TURN = int(os.environ.get("CONTRACT_TURN", "0"))
PREFIXES, MODES = (V1, V2), tuple(GenerationMode)
AT_ONCE = 100  # calls of one operation, before the next has its turn
SERVICES = ("registry", "auction", "eeid")


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    system = Live.in_new_folder()
    try:
        yield system.start()
    finally:
        system.remove()


@dataclass(frozen=True)
class There:
    """What there is in the running system, by the name a call has for it."""

    tokens: dict[str, str]
    named: dict[str, dict[str, list[Any]]]

    @classmethod
    def look(cls, live: Live) -> There:
        """Ask each service's lists."""
        tokens = {code: live.endpoints["initiators"][code]["token"] for code in SERVICES}
        return cls(tokens, {code: _named(live, code, token) for code, token in tokens.items()})

    def send(self, session: requests.Session, case: Case[Any], choice: int) -> None:
        """Send a call as one of the services and validate the answer."""
        dice = Random(choice)
        code = dice.choice(SERVICES)
        if dice.random() < 0.5:
            self._put_in(case, code, dice)
        case.call_and_validate(
            headers={"Authorization": f"Bearer {self.tokens[code]}"}, checks=CHECKS, session=session, timeout=120
        )

    def _put_in(self, case: Case[Any], code: str, dice: Random) -> None:
        """Name in a call, in place of what was made up, something that is there."""
        for part in (case.path_parameters, case.query, case.body):
            if not isinstance(part, dict):
                continue
            for name in sorted(set(part) & set(self.named[code])):
                known = self.named[code][name]
                if known:
                    part[name] = dice.choice(known)


@dataclass
class Counted:
    """Counts the calls that were sent, also when one of them ends it."""

    send: Callable[[Case[Any], int], object]
    count: int = 0

    def __call__(self, case: Case[Any], choice: int) -> None:
        """Send one more."""
        self.count += 1
        self.send(case, choice)


def _named(live: Live, code: str, token: str) -> dict[str, list[Any]]:
    def rows(what: str) -> list[dict[str, Any]]:
        answer = LOOPBACK.get(f"{live.web}{V2}/{what}?limit=100", headers={"Authorization": f"Bearer {token}"})
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    numbers = [each["number"] for each in rows("invoices")]
    payments, references = rows("payments"), [each["number"] for each in rows("references")]
    simulator = live.endpoints["simulators"]["registrar" if code == "registry" else code]
    endpoints = [each["id"] for each in rows("webhook-endpoints")]
    if not endpoints:  # there from the next look on
        sent = {"url": f"{live.endpoints['simulators'][code]}/webhooks"}
        made = LOOPBACK.post(
            f"{live.web}{V2}/webhook-endpoints", json=sent, headers={"Authorization": f"Bearer {token}"}
        )
        assert made.status_code == 201, made.text
    back = f"{simulator}/back"
    return {
        "number": numbers,
        "invoice": numbers,
        "invoice_number": numbers,
        "order_reference": [str(number) for number in numbers],
        "payment": [each["id"] for each in payments],
        "payment_id": [each["id"] for each in payments],
        "payment_reference": [each["gateway_reference"] for each in payments if each.get("gateway_reference")],
        "refund_id": [each["id"] for each in rows("refunds")],
        "endpoint_id": endpoints,
        "reference_number": references,
        "reference": references,
        "event_id": [each["id"] for each in rows("events")],
        "customer_url": [back],
        "return_url": [back],
        "custom_field2": [code],
        "initiator": [code],
    }


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_generated_call_fails_or_gets_an_answer_that_is_not_documented(
    live: Live, prefix: str, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_url(f"{live.web}/api/openapi.json")
    waiting = {each.label: each for each in operations_of(schema, prefix)}
    wanted, examined, turn, found = CASES // (len(PREFIXES) * len(MODES)), 0, TURN, list[str]()
    with requests.Session() as session:
        while examined < wanted and waiting:
            there, turn = There.look(live), turn + 1
            for label, operation in [*waiting.items()]:
                send = Counted(partial(there.send, session))
                try:
                    examine(operation, mode, send, cases=AT_ONCE, turn=turn)
                except (FailureGroup, Flaky) as faults:  # flaky: what failed once, and not again
                    found.append(f"{label}: {faults!r}")
                    del waiting[label]
                examined += send.count
                print(f"{prefix} {mode}: {examined} generated calls, the last of them {label}", flush=True)
    assert not found, "\n\n".join(found)
    assert examined >= wanted
