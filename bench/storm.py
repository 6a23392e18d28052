"""Ten thousand callbacks about one payment to a running system, beside as many asks for its health, in turns.

    .venv/bin/python -m bench.storm

Web, workers and the gateway's simulator are those of `billing up`. Every callback is answered 200 and kept, the payment
is settled once and told once, and the gateway was asked as often as is printed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import psycopg

from bench.load import Result, request, run
from tests.chaos.installation import installation

if TYPE_CHECKING:
    from tests.chaos.installation import Installation

CALLBACKS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
ROUNDS, CONNECTIONS = 5, 16
LONGEST_S = 600.0
MOST_FETCHES, P99_MS = 3, 300


def main() -> None:
    """Measure, check and print."""
    with tempfile.TemporaryDirectory(prefix="eis-storm-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with installation(Path(folder)) as system, httpx.Client(timeout=60) as client:
            number, reference = _paid(system, client)
            port = urlsplit(system.web).port or 0
            callback = request(
                "GET",
                "/api/v1/callback_handler/callback"
                f"?payment_reference={reference}&order_reference={number}&event_name=status_updated",
            )
            health = request("GET", "/health/live")
            storms, calm = [], []
            for _ in range(ROUNDS):
                storms.append(_sent(port, callback))
                calm.append(_sent(port, health))
            url = system.environment()["DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://", 1)
            _check(url, reference)
            path = f"{system.simulator('everypay')}/_sim/received"
            fetches = len(client.get(path, params={"what": f"GET /payments/{reference}"}).json())
            told = client.get(f"{system.simulator('registry')}/_sim/received", params={"what": "payment_status"}).json()
            assert [str(json.loads(each["body"])["order_reference"]) for each in told] == [number], told
    storm, quiet = _together(storms), _together(calm)
    print(f"{CALLBACKS} callbacks for one payment, {CONNECTIONS} connections, in {ROUNDS} rounds")
    print(f"  callbacks : {storm}")
    print(f"  health    : {quiet}")
    print(f"  ratio     : {storm.rate / quiet.rate:.2f}")
    print(f"  fetched at the gateway: {fetches} times (aim: at most {MOST_FETCHES}); p99 aim {P99_MS} ms")


def _sent(port: int, what: bytes) -> Result:
    calls = CALLBACKS // ROUNDS
    result = run(port, CONNECTIONS, LONGEST_S, lambda: what, most=calls)
    assert result.statuses == {200: calls}, result.statuses
    return result


def _together(results: list[Result]) -> Result:
    whole = Result()
    for each in results:
        whole.seconds += each.seconds
        whole.latencies += each.latencies
        for status, count in each.statuses.items():
            whole.statuses[status] = whole.statuses.get(status, 0) + count
    return whole


def _paid(system: Installation, client: httpx.Client) -> tuple[str, str]:
    """Return number and reference of a payment that is settled at the gateway just before the storm."""
    number = _call(system, client, "invoice_number_generator", None)["invoice_number"]
    body = {"invoice_number": number, "transaction_amount": "12.00", "custom_field2": "registry"}
    _call(system, client, "invoice_generator", body)
    asked = {"invoice_number": str(number), "customer_url": f"{system.simulator('registrar')}/back"}
    page = _call(system, client, "oneoff", asked)["oneoff_redirect_link"]
    client.post(f"{system.simulator('everypay')}/_sim/pay", json={"link": page}).raise_for_status()
    return str(number), str(page).rpartition("/")[2]


def _check(url: str, reference: str) -> None:
    with psycopg.connect(url, autocommit=True) as bare:
        for _ in range(600):
            row = bare.execute(
                "select dirty_seq = clean_seq from gateway_reference where external_id = %s", (reference,)
            ).fetchone()
            owed = bare.execute(
                "select count(*) from outbox where state in ('pending', 'leased') and kind like %s", ("initiator.%",)
            ).fetchone()
            if row == (True,) and owed == (0,):
                break
            time.sleep(0.1)
        kept = bare.execute("select count(*) from inbox where external_id = %s", (reference,)).fetchone()
        assert kept == (CALLBACKS + 1,), kept  # and the gateway's own
        paid = bare.execute(
            "select p.status, i.status, (select count(*) from settlement s where s.invoice_id = i.id) "
            "from payment p join invoice i on i.id = p.invoice_id where p.external_id = %s",
            (reference,),
        ).fetchone()
        assert paid == ("completed", "paid", 1), paid


def _call(system: Installation, client: httpx.Client, verb: str, body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {system.endpoints['initiators']['registry']['token']}"}
    answer = client.post(f"{system.web}/api/v1/invoice_generator/{verb}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


if __name__ == "__main__":
    main()
