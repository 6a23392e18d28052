"""Two thousand payments and more than a hundred faults of every kind (reliability.md C1); `./check endurance`.

Nothing is lost, nothing is doubled, hardly anybody is told twice, and nobody helps.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.chaos.breakages import BREAKAGES
from tests.chaos.campaign import ALWAYS, SERVICES, Campaign, spoil
from tests.chaos.installation import Installation, installation
from tests.chaos.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYMENTS = int(os.environ.get("ENDURANCE_PAYMENTS", "2000"))
ROUNDS = int(os.environ.get("ENDURANCE_ROUNDS", "6"))
PAYERS = 12
SEED = 20261122
LADDER = "4,4,6,8,10,15,20,30,60"
# Said once in every transaction that changes something, and in every bell rung.
COMMIT, RING = b"COMMIT", b"PUBLISH"


@pytest.mark.endurance
@pytest.mark.timeout(5400)
def test_nothing_is_lost_and_nothing_doubled_however_much_breaks(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with installation(tmp_path, PAYMENT_POLL_LADDER_S=LADDER) as system, _wires(system) as wires:
        _spoil(system)
        broken = list(BREAKAGES) * ROUNDS
        campaign = Campaign(system, PAYMENTS, broken, SEED, quiet_s=1200, finish_s=900, payers=PAYERS, evenly=True)
        began = time.monotonic()
        quiet_s = campaign.run()
        paid_s = time.monotonic() - began - quiet_s
        for wire in wires:
            wire.step_aside()
        proof = system.billing("verify")
        faults = campaign.faults() | {"wires": {wire.path.name: (wire.cut, wire.swallowed) for wire in wires}}
        told = campaign.told()
        print(f"seed {SEED}, {PAYMENTS} payments in {paid_s:.0f} s, quiet after {quiet_s:.0f} s more, {told}")
        print(f"faults {faults}")
        print(proof.stdout)
        assert proof.returncode == 0, proof.stdout + proof.stderr
        assert set(campaign.broken) == set(BREAKAGES)
        assert len(campaign.broken) + sum(wire.cut + wire.swallowed for wire in wires) >= 100
        assert all(wire.cut and wire.swallowed for wire in wires[:1])
        campaign.compare()
        assert told.twice <= PAYMENTS / 100


@contextmanager
def _wires(system: Installation) -> Iterator[list[Wire]]:
    settings = system.environment()
    folder = parse_qs(urlsplit(settings["DATABASE_URL"]).query)["host"][0]
    postgres = next(path for path in Path(folder).glob(".s.PGSQL.*") if not path.name.endswith(".lock"))
    valkey = Path(urlsplit(settings["REDIS_URL"]).path)
    wires = [Wire(postgres, COMMIT, 0.5, SEED), Wire(valkey, RING, 0.5, SEED)]
    try:
        yield wires
    finally:
        for wire in wires:
            wire.end()


def _spoil(system: Installation) -> None:
    """Let callbacks be lost, doubled and late, and let the gateway and the services fail in every way they can."""
    ways = ("http", "http_after", "slow", "reset", "reset_after", "truncate", "html", "unknown_fields")
    spoil(
        system,
        "everypay",
        {"operation": "callback", "kind": "lose", "times": ALWAYS, "percent": 15},
        {"operation": "callback", "kind": "double", "times": ALWAYS, "percent": 15},
        {"operation": "callback", "kind": "delay", "times": ALWAYS, "percent": 10, "seconds": 2},
        {"operation": "callback", "kind": "reorder", "times": ALWAYS, "percent": 5},
        *({"operation": "fetch", "kind": way, "times": ALWAYS, "percent": 2} for way in ways),
        {"operation": "fetch", "kind": "timeout_after", "times": 5, "percent": 1, "seconds": 12},
        {"operation": "create", "kind": "http", "times": 20, "percent": 2, "status": 503},
        {"operation": "create", "kind": "reset_after", "times": 10, "percent": 1},
    )
    for code in SERVICES:
        spoil(
            system,
            code,
            {"operation": "payment_status", "kind": "reset_after", "times": 2, "percent": 5},
            {"operation": "payment_status", "kind": "reset", "times": 10, "percent": 3},
            {"operation": "payment_status", "kind": "http", "times": 10, "percent": 3, "status": 500},
        )
