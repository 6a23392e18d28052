"""Who works under an Idempotency-Key has a place, and who was silent for a minute may have lost it (T35)."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import Conflict
from app.integrations import current
from app.services import idempotency
from app.services.idempotency import Call, Reply, StillRunning, run_outside

if TYPE_CHECKING:
    from tests.api.client import Api


def call_of(own_api: Api, key: str) -> Call:
    return Call(1, "registry", f"test {own_api.count('idempotency_key')}", key, b"x" * 32)


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a place be held for no time at all, as if a minute went by between any two moments."""
    monkeypatch.setattr(idempotency, "HELD", timedelta(0))


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("ends", ["well", "badly"])
def test_who_was_slower_than_a_minute_leaves_the_answer_of_who_took_its_place(own_api: Api, ends: str) -> None:
    call = call_of(own_api, "slow")

    def slow() -> Reply:
        with own_api.system.app.app_context():
            run_outside(call, lambda: Reply(201, {"by": "the second"}))
        if ends == "badly":
            raise Conflict("too late")
        return Reply(201, {"by": "the first"})

    with own_api.system.app.app_context():
        with suppress(Conflict):
            run_outside(call, slow)
        assert run_outside(call, pytest.fail) == Reply(201, {"by": "the second"}, replayed=True)


@pytest.mark.usefixtures("_short")
def test_who_was_slower_than_a_minute_does_not_end_the_work_of_who_took_its_place(
    own_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, app = call_of(own_api, "slower"), own_api.system.app
    began, taken = threading.Event(), threading.Event()

    def slow() -> Reply:
        began.set()
        taken.wait(10)
        raise Conflict

    def first() -> None:
        with app.app_context(), suppress(Conflict):
            run_outside(call, slow)

    def second() -> Reply:
        taken.set()
        thread.join(10)
        with app.app_context(), pytest.raises(StillRunning):
            run_outside(call, pytest.fail)
        return Reply(201, {"by": "the second"})

    thread = threading.Thread(target=first)
    thread.start()
    assert began.wait(10)
    monkeypatch.setattr(idempotency, "HELD", timedelta(minutes=1))
    with app.app_context():
        assert run_outside(call, second) == Reply(201, {"by": "the second"})
        assert run_outside(call, pytest.fail).replayed


@pytest.mark.usefixtures("_short")
def test_whose_place_was_taken_sends_nothing_any_more(own_api: Api) -> None:
    system, call = own_api.system, call_of(own_api, "silent")
    reference = system.one_off(system.invoice())

    def asked() -> int:
        return len(system.shop.store.exchanges(f"GET /payments/{reference}"))

    before = asked()

    def slow() -> Reply:
        for _ in range(2):  # a minute went by, and nobody else came
            current().everypay.fetch_payment(reference)
        with system.app.app_context():
            assert run_outside(call, lambda: Reply(201, {})) == Reply(201, {})
        current().everypay.fetch_payment(reference)
        raise AssertionError

    with system.app.app_context(), pytest.raises(StillRunning):
        run_outside(call, slow)
    assert asked() == before + 2
