"""PUT, PATCH invoice/invoice_synchronize (eis.md 5.13, 8.5, 10.2.7)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from app.integrations.breaker import Breaker
from app.integrations.fault_dial import Fault
from tests.api.client import STATUS, SYNCHRONISE, error_of, only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

    from tests.api.client import Api

DONE = {"message": "Invoice data was successfully updated"}
KEYS = {
    "invoice_number", "initiator", "payment_reference", "transaction_amount", "status", "in_directo",
    "everypay_response", "transaction_time", "sent_at_omniva",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _calm_services(api: Api) -> Iterator[None]:
    yield
    for code in ("registry", "auction"):
        api.system.service(code).dial.turn([])
        api.system.app.extensions["integrations"].initiators._callers[code].breaker = Breaker()


def id_of(api: Api, number: int) -> int:
    return int(api.system.scalar("select id from invoice where number = :n", n=number))


def send(api: Api, number: int, status: Any, code: str = "registry", **more: Any) -> TestResponse:
    return api.send(SYNCHRONISE, {"id": id_of(api, number), "status": status}, code=code, **more)


def heard(api: Api, code: str, number: int) -> list[dict[str, Any]]:
    bodies = [json.loads(each["body"]) for each in api.system.service(code).store.exchanges("invoices")]
    return [body for body in bodies if body["invoice"]["invoice_number"] == number]


@pytest.mark.parametrize("code", ["registry", "auction"])
@pytest.mark.parametrize("status", ["paid", "cancelled"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST"])
def test_the_service_takes_the_status(api: Api, code: str, status: str, method: str) -> None:
    number = api.system.invoice(code)
    response = send(api, number, status, code, method=method)
    assert (response.status_code, response.json) == (200, DONE)
    assert api.system.service(code).invoice(str(number))["status"] == status  # type: ignore[index]


def test_the_message_has_the_nine_keys_and_the_wish(api: Api) -> None:
    number = api.system.invoice("auction", "99.90")
    send(api, number, "paid", "auction")
    message = heard(api, "auction", number)[0]
    assert set(message) == {"invoice", "status"}
    assert message["status"] == "paid"
    assert set(message["invoice"]) == KEYS
    assert message["invoice"] == dict.fromkeys(KEYS) | {
        "invoice_number": number, "initiator": "auction", "transaction_amount": "99.9", "status": "unpaid",
        "in_directo": False,
    }  # fmt: skip


def test_a_paid_invoice_brings_what_the_gateway_said(api: Api) -> None:
    number, reference = api.system.settle("auction")
    send(api, number, "paid", "auction")
    invoice = heard(api, "auction", number)[0]["invoice"]
    assert (invoice["payment_reference"], invoice["status"]) == (reference, "paid")
    assert invoice["everypay_response"]["payment_state"] == "settled"
    assert invoice["transaction_time"] == invoice["everypay_response"]["transaction_time"]


def test_the_invoice_here_is_not_changed(api: Api) -> None:
    number = api.system.invoice()
    facts = "select status, version, updated_at, paid_at from invoice where number = :n"
    before = api.system.rows(facts, n=number)
    assert send(api, number, "paid").status_code == 200
    assert api.system.rows(facts, n=number) == before


def test_it_stands_on_the_timeline(api: Api) -> None:
    number = api.system.invoice()
    send(api, number, "paid")
    line = api.system.scalar("select data from event where kind = 'initiator.notified' order by id desc limit 1")
    assert (line["initiator"], line["said"], line["status"]) == ("registry", "paid", 200)


@pytest.mark.parametrize("status", ["refunded", "failed"])
def test_what_the_registry_refuses_is_said_in_its_words(api: Api, status: str) -> None:
    number = api.system.invoice()
    response = send(api, number, status)
    assert response.status_code == 422
    assert error_of(response) == {"message": f"You can not change issued to {status}"}
    refused = "select reason from event where kind = 'initiator.refused' order by id desc limit 1"
    assert api.system.scalar(refused) == f"You can not change issued to {status}"


def test_an_invoice_the_service_does_not_have_is_refused(api: Api) -> None:
    body = api.registration("auction")
    api.send("/invoice_generator/invoice_generator", body, code="auction")
    response = send(api, body["invoice_number"], "paid", "auction")
    assert response.status_code == 422
    assert error_of(response) == {"message": f"Invoice with {body['invoice_number']} number not found"}


@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_cannot_answer_now_has_refused_nothing(api: Api, status: int) -> None:
    number = api.system.invoice()
    api.system.transports["registry"].app.test_client().put(
        "/_sim/faults", json=[{"operation": "*", "kind": "http", "status": status, "times": 1}]
    )
    assert send(api, number, "paid").status_code == 503
    kinds = "select e.kind from event e join invoice i on i.id = e.invoice_id where number = :n and e.kind like 'init%'"
    assert api.system.rows(kinds, n=number) == [("initiator.notice.unknown",)]


@pytest.mark.parametrize("code", ["registry", "auction"])
def test_overdue_cannot_be_told(api: Api, code: str) -> None:
    number = api.system.invoice(code)
    api.send(STATUS, {"invoice_number": number, "status": "overdue"}, code=code)
    response = send(api, number, "overdue", code)
    assert response.status_code == 422
    assert error_of(response) == {"message": "You can not change to this status!"}
    assert not heard(api, code, number)


@pytest.mark.parametrize(("code", "owner"), [("eeid", "eeid"), ("registry", "business_registry")])
def test_a_service_without_an_address_for_it_is_said(api: Api, code: str, owner: str) -> None:
    number = api.system.invoice(code, custom_field2=owner)
    response = send(api, number, "paid", code)
    assert response.status_code == 422
    assert error_of(response) == {"message": "Synchronization for this service not working at the moment!"}


def test_an_unknown_id_is_not_there(api: Api) -> None:
    assert api.send(SYNCHRONISE, {"id": 10**17, "status": "paid"}).status_code == 404


@pytest.mark.parametrize(("caller", "owner"), [("registry", "auction"), ("auction", "registry"), ("eeid", "auction")])
def test_a_foreign_id_looks_exactly_like_an_unknown_one(api: Api, caller: str, owner: str) -> None:
    number = api.system.invoice(owner)
    foreign, nothing = (
        send(api, number, "paid", caller),
        api.send(SYNCHRONISE, {"id": 10**17, "status": "paid"}, code=caller),
    )
    assert foreign.status_code == nothing.status_code == 404
    assert foreign.text.replace(str(id_of(api, number)), "N") == nothing.text.replace(str(10**17), "N")
    assert not heard(api, owner, number)


@pytest.mark.parametrize("field", ["id", "status"])
def test_every_field_is_missed_by_name(api: Api, field: str) -> None:
    body = {"id": id_of(api, api.system.invoice()), "status": "paid"}
    del body[field]
    assert only(api.send(SYNCHRONISE, body)) == {field: ["is missing"]}


@pytest.mark.parametrize("value", ["x", "-1", 1.5, [], {}, True, None, "1" * 19])
def test_an_id_is_a_number(api: Api, value: Any) -> None:
    assert set(only(api.send(SYNCHRONISE, {"id": value, "status": "paid"}))) == {"id"}


@pytest.mark.parametrize("value", ["Paid", "settled", "%", "", [], {}, 1])
def test_a_status_is_one_of_the_six_words(api: Api, value: Any) -> None:
    assert set(only(send(api, api.system.invoice(), value))) == {"status"}


@pytest.mark.parametrize(("kind", "more"), [("http", {"status": 500}), ("reset", {}), ("reset_after", {})])
def test_a_service_that_does_not_answer_is_an_error_to_come_back_from(
    api: Api, kind: str, more: dict[str, Any]
) -> None:
    number = api.system.invoice("auction")
    api.system.service("auction").dial.turn([Fault("invoices", kind, times=10, **more)])
    response = send(api, number, "paid", "auction")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert error_of(response) == {"message": "auction does not answer at the moment: try again shortly"}
    api.system.service("auction").dial.turn([])
    api.system.app.extensions["integrations"].initiators._callers["auction"].breaker = Breaker()
    assert send(api, number, "paid", "auction").json == DONE


def test_forms_work_like_json(api: Api) -> None:
    body = urlencode({"id": id_of(api, api.system.invoice()), "status": "paid"}).encode()
    assert api.raw(SYNCHRONISE, body, "application/x-www-form-urlencoded").status_code == 200
