"""A storm of callbacks about one payment: all are kept, and the gateway is asked a few times (security.md T03)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.services import inbox, refresh

if TYPE_CHECKING:
    from tests.system import System

WAITS = (
    "select extract(epoch from run_at - now())::int from outbox "
    "where state = 'pending' and kind = 'gateway.payment.refresh'"
)


def fetches(system: System, reference: str) -> int:
    return len(system.shop.store.exchanges(f"GET /payments/{reference}"))


@pytest.mark.slow
@pytest.mark.parametrize(("messages", "least", "most"), [(5, None, None), (40, 20, 30), (300, 50, 60)])
def test_news_of_a_storm_waits_for_the_next_look_and_none_is_lost(
    system: System, monkeypatch: pytest.MonkeyPatch, messages: int, least: int | None, most: int | None
) -> None:
    number = system.invoice()
    reference = system.one_off(number)
    system.pay(reference)
    for _ in range(messages):
        system.callback(reference)
    begin = refresh.begin
    with monkeypatch.context() as patched:  # all but the first came while we looked
        patched.setattr(
            refresh, "begin", lambda ref: replace(begin(ref), seen=1) if not fetches(system, reference) else begin(ref)
        )
        system.drain()
    assert system.status(number) == "paid"
    if least is None or most is None:
        assert system.scalar(WAITS) is None
    else:
        assert fetches(system, reference) == 1
        assert least <= system.scalar(WAITS) <= most
    system.hurry()
    system.drain()
    assert system.scalar("select dirty_seq = clean_seq from gateway_reference where external_id = :r", r=reference)
    assert fetches(system, reference) <= 3 or least is None
    assert not system.scalar("select count(*) from inbox where external_id = :r and handled_at is null", r=reference)


def test_made_up_references_wait_their_turn_and_hold_no_known_one_up(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "UNKNOWN_PER_MINUTE", 2)
    known = system.one_off(system.invoice())
    with system.app.app_context():
        for number in range(6):
            inbox.receive_callback(source="everypay", reference=f"madeup{number:058}", raw="{}")
        inbox.receive_callback(source="everypay", reference=known, raw="{}")
    rows = system.rows(
        "select r.external_id, extract(epoch from o.run_at - o.created_at)::int as waits from outbox o "
        "join gateway_reference r on r.id = (o.payload ->> 'reference_id')::bigint "
        "where o.kind = 'gateway.payment.refresh' order by o.id"
    )
    assert [row.waits for row in rows if row.external_id != known] == [0, 0, 0, 60, 120, 120]
    assert [row.waits for row in rows if row.external_id == known] == [0]
