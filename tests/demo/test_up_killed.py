"""Each process of `billing up` is killed on its own, and nobody has to do anything about it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.demo.test_up import EVERYTHING, is_ready
from tests.live import HEALED_WITHIN_S, Live, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.restarts, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def up() -> Iterator[Live]:
    system = Live.in_new_folder().start()
    yield system
    system.remove()


@pytest.mark.parametrize("name", sorted(EVERYTHING - {"postgres"}))
def test_a_killed_process_comes_back_without_a_person(up: Live, name: str) -> None:
    first = up.pids()[name]
    number, link = up.invoice()
    os.kill(first, signal.SIGKILL)
    up.until(lambda: up.pids().get(name, first) != first)
    up.until(lambda: is_ready(up))
    up.pay(link)
    up.until(lambda: number in up.received(), timeout_s=HEALED_WITHIN_S)
    settled(up)


def test_a_killed_database_server_comes_back_with_everything_committed(up: Live) -> None:
    number, _ = up.invoice()
    first = up.pids()["postgres"]
    os.kill(first, signal.SIGKILL)
    up.until(lambda: up.pids().get("postgres", first) != first and is_ready(up))
    following, _ = up.invoice()
    assert int(following) == int(number) + 1


def test_a_killed_web_worker_comes_back(up: Live) -> None:
    main = up.pids()["web"]
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    up.until(lambda: is_ready(up))
    settled(up)
