"""How often a service may call: counted together by all processes, off in development unless said (security.md 5.5)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from limits.errors import StorageError

from app.blueprints.api import guard
from app.web import limits
from app.web.extensions import limiter
from tests.api.client import CALLBACK, NUMBER, RESERVED
from tests.system import V1

if TYPE_CHECKING:
    from tests.api.client import Api

LOOK = f"{RESERVED}?invoice_number=1&user_unique_id=x"


def process(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Be a process that has fetched nothing yet; those of one name count together."""
    for kind in ("reads", "writes"):
        rate = limits.Rate(f"{kind} {name}", f"api_{kind}_per_minute", 600)
        monkeypatch.setattr(guard, kind.upper(), rate)
    monkeypatch.setattr(limits, "COUNTER", limits._Counter())


def say(api: Api, monkeypatch: pytest.MonkeyPatch, **said: Any) -> None:
    extensions = api.system.app.extensions
    monkeypatch.setitem(extensions, "settings", extensions["settings"].model_copy(update=said))


@pytest.fixture
def strict(api: Api, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let a service read three times and write twice a minute; return whose counters they are."""
    say(api, monkeypatch, api_reads_per_minute=3, api_writes_per_minute=2)
    name = str(time.monotonic())
    process(monkeypatch, name)
    return name


def looks(api: Api, times: int, code: str = "registry") -> list[int]:
    return [api.send(LOOK, code=code, method="GET").status_code for _ in range(times)]


def test_too_many_reads_are_refused_and_told_when_to_come_back(api: Api, strict: str) -> None:
    assert looks(api, 4) == [404, 404, 404, 429]
    answer: Any = api.v2("/invoices")
    assert (answer.status_code, answer.json["code"]) == (429, "rate_limited"), "both versions count together"
    assert answer.headers["Retry-After"] == "60"
    assert looks(api, 1, "auction") == [404], "each service has its own"


def test_too_many_writes_are_refused_and_nothing_is_written(api: Api, strict: str) -> None:
    before = api.count("number_reservation")
    assert [api.send(NUMBER).status_code for _ in range(4)] == [201, 201, 429, 429]
    assert api.count("number_reservation") == before + 2
    assert looks(api, 1) == [404], "reads are counted apart"


def test_several_processes_count_together(api: Api, strict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert looks(api, 2) == [404, 404]
    process(monkeypatch, strict)
    assert looks(api, 2) == [404, 429]


@pytest.mark.usefixtures("strict")
def test_without_redis_a_process_counts_by_itself_and_does_not_ask_each_time(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def away(*_: Any, **__: Any) -> bool:
        asked.append(1)
        raise StorageError(ConnectionError("away"))

    monkeypatch.setattr(limiter.limiter, "hit", away)
    assert looks(api, 5) == [404, 404, 404, 429, 429]
    assert len(asked) == 1, "a Redis that hangs would keep each of them waiting"
    later = time.monotonic() + limits.AWAY_S + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    looks(api, 1)
    assert len(asked) == 2


def test_news_of_payments_are_not_counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = api.system.one_off(api.system.invoice("eeid"), "eeid")
    say(api, monkeypatch, api_reads_per_minute=1, api_writes_per_minute=1)
    path = f"{V1}{CALLBACK}?payment_reference={reference}&event_name=status_updated"
    assert {api.get(path).status_code for _ in range(8)} == {200}


def test_a_part_is_fetched_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    say(api, monkeypatch, api_reads_per_minute=90)
    process(monkeypatch, str(time.monotonic()))
    asked, hit = [], limiter.limiter.hit

    def counted(*said: Any, **more: Any) -> bool:
        asked.append(1)
        return hit(*said, **more)

    monkeypatch.setattr(limiter.limiter, "hit", counted)
    assert looks(api, 91) == [404] * 90 + [429]
    assert len(asked) == 32  # of one, two, and then three each


def test_a_process_with_little_to_do_leaves_little_unspent(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    say(api, monkeypatch, api_reads_per_minute=60)
    name = str(time.monotonic())
    for _ in range(20):
        process(monkeypatch, name)
        assert looks(api, 3) == [404] * 3


def test_version_1_is_limited_only_where_it_is_asked_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registry ignores the answer when it cancels an invoice: refused, it would stay payable (eis.md 10.1)."""
    say(api, monkeypatch, development=False)
    for kind in ("reads", "writes"):
        rate = limits.Rate(f"{kind} {time.monotonic()}", f"api_{kind}_per_minute", 2)
        monkeypatch.setattr(guard, kind.upper(), rate)
    assert set(looks(api, 6)) == {404}
    assert {api.send(NUMBER).status_code for _ in range(6)} == {201}
    assert [api.v2("/invoices").status_code for _ in range(4)] == [200, 200, 429, 429]


def test_nobody_is_limited_in_development_and_everybody_outside_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with api.system.app.app_context():
        assert most() == [0, 0, 0, 0]
        say(api, monkeypatch, development=False)
        assert most() == [600, 600, 120, 10]
        say(api, monkeypatch, development=False, api_reads_per_minute=0)
        assert most() == [0, 600, 120, 10]


def most() -> list[int]:
    return [rate._most() for rate in (limits.READS, limits.WRITES, limits.SEARCHES, limits.LOGINS)]


def test_it_remembers_only_so_many(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_NOISY", 3)
    say(api, monkeypatch, logins_per_minute=5)
    rate = limits.Rate(f"test {time.monotonic()}", "logins_per_minute", 10)
    with api.system.app.app_context():
        assert all(rate.spend(who) for who in "abcdef")
    assert len(rate._held) <= 3
