"""Budgets of calls, with Redis and without (security.md T47)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from limits import parse
from limits.errors import StorageError
from limits.strategies import FixedWindowRateLimiter

from app.web import limits
from app.web.extensions import limiter

if TYPE_CHECKING:
    from tests.api.client import Api


def budget() -> limits.Budget:
    return limits.Budget(f"test {time.monotonic()}", parse("3 per minute"))


def lost(*_: Any, **__: Any) -> Any:
    raise StorageError(ConnectionError("away"))


@pytest.mark.usefixtures("api")
def test_a_budget_ends() -> None:
    small = budget()
    assert [small.spend("a") for _ in range(5)] == [True, True, True, False, False]
    assert small.spend("b")


@pytest.mark.usefixtures("api")
def test_without_redis_it_is_counted_here(monkeypatch: pytest.MonkeyPatch) -> None:
    small = budget()
    away = FixedWindowRateLimiter(limiter.limiter.storage)
    monkeypatch.setattr(away, "hit", lost)
    monkeypatch.setattr(type(limiter), "limiter", away)
    assert [small.spend("a") for _ in range(5)] == [True, True, True, False, False]


def test_a_switched_off_limiter_counts_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.get("/health/live").status_code == 200
    monkeypatch.setattr(limiter, "enabled", False)
    small = budget()
    assert all(small.spend("a") for _ in range(10))


@pytest.mark.usefixtures("api")
def test_a_noisy_one_is_quiet_again_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    noisy = limits.Noisy(budget())
    for _ in range(4):
        noisy.heard("a")
    assert noisy.is_noisy("a")
    assert not noisy.is_noisy("b")
    later = time.monotonic() + limits.MINUTE_S + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert not noisy.is_noisy("a")


@pytest.mark.usefixtures("api")
def test_it_remembers_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_NOISY", 3)
    noisy = limits.Noisy(budget())
    monkeypatch.setattr(limits.Budget, "spend", lambda *_: False)
    for who in "abcd":
        noisy.heard(who)
    assert [who for who in "abcd" if noisy.is_noisy(who)] == ["d"]
