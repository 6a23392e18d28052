"""The caller's address is what our own proxies heard, and never what a caller says of himself (security.md T91)."""

from __future__ import annotations

import pytest

from tests.api.client import CALLBACK
from tests.system import V1, build

SAID = "6.6.6.6, 198.51.100.7, 203.0.113.9"


@pytest.mark.parametrize(
    ("trusted", "said", "peer"),
    [
        ("0", SAID, "127.0.0.1"),
        ("1", SAID, "203.0.113.9"),
        ("2", SAID, "198.51.100.7"),
        ("1", None, "127.0.0.1"),
        ("2", "6.6.6.6", "127.0.0.1"),
    ],
)
def test_as_many_forwarded_addresses_are_believed_as_proxies_are_ours(
    fresh_database: str, redis_url: str, trusted: str, said: str | None, peer: str
) -> None:
    system = build(fresh_database, redis_url, TRUSTED_PROXIES=trusted)
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    if said is not None:
        headers["X-Forwarded-For"] = said
    with system.app.test_client() as client:
        answer = client.get(f"{V1}{CALLBACK}?payment_reference={'a' * 40}&event_name=status_updated", headers=headers)
    assert answer.status_code == 200
    assert system.scalar("select peer from inbox") == peer
    system.close()
