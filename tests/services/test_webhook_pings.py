"""A ping: a signed message to try an endpoint with, answered for at once and kept nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import Api, problem_of
from tests.services.endpoints import ENDPOINTS, endpoint, secrets
from tests.system import System, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.receiver import Receiver


@pytest.fixture
def system(fresh_database: str, redis_url: str, receiver: Receiver) -> Iterator[System]:
    made = build(fresh_database, redis_url, WEBHOOK_ORIGINS=f"{receiver.origin} http://127.0.0.1:9")
    yield made
    made.close()


@pytest.fixture
def api(system: System) -> Api:
    return Api(system)


def test_a_ping_is_signed_answered_for_and_kept_nowhere(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver, types=["invoice.paid"])
    before = [api.count(table) for table in ("event", "announcement", "outbox")]
    said = api.v2(f"{ENDPOINTS}/{token}/ping", {})
    assert said.status_code == 200, said.text
    shown_: dict[str, Any] = dict(said.json or {})
    (message,) = receiver.at("/hooks")
    assert (shown_["delivered"], shown_["answer_status"], shown_["fault"]) == (True, 200, None)
    assert message.event["id"] == message.headers["webhook-id"] == shown_["id"]
    assert (message.event["type"], message.event["initiator"], message.event["data"]) == (
        "webhook.ping",
        "registry",
        {},
    )
    assert message.is_signed_with(secrets(api, token)[0])
    assert [api.count(table) for table in ("event", "announcement", "outbox")] == before
    assert api.v2(f"{ENDPOINTS}/{token}/deliveries").json["data"] == []  # type: ignore[index]


def test_a_ping_tells_why_it_was_not_taken_and_tries_an_endpoint_that_is_off(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver)
    api.v2(f"{ENDPOINTS}/{token}", {"enabled": False}, method="PATCH")
    receiver.status["/hooks"] = 410
    refused = api.v2(f"{ENDPOINTS}/{token}/ping", {}).json
    assert refused is not None
    assert (refused["delivered"], refused["answer_status"]) == (False, 410)
    assert refused["fault"]
    dead = api.v2(ENDPOINTS, {"url": "http://127.0.0.1:9/dead"}).json["id"]  # type: ignore[index]
    nobody = api.v2(f"{ENDPOINTS}/{dead}/ping", {}).json
    assert nobody is not None
    assert (nobody["delivered"], nobody["answer_status"]) == (False, None)
    problem_of(api.v2(f"{ENDPOINTS}/{token}/ping", {}, code="auction"), 404)
    rehearsed = api.v2(f"{ENDPOINTS}/{token}/ping?dry_run=true", {}).json
    assert rehearsed is not None
    assert (rehearsed["delivered"], len(receiver.got)) == (False, 1)
