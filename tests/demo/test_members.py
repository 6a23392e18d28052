"""The processes of `billing up` stop in the order in which nobody misses the one that went (reliability.md 3.14)."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from app.demo import members
from app.demo.account import server_account
from app.demo.environment import OWN_SECRETS, SIMULATED_SECRETS, SIMULATORS, Installation
from app.demo.postgres import Postgres
from app.demo.valkey import Valkey

FINISH_S = {"web": 30, "money": 60, "notify": 60, "background": 60}


def test_the_web_leaves_first_and_the_servers_last(tmp_path: Path) -> None:
    this = Installation(
        "http://127.0.0.1:8080", dict.fromkeys(SIMULATORS, 8081), dict.fromkeys(OWN_SECRETS + SIMULATED_SECRETS, "x")
    )
    *queues, relay = members.workers({})
    stages = [
        [members.web(this, {})],
        queues,
        [relay],
        members.simulators(this, {}, tmp_path),
        [members.store(Valkey(Path("valkey"), tmp_path, tmp_path, server_account()))],
        [members.database(Postgres(Path("postgres"), tmp_path, tmp_path, server_account()))],
    ]
    assert [each.name for each in queues] == ["money", "notify", "background"]
    for earlier, later in pairwise(stages):
        assert earlier
        assert later
        assert max(each.stop_stage for each in earlier) < min(each.stop_stage for each in later)


def test_what_has_begun_may_end_before_force_is_used(tmp_path: Path) -> None:
    this = Installation("http://127.0.0.1:8080", {}, {})
    patience = {each.name: each.stop_s for each in [members.web(this, {}), *members.workers({})]}
    assert {name: patience[name] for name in FINISH_S} == FINISH_S
    assert members.simulators(this, {}, tmp_path) == []
