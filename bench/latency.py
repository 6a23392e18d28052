"""Settled at the gateway until the initiator has it: real processes, real sockets, one payment after another.

    .venv/bin/python -m bench.latency

The floor beside it, in the same run, is the same payment without us: the gateway's callback handled by nobody, that is
one GET to the gateway and one PUT to the service by a bare client.
"""

from __future__ import annotations

import json
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.chaos.installation import installation

if TYPE_CHECKING:
    from tests.chaos.installation import Installation

PAYMENTS = 100


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="eis-latency-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with installation(Path(folder)) as system, httpx.Client(timeout=20) as client:
            _one(system, client)
            took = sorted(_one(system, client) for _ in range(PAYMENTS))
            floor = sorted(_floor(system, client) for _ in range(PAYMENTS))
    assert len(took) == PAYMENTS
    print(f"settled at the gateway -> the initiator has it, {PAYMENTS} payments")
    print(f"  here : p50 {_ms(took, 0.5)} ms  p95 {_ms(took, 0.95)} ms  max {_ms(took, 1)} ms")
    print(f"  floor: p50 {_ms(floor, 0.5)} ms  p95 {_ms(floor, 0.95)} ms (one GET and one PUT)")
    print(f"  ratio: {took[len(took) // 2] / floor[len(floor) // 2]:.1f}")


def _one(system: Installation, client: httpx.Client) -> float:
    """Return the seconds between the payer's click and the service's record of hearing of it."""
    number = _call(system, client, "invoice_number_generator", None)["invoice_number"]
    body = {"invoice_number": number, "transaction_amount": "12.00", "custom_field2": "registry"}
    _call(system, client, "invoice_generator", body)
    asked = {"invoice_number": str(number), "customer_url": f"{system.simulator('registrar')}/back"}
    page = _call(system, client, "oneoff", asked)["oneoff_redirect_link"]
    began = time.time()
    client.post(f"{system.simulator('everypay')}/_sim/pay", json={"link": page}).raise_for_status()
    for _ in range(1000):
        for heard in reversed(_received(system, client)):
            if str(json.loads(heard["body"]).get("order_reference")) == str(number):
                return datetime.fromisoformat(heard["at"]).timestamp() - began
        time.sleep(0.02)
    raise AssertionError(f"{number} never arrived")


def _floor(system: Installation, client: httpx.Client) -> float:
    began = time.time()
    client.get(f"{system.simulator('everypay')}/api/v4/payments/none")
    client.put(f"{system.simulator('eeid')}/eis_billing/payment_status", json={})
    return time.time() - began


def _received(system: Installation, client: httpx.Client) -> list[dict[str, Any]]:
    found = client.get(f"{system.simulator('registry')}/_sim/received", params={"what": "payment_status"}).json()
    rows: list[dict[str, Any]] = found[-5:]
    return rows


def _call(system: Installation, client: httpx.Client, verb: str, body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {system.endpoints['initiators']['registry']['token']}"}
    answer = client.post(f"{system.web}/api/v1/invoice_generator/{verb}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


def _ms(ordered: list[float], share: float) -> int:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000)


if __name__ == "__main__":
    main()
