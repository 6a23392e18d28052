"""The gateway's callback, and portals that relay it (eis.md 5.12; reliability.md 3.5; security.md T03, T04, T40)."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from limits import parse

from app.blueprints.callbacks import everypay
from app.web import limits
from tests.api.client import CALLBACK, error_of, only
from tests.system import V1

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api

REFERENCE = "db98561ec7a380d2e0872a34ffccdd0c4d2f2fd237b6d0ac22f88f52a"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everypay, "WAIT_S", 0.15)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> limits.Noisy:
    """Let a peer be heard five times a minute about payments nobody knows."""
    strangers = limits.Noisy(limits.Budget(f"test {time.monotonic()}", parse("5 per minute")))
    monkeypatch.setattr(everypay, "STRANGERS", strangers)
    return strangers


def fresh(api: Api) -> str:
    return f"{api.count('inbox'):040x}"


def heard(api: Api, query: str, **headers: str) -> TestResponse:
    return api.get(f"{V1}{CALLBACK}?{query}", **headers)


def last_message(api: Api) -> Any:
    return api.system.rows("select * from inbox order by id desc limit 1")[0]


def test_a_callback_is_kept_and_answered_at_once(api: Api) -> None:
    began = time.monotonic()
    query = f"payment_reference={REFERENCE}&order_reference=150005&event_name=status_updated"
    response = heard(api, query, User_Agent="EveryPay", Cookie="a=b", Authorization="Bearer x")
    assert time.monotonic() - began < 1
    assert response.status_code == 200
    assert response.json == {"message": None, "user_unique_id": None, "custom_field_1": None}
    kept = last_message(api)
    assert (kept.source, kept.external_id, kept.kind, kept.raw) == ("everypay", REFERENCE, "status_updated", query)
    assert kept.headers == {"user-agent": "EveryPay"}


def test_of_a_message_as_long_as_may_be_no_more_is_kept_than_a_gateway_has_to_say(api: Api) -> None:
    query = f"payment_reference={fresh(api)}&event_name=status_updated"
    body = b'{"x": "' + b"a" * 200_000 + b'"}'
    response = api.system.app.test_client().post(f"{V1}{CALLBACK}?{query}", data=body, content_type="application/json")
    assert response.status_code == 200
    kept = last_message(api).raw
    assert kept.startswith(query)
    assert len(kept) == 4_096


def test_no_gateway_is_called_in_the_request(api: Api) -> None:
    calls = len(api.system.shop.store.exchanges("GET /payments"))
    heard(api, f"payment_reference={fresh(api)}&event_name=status_updated")
    assert len(api.system.shop.store.exchanges("GET /payments")) == calls


@pytest.mark.parametrize("body", ["json", "form", "query"])
def test_a_post_is_as_good(api: Api, body: str) -> None:
    said = {"payment_reference": fresh(api), "event_name": "refunded"}
    client = api.system.app.test_client()
    address = f"{V1}{CALLBACK}"
    if body == "json":
        response = client.post(address, json=said)
    elif body == "form":
        response = client.post(address, data=said, content_type="application/x-www-form-urlencoded")
    else:
        response = client.post(address, query_string=said, data=b"\xff\0", content_type="text/plain")
    assert response.status_code == 200
    assert (last_message(api).external_id, last_message(api).kind) == (said["payment_reference"], "refunded")


def test_the_format_may_stand_in_the_address(api: Api) -> None:
    reference = fresh(api)
    assert api.get(f"{V1}{CALLBACK}.json?payment_reference={reference}&event_name=x").status_code == 200
    assert last_message(api).external_id == reference


@pytest.mark.parametrize(
    "value",
    ["", "short", "../../etc/passwd", "a" * 81, "a%2Fb" * 9, "%00" * 40, "%C3%A4" * 40, "a b" * 10, "'" * 40, "%"],
)
def test_what_is_no_reference_is_refused_and_not_kept(api: Api, value: str) -> None:
    before = api.count("inbox")
    response = heard(api, f"payment_reference={value}")
    assert set(only(response)) == {"payment_reference"}
    assert api.count("inbox") == before


def test_a_reference_is_needed(api: Api) -> None:
    assert only(heard(api, "order_reference=1")) == {"payment_reference": ["is missing"]}
    assert only(api.get(f"{V1}{CALLBACK}")) == {"payment_reference": ["is missing"]}


@pytest.mark.parametrize("said", [["a"], {"a": 1}, True])
def test_a_reference_is_text(api: Api, said: Any) -> None:
    response = api.system.app.test_client().post(f"{V1}{CALLBACK}", json={"payment_reference": said})
    assert only(response) == {"payment_reference": ["must be a string"]}


def test_a_reference_said_twice_is_refused(api: Api) -> None:
    before = api.count("inbox")
    response = heard(api, f"payment_reference={REFERENCE}&payment_reference={'b' * 40}")
    assert response.status_code == 400
    assert api.count("inbox") == before


@pytest.mark.parametrize("event", ["%00", "a" * 61, "<script>", "%FF", "Status", "a%20b"])
def test_a_strange_event_is_still_news(api: Api, event: str) -> None:
    response = heard(api, f"payment_reference={fresh(api)}&event_name={event}")
    assert response.status_code in {200, 400}
    if response.status_code == 200:
        assert last_message(api).kind == "callback"


def test_a_relay_waits_for_the_look_and_reads_the_payer_s_field(own_api: Api) -> None:
    api = own_api
    number = api.system.invoice("registry", custom_field1="5e03f248-6")
    link = api.system.scalar("select payment_link from invoice where number = :n", n=number)
    page = api.system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    reference = page.headers["Location"].rpartition("/")[2]
    api.system.pay(reference)
    worker = threading.Thread(target=drain_when_heard, args=(api,))
    worker.start()
    response = heard(api, f"payment_reference={reference}&order_reference={number}")
    worker.join()
    assert response.json == {"message": None, "user_unique_id": "5e03f248-6", "custom_field_1": "5e03f248-6"}
    assert api.system.status(number) == "paid"
    again = heard(api, f"payment_reference={reference}&event_name=status_updated")
    assert again.json == response.json


def drain_when_heard(api: Api) -> None:
    for _ in range(100):
        if api.count("inbox"):
            break
        time.sleep(0.02)
    api.system.drain()


@pytest.mark.usefixtures("impatient")
def test_a_relay_does_not_wait_for_ever(api: Api) -> None:
    began = time.monotonic()
    response = heard(api, f"payment_reference={fresh(api)}")
    assert response.status_code == 200
    assert 0.15 <= time.monotonic() - began < 1.5


def test_no_more_than_two_wait_at_a_time(own_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api, places = own_api, threading.BoundedSemaphore(2)
    monkeypatch.setattr(everypay, "WAIT_S", 60.0)
    monkeypatch.setattr(everypay, "_waiting", places)
    references = [f"{fresh(api)}{step}" for step in range(3)]
    waiting = [
        threading.Thread(target=heard, args=(api, f"payment_reference={reference}")) for reference in references[:2]
    ]
    for each in waiting:
        each.start()
    while places._value:
        time.sleep(0.01)
    assert heard(api, f"payment_reference={references[2]}").status_code == 200
    assert [each.is_alive() for each in waiting] == [True, True]
    api.system.drain()
    for each in waiting:
        each.join()


def test_many_strange_callbacks_of_one_peer_are_slowed_down(api: Api, narrow: limits.Noisy) -> None:
    known = api.system.one_off(api.system.invoice())
    answers = [heard(api, f"payment_reference={'f' * 30}{step:05d}&event_name=x") for step in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 6 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "60"
    assert error_of(answers[-1])["message"].startswith("Too many")
    assert heard(api, f"payment_reference={known}&event_name=x").status_code == 200
    assert not narrow.is_noisy("192.0.2.1")


def test_callbacks_about_known_payments_are_never_counted(api: Api, narrow: limits.Noisy) -> None:
    known = api.system.one_off(api.system.invoice())
    for _ in range(12):
        assert heard(api, f"payment_reference={known}&event_name=x").status_code == 200
    assert not narrow.is_noisy("127.0.0.1")


def test_the_answer_tells_a_stranger_nothing(api: Api) -> None:
    number, reference = api.system.settle()
    response = heard(api, f"payment_reference={reference}&event_name=x")
    assert set(response.json) == {"message", "user_unique_id", "custom_field_1"}  # type: ignore[arg-type]
    assert str(number) not in response.text
