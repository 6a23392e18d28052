"""Webhooks: signed, frozen, tried again, never in one another's way, and sent once more when asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from pydantic import SecretStr

from app.domain.errors import Outcome, ProviderFailure
from app.extensions import db
from app.integrations.webhooks.sender import HttpWebhookSender
from app.services import webhook_delivery
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


def deliveries(api: Api, token: str, query: str = "") -> list[dict[str, Any]]:
    return list(api.v2(f"{ENDPOINTS}/{token}/deliveries{query}").json["data"])  # type: ignore[index]


def shown(api: Api, token: str) -> dict[str, Any]:
    return dict(api.v2(f"{ENDPOINTS}/{token}").json or {})


def events(api: Api, query: str = "") -> list[dict[str, Any]]:
    api.system.catch_up()
    return list(api.v2(f"/events?limit=100{query}").json["data"])  # type: ignore[index]


def test_what_happened_arrives_signed_as_the_event_list_has_it(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver)
    api.system.settle()
    got = receiver.at("/hooks")
    assert [each.event for each in got] == events(api)
    assert [each.headers["webhook-id"] for each in got] == [each["id"] for each in events(api)]
    assert all(each.is_signed_with(secrets(api, token)[0]) for each in got)
    assert {each.headers["content-type"] for each in got} == {"application/json"}
    assert not any(each.is_signed_with("whsec_" + "A" * 44) for each in got)
    told = deliveries(api, token)
    assert {(each["state"], each["answer_status"], each["attempts"]) for each in told} == {("delivered", 200, 1)}
    assert {each["event"] for each in told} == {each["id"] for each in events(api)}
    assert shown(api, token)["last_success_at"]


def test_a_late_message_still_says_what_was_true_then(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver, types=["invoice.issued"])
    receiver.status["/hooks"] = 503
    number, _ = api.system.settle()
    assert deliveries(api, token)[0]["state"] == "waiting"
    receiver.status.clear()
    api.system.hurry()
    api.system.drain()
    first, *again = receiver.at("/hooks")
    assert {each.body for each in again} == {first.body}
    assert {each.headers["webhook-id"] for each in again} == {first.headers["webhook-id"]}
    assert first.event["data"]["invoice"] == {**first.event["data"]["invoice"], "number": number, "status": "unpaid"}
    assert api.system.status(number) == "paid"
    assert deliveries(api, token)[0]["state"] == "delivered"
    assert shown(api, token)["failing_since"] is None


def test_two_secrets_sign_until_the_overlap_is_over(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver)
    (old,) = secrets(api, token)
    rotated = api.v2(f"{ENDPOINTS}/{token}/secret", {"keep_previous_s": 3600})
    assert rotated.status_code == 201
    new, kept = secrets(api, token)
    assert (kept, new != old) == (old, True)
    api.system.invoice()
    api.system.drain()
    assert receiver.got[-1].is_signed_with(old)
    assert receiver.got[-1].is_signed_with(new)
    api.system.sql("update webhook_endpoint set previous_until = now()")
    api.system.invoice()
    api.system.drain()
    assert secrets(api, token) == [new]
    assert not receiver.got[-1].is_signed_with(old)
    assert receiver.got[-1].is_signed_with(new)


def test_secrets_are_sealed_where_they_lie(api: Api, receiver: Receiver) -> None:
    body = {"url": f"{receiver.origin}/hooks"}
    token = api.v2(ENDPOINTS, body, Idempotency_Key="k").json["id"]  # type: ignore[index]
    api.v2(f"{ENDPOINTS}/{token}/secret", {}, Idempotency_Key="k")
    for secret in secrets(api, token):
        for table in ("webhook_endpoint", "idempotency_key", "event", "outbox"):
            found = api.system.rows(f"select t::text from {table} t")
            assert not any(secret.removeprefix("whsec_") in row[0] for row in found)


def test_a_secret_sealed_under_another_secret_key_is_said_and_replaced(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver)
    settings = api.system.app.extensions["settings"]
    another = settings.model_copy(update={"secret_key": SecretStr("k" * 40)})
    api.system.app.extensions["settings"] = another
    asked = api.v2(f"{ENDPOINTS}/{token}/secret")
    assert problem_of(asked, 409)["code"] == "secret_unreadable"
    assert api.v2(f"{ENDPOINTS}/{token}/secret", {}).status_code == 201
    assert len(secrets(api, token)) == 1
    api.system.settle()
    assert receiver.at("/hooks")


@pytest.mark.slow
def test_an_endpoint_that_is_dead_or_slow_is_in_nobodys_way(api: Api, receiver: Receiver) -> None:
    dead = api.v2(ENDPOINTS, {"url": "http://127.0.0.1:9/dead"}).json["id"]  # type: ignore[index]
    broken = endpoint(api, receiver, "/broken")
    alive = endpoint(api, receiver, "/alive")
    receiver.status["/broken"] = 500
    for _ in range(5):
        api.system.invoice()
    api.system.drain(past_breaks=False)
    assert len(receiver.at("/alive")) == 5
    assert {each["state"] for each in deliveries(api, alive)} == {"delivered"}
    assert {each["state"] for each in deliveries(api, dead) + deliveries(api, broken)} == {"waiting"}
    lanes = api.system.rows("select name, failures > 0 from lane where name like 'webhook:%' order by id")
    assert [failing for _, failing in lanes] == [True, False, False]
    assert shown(api, dead)["failing_since"]
    assert api.system.scalar("select count(*) from lane where name not like 'webhook:%' and failures > 0") == 0


def test_an_endpoint_that_says_it_is_gone_is_switched_off_and_can_catch_up(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver)
    receiver.status["/hooks"] = 410
    numbers = [api.system.invoice()]
    api.system.drain()
    assert (shown(api, token)["enabled"], shown(api, token)["disabled_by"]) == (False, "gone")
    assert api.system.scalar("select count(*) from review_item where kind = 'webhook.endpoint.off'") == 1
    numbers.append(api.system.invoice())
    api.system.hurry()
    api.system.drain()
    assert len(receiver.got) == 1
    assert [each["state"] for each in deliveries(api, token)] == ["skipped"]
    again = {"created_from": "2020-01-01T00:00:00Z"}
    assert problem_of(api.v2(f"{ENDPOINTS}/{token}/resend", again), 409)["code"] == "endpoint_off"
    receiver.status.clear()
    assert api.v2(f"{ENDPOINTS}/{token}", {"enabled": True}, method="PATCH").json["enabled"] is True  # type: ignore[index]
    assert api.v2(f"{ENDPOINTS}/{token}/resend", again).json["queued"] == 2  # type: ignore[index]
    api.system.drain(past_breaks=False)
    assert [each.event["data"]["invoice"]["number"] for each in receiver.got[1:]] == numbers


@pytest.mark.slow
def test_an_endpoint_that_only_fails_is_switched_off_after_ten_messages(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver)
    receiver.status["/hooks"] = 404
    for _ in range(12):
        api.system.invoice()
    for _ in range(4):
        api.system.drain()
        api.system.hurry()
    assert shown(api, token)["disabled_by"] == "failing"
    states = [each["state"] for each in deliveries(api, token)]
    assert (states.count("failed"), states.count("skipped")) == (10, 2)
    assert len(deliveries(api, token, "?state=failed&limit=100")) == 10
    assert {each["answer_status"] for each in deliveries(api, token, "?state=failed")} == {404}


def test_one_event_is_sent_again_when_asked_and_waits_only_once(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver)
    api.system.invoice()
    api.system.drain()
    first = receiver.got[0]
    for queued in (1, 0):
        response = api.v2(f"{ENDPOINTS}/{token}/resend", {"events": [first.headers["webhook-id"]]})
        assert (response.status_code, response.json["queued"]) == (200, queued)  # type: ignore[index]
    api.system.drain()
    assert [each.body for each in receiver.got] == [first.body, first.body]
    assert receiver.got[1].headers["webhook-id"] == first.headers["webhook-id"]


def test_a_range_goes_on_by_cursor_where_it_was_too_long(
    api: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_delivery, "RESENT_AT_ONCE", 3)
    for _ in range(7):
        api.system.invoice()
    api.system.catch_up()
    token = endpoint(api, receiver, types=["invoice.*"])
    body: dict[str, Any] = {"created_from": "2020-01-01T00:00:00Z"}
    queued = []
    for _ in range(3):
        answer = dict(api.v2(f"{ENDPOINTS}/{token}/resend", body).json or {})
        queued.append((answer["queued"], answer["has_more"]))
        body = {"cursor": answer["next_cursor"]}
    assert queued == [(3, True), (3, True), (1, False)]
    api.system.drain()
    assert [each.event for each in receiver.got] == events(api)


def test_a_range_may_begin_at_a_cursor_of_the_event_list_and_name_types(api: Api, receiver: Receiver) -> None:
    api.system.settle()
    api.system.catch_up()
    cursor = api.v2("/events?limit=1").json["next_cursor"]  # type: ignore[index]
    token = endpoint(api, receiver)
    body = {"cursor": cursor, "types": ["payment.*"]}
    assert api.v2(f"{ENDPOINTS}/{token}/resend", body).json["queued"] == 2  # type: ignore[index]
    api.system.drain()
    assert {each.event["type"] for each in receiver.got} == {"payment.created", "payment.completed"}


def test_a_rehearsed_resend_names_each_message_and_sends_nothing(api: Api, receiver: Receiver) -> None:
    api.system.settle()
    api.system.catch_up()
    token, _other = endpoint(api, receiver), endpoint(api, receiver, "/other")
    body = {"created_from": "2020-01-01T00:00:00Z", "types": ["invoice.*"]}
    answer: Any = api.v2(f"{ENDPOINTS}/{token}/resend?dry_run=true", body).json
    wished = "select token from announcement where type like 'invoice.%' order by xact, id"
    named = [each.token for each in api.system.rows(wished)]
    assert answer["queued"] == len(named) > 1
    lanes = "select l.name from lane l join webhook_endpoint e on e.lane_id = l.id where e.token = :t"
    lane = api.system.scalar(lanes, t=token)
    assert answer["rehearsal"]["messages"] == [
        {"kind": "webhook.event.send", "to": lane, "event": each} for each in named
    ]
    assert (answer["rehearsal"]["entries"], answer["rehearsal"]["events"]) == ([], [])
    api.system.drain()
    assert receiver.got == []


def test_an_endpoint_hears_what_it_wished_and_only_its_services_own(api: Api, receiver: Receiver) -> None:
    endpoint(api, receiver, "/paid", types=["invoice.paid"])
    endpoint(api, receiver, "/business", initiator="business_registry")
    endpoint(api, receiver, "/auction", code="auction")
    api.system.settle()
    api.v2("/invoices", {"amount": "1.00", "initiator": "business_registry"})
    api.system.drain()
    assert [each.event["type"] for each in receiver.at("/paid")] == ["invoice.paid"]
    assert [each.event["initiator"] for each in receiver.at("/business")] == ["business_registry"]
    assert receiver.at("/auction") == []


def test_somebody_elses_endpoint_answers_like_nobodys(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver)
    own = api.v2("/invoices", {"amount": "1.00"}, code="auction").json["number"]  # type: ignore[index]
    theirs = api.v2(f"/invoices/{own}?expand=events", code="auction").json["events"][0]["id"]  # type: ignore[index]
    for path in (f"{ENDPOINTS}/{token}", f"{ENDPOINTS}/{token}/secret", f"{ENDPOINTS}/{token}/deliveries"):
        problem_of(api.v2(path, code="auction"), 404)
    problem_of(api.v2(f"{ENDPOINTS}/{token}", {"enabled": False}, method="PATCH", code="auction"), 404)
    problem_of(api.v2(f"{ENDPOINTS}/{token}/secret", {}, code="auction"), 404)
    problem_of(api.v2(f"{ENDPOINTS}/{token}/resend", {"events": [theirs]}, code="auction"), 404)
    problem_of(api.v2(f"{ENDPOINTS}/{token}/resend", {"events": [theirs]}), 404)
    assert api.v2(ENDPOINTS, code="auction").json["data"] == []  # type: ignore[index]


def test_a_redirect_is_not_followed(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver)
    receiver.status["/hooks"] = 307
    api.system.invoice()
    api.system.drain()
    assert [each.path for each in receiver.got] == ["/hooks"]
    assert deliveries(api, token)[0]["answer_status"] == 307


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "169.254.169.254"])
def test_outside_development_no_private_address_is_called(receiver: Receiver, host: str) -> None:
    sender = HttpWebhookSender(allow_private=False, before_request=lambda: None)
    port = receiver.origin.rpartition(":")[2]
    for scheme in ("http", "https"):
        with pytest.raises(ProviderFailure) as failure:
            sender.send("we_x", f"{scheme}://{host}:{port}/hooks", b"{}", {})
        assert failure.value.outcome is Outcome.NOT_SENT
    assert receiver.got == []


def test_the_same_wish_is_one_endpoint_however_often_it_is_made_at_once(api: Api, receiver: Receiver) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: endpoint(api, receiver), range(8)))
    assert len(made) == 1
    other = api.v2(ENDPOINTS, {"url": f"{receiver.origin}/hooks", "types": ["invoice.paid"]})
    assert problem_of(other, 409)["code"] == "endpoint_exists"
    for each in range(9):
        endpoint(api, receiver, f"/{each}")
    one_more = api.v2(ENDPOINTS, {"url": f"{receiver.origin}/more"})
    assert problem_of(one_more, 409)["code"] == "too_many_endpoints"
    api.v2(f"{ENDPOINTS}/{made.pop()}", {"enabled": False}, method="PATCH")
    endpoint(api, receiver, "/more")


def test_an_endpoint_that_is_off_is_owed_nothing(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver)
    api.v2(f"{ENDPOINTS}/{token}", {"enabled": False, "description": "resting"}, method="PATCH")
    api.system.invoice()
    api.system.drain()
    assert (receiver.got, deliveries(api, token)) == ([], [])
    assert (shown(api, token)["disabled_by"], shown(api, token)["description"]) == ("service", "resting")


def test_what_is_undone_is_never_sent(api: Api, receiver: Receiver) -> None:
    endpoint(api, receiver)
    rehearsed = api.v2("/invoices?dry_run=true", {"amount": "1.00"})
    assert [each["kind"] for each in rehearsed.json["rehearsal"]["messages"]] == ["webhook.event.send"]  # type: ignore[index]
    api.system.drain()
    assert receiver.got == []


def test_what_is_committed_is_sent_again_though_something_older_is_still_open(api: Api, receiver: Receiver) -> None:
    token = endpoint(api, receiver)
    api.v2(f"{ENDPOINTS}/{token}", {"enabled": False}, method="PATCH")
    number = api.system.number()
    with api.system.app.app_context():
        url = db.engine.url.render_as_string(hide_password=False).replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url) as older:
        older.execute("select pg_current_xact_id()")
        api.v2("/invoices", {"amount": "1.00", "number": number})
        api.v2(f"{ENDPOINTS}/{token}", {"enabled": True}, method="PATCH")
        again = {"created_from": "2020-01-01T00:00:00Z"}
        assert api.v2(f"{ENDPOINTS}/{token}/resend", again).json["queued"] == 1  # type: ignore[index]
        assert api.v2("/events").json["data"] == []  # type: ignore[index]
        older.rollback()
    api.system.drain()
    assert [each.event["data"]["invoice"]["number"] for each in receiver.got] == [number]
