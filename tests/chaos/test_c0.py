"""Three hundred payments while every kind of process is killed once and the outside misbehaves (reliability.md C0).

Nothing is lost, nothing is doubled, and nobody helps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.campaign import ALWAYS, SERVICES, Campaign, spoil
from tests.chaos.installation import Installation, installation

if TYPE_CHECKING:
    from pathlib import Path

PAYMENTS = 300
SEED = 20261121
KILLS = ("money", "relay", "notify", "flush", "valkey", "web", "background", "postgres", "money", "notify")
LADDER = "4,4,6,8,10,15,20,30,60"


@pytest.mark.chaos
@pytest.mark.timeout(420)
def test_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with installation(tmp_path, PAYMENT_POLL_LADDER_S=LADDER) as system:
        _spoil(system)
        campaign = Campaign(system, PAYMENTS, KILLS, SEED)
        quiet_s = campaign.run()
        proof = system.billing("verify")
        print(f"seed {SEED}, {PAYMENTS} payments, faults {campaign.faults()}, quiet after {quiet_s:.0f} s")
        print(f"{campaign.told()}", proof.stdout)
        assert proof.returncode == 0, proof.stdout + proof.stderr
        assert campaign.broken == list(KILLS)
        campaign.compare()


def _spoil(system: Installation) -> None:
    """Let callbacks be lost, doubled and late, and let answers be lost on both sides."""
    spoil(
        system,
        "everypay",
        {"operation": "callback", "kind": "lose", "times": ALWAYS, "percent": 15},
        {"operation": "callback", "kind": "double", "times": ALWAYS, "percent": 15},
        {"operation": "callback", "kind": "delay", "times": ALWAYS, "percent": 10, "seconds": 2},
        {"operation": "fetch", "kind": "http", "times": ALWAYS, "percent": 5},
        {"operation": "fetch", "kind": "reset_after", "times": ALWAYS, "percent": 5},
        {"operation": "create", "kind": "http", "times": 5, "percent": 5, "status": 503},
    )
    for code in SERVICES:
        spoil(
            system,
            code,
            {"operation": "payment_status", "kind": "reset_after", "times": 5, "percent": 20},
            {"operation": "payment_status", "kind": "http", "times": 3, "percent": 10, "status": 500},
        )
