"""Idempotency-Key: the same key, the same answer, one effect (reliability.md 3.6; security.md T35)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from app.integrations.fault_dial import Fault
from app.services import idempotency, invoices, numbering
from tests.api.client import (
    BACK,
    BULK,
    DEPOSIT,
    DEPOSIT_STATUS,
    DIRECTO,
    E_INVOICE,
    GIVE_UP,
    IMPORT_INVOICES,
    IMPORT_REFERENCES,
    NUMBER,
    ONEOFF,
    REFERENCE,
    REFUND,
    REGISTER,
    ROUTES,
    STATUS,
    SYNCHRONISE,
    error_of,
    only,
)

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api

OF_THE_AUCTION = {DEPOSIT, DEPOSIT_STATUS}
KEYS = "select count(*) from idempotency_key"


def keyed(api: Api, key: str, path: str = NUMBER, body: Any = None, code: str = "registry") -> TestResponse:
    return api.send(path, body, code=code, Idempotency_Key=key)


def is_replay(response: TestResponse) -> bool:
    return response.headers.get("Idempotency-Replayed") == "true"


def test_a_repeated_key_gets_the_first_answer(own_api: Api) -> None:
    first, second = keyed(own_api, "a"), keyed(own_api, "a")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert (is_replay(first), is_replay(second)) == (False, True)
    assert own_api.count("number_reservation") == 1


def test_another_key_is_another_call(own_api: Api) -> None:
    assert keyed(own_api, "a").json != keyed(own_api, "b").json


def test_every_unsafe_route_can_be_repeated(own_api: Api) -> None:
    number = own_api.system.invoice()
    bodies = {
        REGISTER: own_api.registration(),
        ONEOFF: {"invoice_number": number, "customer_url": BACK["registry"]},
        BULK: {
            "description": str(own_api.system.invoice()),
            "transaction_amount": "120",
            "customer_url": BACK["registry"],
            "custom_field2": "registry",
        },
        DEPOSIT: {
            "description": "auction_deposit a.ee, user_uuid u-1, user_email a@b.ee",
            "transaction_amount": "500.0",
            "customer_url": BACK["auction"],
            "custom_field2": "auction",
        },
        DEPOSIT_STATUS: {"domain_name": "a.ee", "user_uuid": "u-1", "status": "returned"},
        "/invoice_generator/monthly_invoice_numbers_generator": {"count": 2},
        STATUS: {"invoice_number": number, "status": "overdue"},
        "/invoice/update_invoice_data": {"invoice_number": own_api.system.invoice(), "transaction_amount": "5"},
        SYNCHRONISE: {
            "id": own_api.system.scalar("select id from invoice where number = :n", n=own_api.system.invoice()),
            "status": "paid",
        },
        DIRECTO: {"invoice_data": [{"number": number, "invoice_lines": []}]},
        E_INVOICE: {"invoice": {"number": number}, "items": []},
        IMPORT_INVOICES: [{"invoice_number": 7, "transaction_amount": "1.00", "status": "paid"}],
        IMPORT_REFERENCES: [{"reference_number": "2144032", "registrar_name": "x"}],
        GIVE_UP: {"domain_name": "a.ee", "token": "5e03f248-6"},
        REFUND: {"params": {"invoice_number": own_api.system.settle()[0]}},
    }
    holder: dict[str, Any] = {
        "custom_field2": "business_registry",
        "custom_field1": "5e03f248-6",
        "reserved_domain_names": ["a.ee"],
    }
    own_api.send(REGISTER, own_api.registration(**holder))
    for path in ROUTES:
        code = "auction" if path in OF_THE_AUCTION else "registry"
        first = keyed(own_api, "the-same", path, bodies.get(path), code)
        second = keyed(own_api, "the-same", path, bodies.get(path), code)
        assert first.status_code in {200, 201}
        assert (second.status_code, second.json) == (first.status_code, first.json)
        assert is_replay(second), path


def test_another_body_under_the_same_key_is_refused(api: Api) -> None:
    body = api.registration()
    keyed(api, "other-body", REGISTER, body)
    response = keyed(api, "other-body", REGISTER, {**body, "transaction_amount": "1.00"})
    assert only(response) == {"Idempotency-Key": ["was used with another body"]}


def test_the_same_body_written_differently_is_the_same(api: Api) -> None:
    body = api.registration(transaction_amount="120.00")
    keyed(api, "same-body", REGISTER, body)
    again = dict(reversed(list(body.items()))) | {
        "transaction_amount": 120,
        "invoice_number": str(body["invoice_number"]),
    }
    assert is_replay(keyed(api, "same-body", REGISTER, again))


def test_a_key_belongs_to_one_service_and_one_route(api: Api) -> None:
    mine = keyed(api, "shared", REFERENCE)
    theirs = keyed(api, "shared", REFERENCE, code="auction")
    elsewhere = keyed(api, "shared", NUMBER)
    assert mine.json != theirs.json
    assert not is_replay(theirs)
    assert not is_replay(elsewhere)


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 256, "ä", "a\x7f", "a\tb"])
def test_a_key_is_visible_ascii(api: Api, key: str) -> None:
    before = api.count("number_reservation")
    response = keyed(api, key)
    assert only(response) == {"Idempotency-Key": ["must be 1 to 255 visible ASCII characters"]}
    assert api.count("number_reservation") == before


@pytest.mark.parametrize("key", ["a" * 255, "!~", "8e03978e-40d5-43e8-bc93-6894a57f9324"])
def test_any_visible_key_will_do(api: Api, key: str) -> None:
    keyed(api, key, REFERENCE)
    assert is_replay(keyed(api, key, REFERENCE))


def test_a_refused_call_may_be_corrected_under_its_key(api: Api) -> None:
    body = api.registration()
    assert keyed(api, "corrected", REGISTER, {**body, "transaction_amount": "x"}).status_code == 422
    assert keyed(api, "corrected", STATUS, {"invoice_number": 42, "status": "paid"}).status_code == 404
    answer = keyed(api, "corrected", REGISTER, body)
    assert answer.status_code == 201
    assert not is_replay(answer)


def test_a_conflict_is_not_kept(api: Api) -> None:
    number = api.system.invoice()
    paid = {"invoice_number": number, "status": "paid"}
    api.send(STATUS, {"invoice_number": number, "status": "cancelled"})
    assert keyed(api, "conflict", STATUS, paid).status_code == 409
    assert keyed(api, "conflict", STATUS, paid).status_code == 409
    assert api.system.scalar(f"{KEYS} where key = 'conflict'") == 0


def test_an_ended_range_is_not_kept(own_api: Api) -> None:
    own_api.system.sql("update number_range set next_number = last_number + 1 where kind = 'invoice'")
    assert keyed(own_api, "ended").status_code == 501
    assert own_api.count("idempotency_key") == 0


@pytest.mark.parametrize(("module", "verb"), [(invoices, "register"), (idempotency, "_keep")])
def test_a_bug_rolls_everything_back_and_keeps_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, module: Any, verb: str
) -> None:
    body, key, works = api.registration(), f"bug in {verb}".replace(" ", "-"), getattr(module, verb)

    def done_and_broken(*arguments: Any) -> None:
        works(*arguments)
        raise RuntimeError

    before = [api.count(table) for table in ("invoice", "event", "outbox", "idempotency_key")]
    with monkeypatch.context() as patch:
        patch.setattr(module, verb, done_and_broken)
        assert keyed(api, key, REGISTER, body).status_code == 500
    assert [api.count(table) for table in ("invoice", "event", "outbox", "idempotency_key")] == before
    assert not is_replay(keyed(api, key, REGISTER, body))


def broken(*_: Any) -> Any:
    raise RuntimeError


def test_the_answer_is_kept_in_the_transaction_of_the_effect(api: Api) -> None:
    body = api.registration()
    keyed(api, "together", REGISTER, body)
    question = "select i.xmin::text = k.xmin::text from invoice i, idempotency_key k where i.number = :n and k.key = :k"
    assert api.system.scalar(question, n=body["invoice_number"], k="together") is True


def test_a_second_call_at_the_same_moment_is_asked_to_come_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = threading.Event(), threading.Event()
    register = invoices.register

    def slow(*arguments: Any) -> Any:
        entered.set()
        assert leave.wait(5)
        return register(*arguments)

    body = api.registration()
    monkeypatch.setattr(invoices, "register", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(keyed, api, "at-once", REGISTER, body)
        assert entered.wait(5)
        second = keyed(api, "at-once", REGISTER, body)
        leave.set()
        assert first.result().status_code == 201
    assert second.status_code == 409
    assert second.headers["Retry-After"] == "2"
    assert error_of(second)["code"] == "still_running"
    assert is_replay(keyed(api, "at-once", REGISTER, body))


def test_twenty_calls_at_once_have_one_effect(own_api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: keyed(own_api, "burst"), range(20)))
    numbers = {answer.json["invoice_number"] for answer in answers if answer.status_code == 201}  # type: ignore[index]
    assert len(numbers) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert own_api.count("number_reservation") == 1


def test_a_one_off_payment_is_repeated_without_another_page(own_api: Api) -> None:
    body = {"invoice_number": own_api.system.invoice(), "customer_url": BACK["registry"]}
    first, second = (keyed(own_api, "page", ONEOFF, body) for _ in range(2))
    assert first.json == second.json
    assert is_replay(second)
    assert own_api.count("payment") == 1


def test_a_one_off_that_failed_may_be_sent_again(own_api: Api) -> None:
    body = {"invoice_number": own_api.system.invoice(), "customer_url": BACK["registry"]}
    own_api.system.shop.dial.turn([Fault("create", "http", status=422)])
    assert keyed(own_api, "again", ONEOFF, body).status_code == 422
    assert own_api.count("idempotency_key") == 0
    assert keyed(own_api, "again", ONEOFF, body).status_code == 201


def test_a_one_off_whose_process_died_is_taken_over_after_a_minute(own_api: Api) -> None:
    body = {"invoice_number": own_api.system.invoice(), "customer_url": BACK["registry"]}
    keyed(own_api, "died", ONEOFF, body)
    own_api.system.sql("update idempotency_key set state = 'running', status = null, body = null")
    waiting = keyed(own_api, "died", ONEOFF, body)
    assert (waiting.status_code, error_of(waiting)["code"]) == (409, "still_running")
    own_api.system.sql("update idempotency_key set locked_until = now() - interval '1 second'")
    taken = keyed(own_api, "died", ONEOFF, body)
    assert taken.status_code == 201
    assert not is_replay(taken)
    assert own_api.count("payment") == 1


def test_a_key_is_forgotten_after_thirty_days(own_api: Api) -> None:
    first = keyed(own_api, "old")
    kept = own_api.system.scalar("select expires_at - now() > interval '29 days 23 hours' from idempotency_key")
    assert kept is True
    own_api.system.sql("update idempotency_key set expires_at = now() - interval '1 second'")
    second = keyed(own_api, "old")
    assert not is_replay(second)
    assert first.json != second.json
    assert is_replay(keyed(own_api, "old"))


def test_forgotten_keys_are_swept_away(own_api: Api) -> None:
    keyed(own_api, "old")
    keyed(own_api, "new")
    own_api.system.sql("update idempotency_key set expires_at = now() - interval '1 second' where key = 'old'")
    with own_api.system.app.app_context():
        assert idempotency.sweep() == 1
        assert idempotency.sweep() == 0
    assert own_api.system.scalar("select key from idempotency_key") == "new"


def test_no_more_keys_are_swept_at_once_than_may_be(own_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        keyed(own_api, name)
    own_api.system.sql("update idempotency_key set expires_at = now() - interval '1 second'")
    monkeypatch.setattr(idempotency, "SWEPT_ROWS", 2)
    with own_api.system.app.app_context():
        assert [idempotency.sweep() for _ in range(3)] == [2, 1, 0]


def test_without_a_key_nothing_is_kept(own_api: Api) -> None:
    own_api.send(NUMBER)
    own_api.system.invoice()
    assert own_api.count("idempotency_key") == 0


def test_a_denied_caller_reads_no_answer(api: Api) -> None:
    keyed(api, "denied")
    response = api.system.app.test_client().post(
        "/api/v1/invoice_generator/invoice_number_generator", headers={"Idempotency-Key": "denied"}
    )
    assert response.status_code == 401
    assert not is_replay(response)


def test_a_failing_verb_frees_its_turn(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(numbering, "take_invoice_number", broken)
        assert keyed(api, "turn").status_code == 500
    assert keyed(api, "turn").status_code == 201
