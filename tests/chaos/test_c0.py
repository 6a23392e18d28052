"""Three hundred payments while every kind of process is killed once and the outside misbehaves (reliability.md C0).

Nothing is lost, nothing is doubled, and nobody helps.
"""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import redis

from tests.chaos.installation import Installation, installation

if TYPE_CHECKING:
    from pathlib import Path

PAYMENTS = 300
SEED = 20261121
QUIET_S = 150
SERVICES = ("registry", "auction", "eeid")
KILLS = ("money", "relay", "notify", "flush", "valkey", "web", "background", "postgres", "money", "notify")
LADDER = "4,4,6,8,10,15,20,30,60"


@pytest.mark.chaos
@pytest.mark.timeout(420)
def test_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with installation(tmp_path, PAYMENT_POLL_LADDER_S=LADDER) as system:
        _spoil(system)
        killer = Killer(system)
        killer.start()
        with ThreadPoolExecutor(6) as pool:
            paid = list(pool.map(lambda index: _pay(system, index), range(PAYMENTS)))
        killer.finish()
        began = time.monotonic()
        _wait_for_quiet(system, paid)
        quiet_s = time.monotonic() - began
        told = {code: _get(system, code, "received?what=payment_status") for code in SERVICES}
        proof = system.billing("verify")
        faults = {name: _get(system, name, "faults")["injected"] for name in ("everypay", *SERVICES)} | {
            "killed": killer.killed
        }
        deliveries = sum(len(each) for each in told.values())
        print(
            f"seed {SEED}, {PAYMENTS} payments, faults {faults}, {deliveries} deliveries, quiet after {quiet_s:.0f} s"
        )
        print(proof.stdout)
        assert proof.returncode == 0, proof.stdout + proof.stderr
        assert set(killer.killed) == set(KILLS)
        _compare(system, paid)


class Killer(threading.Thread):
    """Kills one process after another while payments are made."""

    def __init__(self, system: Installation) -> None:
        super().__init__(daemon=True)
        self.system = system
        self.killed: list[str] = []
        self.done = threading.Event()

    def run(self) -> None:
        for name in KILLS:
            time.sleep(1.5)
            if name == "flush":
                redis.Redis.from_url(self.system.environment()["REDIS_URL"]).flushall()
            else:
                while not self.system.kill(name):
                    time.sleep(0.1)
            self.killed.append(name)
        self.done.set()

    def finish(self) -> None:
        assert self.done.wait(120), f"killed only {self.killed}"


def _spoil(system: Installation) -> None:
    """Let callbacks be lost, doubled and late, and let answers be lost on both sides."""
    always = 100_000
    httpx.put(
        f"{system.simulator('everypay')}/_sim/faults",
        json=[
            {"operation": "callback", "kind": "lose", "times": always, "percent": 15},
            {"operation": "callback", "kind": "double", "times": always, "percent": 15},
            {"operation": "callback", "kind": "delay", "times": always, "percent": 10, "seconds": 2},
            {"operation": "fetch", "kind": "http", "times": always, "percent": 5},
            {"operation": "fetch", "kind": "reset_after", "times": always, "percent": 5},
            {"operation": "create", "kind": "http", "times": 5, "percent": 5, "status": 503},
        ],
    )
    for code in SERVICES:
        httpx.put(
            f"{system.simulator(code)}/_sim/faults",
            json=[
                {"operation": "payment_status", "kind": "reset_after", "times": 5, "percent": 20},
                {"operation": "payment_status", "kind": "http", "times": 3, "percent": 10, "status": 500},
            ],
        )


def _pay(system: Installation, index: int) -> dict[str, Any]:
    """Do what a service and its payer do, trying again like people do when the system is away for a moment."""
    code = SERVICES[index % 3]
    dice = random.Random(SEED + index)
    amount = f"{dice.randrange(1, 900)}.{dice.randrange(100):02d}"
    number = _call(system, code, "invoice_number_generator", None)["invoice_number"]
    # The service has the invoice before it asks for a link: no news of it can come too early.
    httpx.put(f"{system.simulator(code)}/_sim/invoices", json={"number": number, "total": amount}).raise_for_status()
    body = {"invoice_number": number, "transaction_amount": amount, "custom_field2": code}
    link = _call(system, code, "invoice_generator", body)["everypay_link"]
    if index % 4:
        back = f"{system.simulator('registrar' if code == 'registry' else code)}/back"
        asked = {"invoice_number": str(number), "customer_url": back}
        page = _call(system, code, "oneoff", asked)["oneoff_redirect_link"]
        _simulate(system, {"link": page})
    else:
        page = httpx.get(link).headers["location"]
        moved = _simulate(system, {"link": f"{system.simulator('everypay')}{page}", "silent": True})
        _relay(system, moved["payment_reference"])
    return {"number": number, "amount": amount, "code": code}


def _call(system: Installation, code: str, verb: str, body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {system.endpoints['initiators'][code]['token']}"}
    for _ in range(120):
        try:
            url = f"{system.web}/api/v1/invoice_generator/{verb}"
            response = httpx.post(url, json=body, headers=headers, timeout=20)
            if response.status_code == 201:
                answer: dict[str, Any] = response.json()
                return answer
            assert response.status_code in {500, 502, 503}, response.text
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"{verb} never came through")


def _simulate(system: Installation, body: dict[str, Any]) -> dict[str, Any]:
    response = httpx.post(f"{system.simulator('everypay')}/_sim/pay", json=body, timeout=20)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def _relay(system: Installation, reference: str) -> None:
    """The payer's browser comes back: a link's payment is known to nobody here until somebody says its reference."""
    for _ in range(120):
        try:
            url = f"{system.web}/api/v1/callback_handler/callback"
            if httpx.get(url, params={"payment_reference": reference}, timeout=20).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise AssertionError("the callback never came through")


def _wait_for_quiet(system: Installation, paid: list[dict[str, Any]]) -> None:
    deadline = time.monotonic() + QUIET_S
    while time.monotonic() < deadline:
        states = _states(system)
        waiting = [each for each in paid if states[each["code"]].get(str(each["number"]), {}).get("status") != "paid"]
        if not waiting:
            return
        time.sleep(1)
    raise AssertionError(f"{len(waiting)} services still wait, such as {waiting[:3]}\n{system.log.read_text()[-3000:]}")


def _compare(system: Installation, paid: list[dict[str, Any]]) -> None:
    """Every service counted every payment exactly once, and its sum is the amount."""
    states = _states(system)
    assert len(paid) == PAYMENTS
    for each in paid:
        invoice = states[each["code"]][str(each["number"])]
        counted = {"registry": "credited"}.get(each["code"], "paid_amount")
        assert float(invoice[counted]) == float(each["amount"]), (each, invoice)


def _states(system: Installation) -> dict[str, dict[str, Any]]:
    return {code: {str(each["number"]): each for each in _get(system, code, "invoices")} for code in SERVICES}


def _get(system: Installation, name: str, what: str) -> Any:
    return httpx.get(f"{system.simulator(name)}/_sim/{what}", timeout=20).json()
