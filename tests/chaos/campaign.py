"""A campaign: payments are made as services and payers make them while things break; then the books are compared."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from tests.chaos.breakages import BREAKAGES
from tests.loopback import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.installation import Installation

SERVICES = ("registry", "auction", "eeid")
ALWAYS = 100_000


# What a service may do instead of hearing us.
UNHEARD = {"http", "reset"}


@dataclass(frozen=True)
class Told:
    """How often we told services of payments, and how often one heard what it had heard before."""

    tries: int
    twice: int


@dataclass
class Campaign:
    """So many payments, and what breaks meanwhile, one after another: `evenly` over the payments, or soon."""

    system: Installation
    payments: int
    breakages: Sequence[str]
    seed: int
    pause_s: float = 1.5
    quiet_s: float = 150
    finish_s: float = 120
    payers: int = 6
    evenly: bool = False
    paid: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def run(self) -> float:
        """Make all payments while everything breaks; returns the seconds until everybody knew afterwards."""
        breaker = Breaker(self)
        breaker.start()
        with ThreadPoolExecutor(self.payers) as pool:
            for made in [pool.submit(self._pay, index) for index in range(self.payments)]:
                made.result()
        breaker.finish(self.finish_s)
        began = time.monotonic()
        self._wait_for_quiet()
        return time.monotonic() - began

    def _pay(self, index: int) -> None:
        self.paid.append(_pay(self.system, self.seed, index))

    def _wait_for_quiet(self) -> None:
        deadline = time.monotonic() + self.quiet_s
        while time.monotonic() < deadline:
            states = states_of(self.system)
            waiting = [
                each for each in self.paid if states[each["code"]].get(str(each["number"]), {}).get("status") != "paid"
            ]
            if not waiting:
                return
            time.sleep(1)
        log = self.system.log.read_text()[-3000:]
        raise AssertionError(f"{len(waiting)} services still wait, such as {waiting[:3]}\n{log}")

    def compare(self) -> None:
        """Every service counted every payment exactly once, and its sum is the amount."""
        states = states_of(self.system)
        assert len(self.paid) == self.payments
        for each in self.paid:
            invoice = states[each["code"]][str(each["number"])]
            counted = {"registry": "credited"}.get(each["code"], "paid_amount")
            assert float(invoice[counted]) == float(each["amount"]), (each, invoice)

    def told(self) -> Told:
        """Return how often services were told of payments.

        A service that failed before it did anything has to be told again: nobody heard it twice. One that took the
        news and lost its answer hears it again, in the same words or, where those must not be said twice, in others.
        """
        heard: Counter[str] = Counter()
        tries = 0
        for code in SERVICES:
            for told in ask(self.system, code, "received?what=PUT /eis_billing/"):
                body = json.loads(told["body"])
                tries += 1
                if told["fault"] not in UNHEARD:
                    heard[str(body.get("order_reference") or body["invoice"]["invoice_number"])] += 1
        assert {str(each["number"]) for each in self.paid} == set(heard)
        return Told(tries, sum(heard.values()) - len(heard))

    def faults(self) -> dict[str, Any]:
        """Return what went wrong, by place."""
        spoiled = {name: ask(self.system, name, "faults")["injected"] for name in ("everypay", *SERVICES)}
        return {**spoiled, "processes": {name: self.broken.count(name) for name in sorted(set(self.broken))}}


class Breaker(threading.Thread):
    """Breaks one thing after another while payments are made."""

    def __init__(self, campaign: Campaign) -> None:
        super().__init__(daemon=True)
        self.campaign = campaign
        self.done = threading.Event()
        self.stopped_by: Exception | None = None

    def run(self) -> None:
        try:
            for position, name in enumerate(self.campaign.breakages):
                self._wait(position)
                BREAKAGES[name](self.campaign.system)
                self.campaign.broken.append(name)
        except Exception as error:  # noqa: BLE001 - the test says it
            self.stopped_by = error
        self.done.set()

    def _wait(self, position: int) -> None:
        campaign = self.campaign
        time.sleep(campaign.pause_s)
        while campaign.evenly and len(campaign.paid) * len(campaign.breakages) < campaign.payments * position:
            time.sleep(0.1)

    def finish(self, timeout_s: float) -> None:
        assert self.done.wait(timeout_s), f"it took too long: broken {self.campaign.broken}"
        assert self.stopped_by is None, f"after {self.campaign.broken}: {self.stopped_by!r}"
        assert self.campaign.broken == list(self.campaign.breakages)


def _pay(system: Installation, seed: int, index: int) -> dict[str, Any]:
    """Do what a service and its payer do, trying again like people do when the system is away for a moment."""
    code = SERVICES[index % 3]
    dice = random.Random(seed + index)
    amount = f"{dice.randrange(1, 900)}.{dice.randrange(100):02d}"
    number = _call(system, code, "invoice_number_generator", None)["invoice_number"]
    # The service has the invoice before it asks for a link: no news of it can come too early.
    LOOPBACK.put(f"{system.simulator(code)}/_sim/invoices", json={"number": number, "total": amount}).raise_for_status()
    body = {"invoice_number": number, "transaction_amount": amount, "custom_field2": code}
    link = _call(system, code, "invoice_generator", body)["everypay_link"]
    if index % 4:
        back = f"{system.simulator('registrar' if code == 'registry' else code)}/back"
        asked = {"invoice_number": str(number), "customer_url": back}
        page = _call(system, code, "oneoff", asked)["oneoff_redirect_link"]
        _simulate(system, {"link": page})
    else:
        page = LOOPBACK.get(link).headers["location"]
        moved = _simulate(system, {"link": f"{system.simulator('everypay')}{page}", "silent": True})
        _relay(system, moved["payment_reference"])
    return {"number": number, "amount": amount, "code": code}


def _call(system: Installation, code: str, verb: str, body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {system.endpoints['initiators'][code]['token']}"}
    for _ in range(120):
        try:
            url = f"{system.web}/api/v1/invoice_generator/{verb}"
            response = LOOPBACK.post(url, json=body, headers=headers, timeout=20)
            if response.status_code == 201:
                answer: dict[str, Any] = response.json()
                return answer
            assert response.status_code in {500, 502, 503}, response.text
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"{verb} never came through")


def _simulate(system: Installation, body: dict[str, Any]) -> dict[str, Any]:
    response = LOOPBACK.post(f"{system.simulator('everypay')}/_sim/pay", json=body, timeout=20)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def _relay(system: Installation, reference: str) -> None:
    """The payer's browser comes back: a link's payment is known to nobody here until somebody says its reference."""
    for _ in range(120):
        try:
            url = f"{system.web}/api/v1/callback_handler/callback"
            if LOOPBACK.get(url, params={"payment_reference": reference}, timeout=20).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise AssertionError("the callback never came through")


def states_of(system: Installation) -> dict[str, dict[str, Any]]:
    """Return what each service says of its invoices, by number."""
    return {code: {str(each["number"]): each for each in ask(system, code, "invoices")} for code in SERVICES}


def ask(system: Installation, name: str, what: str) -> Any:
    """Return what a simulator says of itself."""
    return LOOPBACK.get(f"{system.simulator(name)}/_sim/{what}", timeout=20).json()


def spoil(system: Installation, name: str, *faults: dict[str, Any]) -> None:
    """Let these things go wrong at a simulator."""
    LOOPBACK.put(f"{system.simulator(name)}/_sim/faults", json=list(faults)).raise_for_status()
