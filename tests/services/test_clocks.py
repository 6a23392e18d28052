"""Clocks that disagree by a minute and a half change nothing about money (security.md T88)."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from tests.api.client import Api
from tests.services.endpoints import endpoint
from tests.services.refunding import assert_sound
from tests.system import System, build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.receiver import Receiver

SKEW_S = 90
AUCTION = "/refund/auction"


class Wrong(datetime):
    """A clock that is wrong; what it makes are ordinary moments."""

    by: ClassVar[timedelta] = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.by


@pytest.fixture
def skew(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Return what sets the clock of all our own code wrong; gateway, services and database keep theirs."""
    ours = [module for name, module in sys.modules.items() if name.startswith("app.") and "simulator" not in name]
    found = [module for module in ours if getattr(module, "datetime", None) is datetime]
    assert len(found) > 30
    for module in found:
        monkeypatch.setattr(module, "datetime", Wrong)

    def by(seconds: int) -> None:
        Wrong.by = timedelta(seconds=seconds)

    yield by
    by(0)


@pytest.fixture
def system(fresh_database: str, redis_url: str, receiver: Receiver) -> Iterator[System]:
    made = build(fresh_database, redis_url, WEBHOOK_ORIGINS=receiver.origin)
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize(("web_s", "worker_s"), [(SKEW_S, -SKEW_S), (-SKEW_S, SKEW_S), (SKEW_S, SKEW_S)])
def test_money_is_booked_told_and_given_back_once(
    system: System, receiver: Receiver, skew: Callable[[int], None], web_s: int, worker_s: int
) -> None:
    skew(web_s)
    endpoint(Api(system), receiver, code="auction")
    number = system.invoice("auction")
    reference = system.one_off(number, "auction")
    system.pay(reference)
    system.callback(reference)
    skew(worker_s)
    system.drain()
    system.hurry()
    system.drain()
    assert system.status(number) == "paid"
    skew(web_s)
    asked = system.call("auction", AUCTION, {"params": {"invoice_number": number}})
    assert asked.status_code == 200, asked.text
    skew(worker_s)
    for _turn in range(3):
        system.drain()
        system.hurry()
    assert system.status(number) == "refunded"
    assert system.scalar("select count(*) from outbox where state in ('dead', 'held', 'leased')") == 0
    told = [each["what"] for each in system.service("auction").store.exchanges()]
    assert len([each for each in told if "payment_status" in each]) == 1
    moved = [each["kind"] for each in system.shop.store.all("movement")]
    assert sorted(moved) == ["captured", "refunded"]
    ids = [each.headers["webhook-id"] for each in receiver.got]
    assert len(ids) == len(set(ids)) > 0
    assert_sound(system)


def test_a_worker_whose_clock_is_fast_takes_nobody_s_lease(system: System, skew: Callable[[int], None]) -> None:
    """Leases are the database's moments: who thinks they have run out is still refused."""
    number = system.invoice()
    system.drain()
    owed: dict[str, Any] = {"n": number}
    system.sql(
        "update outbox set state = 'leased', lease_token = gen_random_uuid(), lease_until = now() + interval '60 s',"
        " done_at = null where invoice_id = (select id from invoice where number = :n)",
        **owed,
    )
    before = system.rows("select id, lease_token, attempts from outbox where state = 'leased' order by id")
    assert before
    skew(SKEW_S)
    system.drain()
    assert system.rows("select id, lease_token, attempts from outbox where state = 'leased' order by id") == before
