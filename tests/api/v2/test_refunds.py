"""Refunds of version 2: asked for, rehearsed, sent once, told, and never more than there is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from app.services import refunds
from app.services.refunds import RefundOrder
from app.services.timeline import Actor
from tests.api.client import fields_of, problem_of

if TYPE_CHECKING:
    from tests.api.client import Api


def paid(api: Api, amount: str = "100.00") -> tuple[int, str]:
    """Return an invoice that is paid, and its payment's id."""
    number, _ = api.system.settle(amount=amount)
    return number, str(api.v2(f"/payments?invoice={number}").json["data"][0]["id"])  # type: ignore[index]


def of(api: Api, payment: str) -> list[dict[str, Any]]:
    """Return the refunds of a payment."""
    return list(api.v2(f"/refunds?payment={payment}").json["data"])  # type: ignore[index]


def test_a_part_and_then_the_rest_go_back(api: Api) -> None:
    number, payment = paid(api)
    first = api.v2("/refunds", {"payment": payment, "amount": "40.00", "reason": "one of two"})
    assert first.status_code == 201, first.text
    assert (first.json["status"], first.json["amount"], first.json["invoice"]) == ("requested", "40.00", number)  # type: ignore[index]
    api.system.drain()
    done = api.v2(f"/refunds/{first.json['id']}").json  # type: ignore[index]
    assert (done["status"], bool(done["finished_at"])) == ("succeeded", True)  # type: ignore[index]
    assert api.v2(f"/invoices/{number}").json["status"] == "partially_refunded"  # type: ignore[index]
    rest = api.v2("/refunds", {"payment": payment, "reason": "the other"})
    assert rest.json["amount"] == "60.00"  # type: ignore[index]
    api.system.drain()
    assert api.v2(f"/invoices/{number}").json["refunded"] == "100.00"  # type: ignore[index]
    api.system.catch_up()
    types = "refund.requested,refund.processing,refund.succeeded"
    told = api.v2(f"/events?limit=100&type={types}").json["data"]  # type: ignore[index]
    kinds = [each["type"] for each in told if each["data"]["refund"]["id"] == first.json["id"]]  # type: ignore[index]
    assert kinds == ["refund.requested", "refund.processing", "refund.succeeded"]


def test_a_rehearsed_refund_reserves_nothing_and_names_the_call(api: Api) -> None:
    number, payment = paid(api)
    body = {"payment": payment, "amount": "40.00", "reason": "to see"}
    shown: dict[str, Any] = dict(api.v2("/refunds?dry_run=true", body).json or {})
    assert (shown["status"], shown["amount"]) == ("requested", "40.00")
    assert shown["rehearsal"]["events"] == ["refund.requested"]
    assert {"kind": "gateway.refund.execute", "to": "everypay", "event": None} in shown["rehearsal"]["messages"]
    api.system.drain()
    assert of(api, payment) == []
    assert api.v2(f"/invoices/{number}").json["refunded"] == "0.00"  # type: ignore[index]


def test_more_than_is_left_is_refused_and_nothing_is_kept(api: Api) -> None:
    _, payment = paid(api)
    problem_of(api.v2("/refunds", {"payment": payment, "amount": "100.01", "reason": "x"}), 409)
    assert fields_of(api.v2("/refunds", {"payment": payment, "amount": "-1", "reason": "x"})) == {"amount"}
    nothing = api.v2("/refunds", {"payment": payment, "amount": "0", "reason": "x"})
    assert problem_of(nothing, 409)["code"] == "refund_amount"
    assert fields_of(api.v2("/refunds", {"payment": payment})) == {"reason"}
    problem_of(api.v2("/refunds", {"payment": payment, "reason": "x"}, code="auction"), 404)
    problem_of(api.v2("/refunds", {"payment": payment, "reason": "x", "invoice": 2_000_000_000}), 404)
    assert of(api, payment) == []


def test_a_refusal_says_ids_and_amounts_as_the_caller_knows_them(api: Api) -> None:
    _, payment = paid(api)
    asked = api.v2("/refunds", {"payment": payment, "amount": "60.00", "reason": "x"}).json or {}
    too_large = problem_of(api.v2("/refunds", {"payment": payment, "amount": "60", "reason": "x"}), 409)
    assert too_large["detail"] == "40.00 EUR is left to give back, and 60.00 EUR was asked for"
    api.system.drain()
    late = problem_of(api.v2(f"/refunds/{asked['id']}/withdrawal", {"reason": "x"}), 409)
    assert late["detail"] == f"Refund {asked['id']} is succeeded"
    api.v2("/refunds", {"payment": payment, "reason": "x"})
    api.system.drain()
    over = problem_of(api.v2("/refunds", {"payment": payment, "amount": "1.00", "reason": "x"}), 409)
    assert over["detail"] == f"Payment {payment} is refunded"


def test_the_same_key_is_the_same_refund(api: Api) -> None:
    _, payment = paid(api)
    body = {"payment": payment, "amount": "40.00", "reason": "once"}
    first, again = (api.v2("/refunds", body, Idempotency_Key="r-1") for _ in range(2))
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(of(api, payment)) == 1


@pytest.mark.slow
def test_twenty_at_once_of_sixty_on_a_hundred_give_sixty_back(api: Api) -> None:
    _, payment = paid(api)

    def ask(nth: int) -> int:
        body = {"payment": payment, "amount": "60.00", "reason": f"try {nth}"}
        return api.v2("/refunds", body, Idempotency_Key=f"many-{nth}").status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(ask, range(20)))
    assert statuses == [201, *[409] * 19]
    api.system.drain()
    assert [each["amount"] for each in of(api, payment)] == ["60.00"]
    assert api.v2(f"/payments/{payment}").json["refunded"] == "60.00"  # type: ignore[index]


def test_a_refund_that_has_not_left_is_withdrawn_and_what_it_reserved_is_free(api: Api) -> None:
    number, payment = paid(api)
    asked = api.v2("/refunds", {"payment": payment, "reason": "by mistake"}).json
    assert asked is not None
    path = f"/refunds/{asked['id']}/withdrawal"
    rehearsed = api.v2(f"{path}?dry_run=true", {"reason": "to see"}).json
    assert rehearsed is not None
    assert (rehearsed["status"], rehearsed["rehearsal"]["events"]) == ("cancelled", ["refund.cancelled"])
    first, again = (api.v2(path, {"reason": "by mistake"}) for _ in range(2))
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert (first.json or {})["status"] == "cancelled"
    api.system.drain()
    assert [each["status"] for each in of(api, payment)] == ["cancelled"], "the message that was owed sends nothing"
    assert api.v2(f"/invoices/{number}").json["refunded"] == "0.00"  # type: ignore[index]
    assert api.v2("/refunds", {"payment": payment, "reason": "after all"}).json["amount"] == "100.00"  # type: ignore[index]
    api.system.drain()


def test_what_left_or_is_somebody_else_s_cannot_be_withdrawn(api: Api) -> None:
    _, payment = paid(api)
    asked = api.v2("/refunds", {"payment": payment, "reason": "x"}).json
    assert asked is not None
    path = f"/refunds/{asked['id']}/withdrawal"
    assert fields_of(api.v2(path, {})) == {"reason"}
    problem_of(api.v2(path, {"reason": "x"}, code="auction"), 404)
    problem_of(api.v2("/refunds/rf_nothing/withdrawal", {"reason": "x"}), 404)
    api.system.drain()
    assert problem_of(api.v2(path, {"reason": "x"}), 409)["code"] == "refund_status"


def test_a_service_withdraws_only_what_it_asked_for_itself(api: Api) -> None:
    _, payment = paid(api)
    with api.system.app.app_context():
        key = api.system.scalar("select id from payment where public_token = :p", p=payment)
        refunds.request(RefundOrder(key, None, "the payer called", "desk"), actor=Actor("operator", "7"))
    (asked,) = of(api, payment)
    refused = api.v2(f"/refunds/{asked['id']}/withdrawal", {"reason": "x"})
    assert problem_of(refused, 409)["code"] == "refund_of_others"


def test_a_refund_of_a_bulk_payment_names_the_member_it_goes_off(api: Api) -> None:
    members = [api.system.invoice("auction", "30.00") for _ in range(2)]
    reference = api.system.bulk(members)
    api.system.pay(reference)
    api.system.callback(reference)
    api.system.drain()
    token = "select public_token from payment where external_id = :r"
    payment = str(api.system.scalar(token, r=reference))
    container = api.v2(f"/payments/{payment}", code="auction").json["invoice"]  # type: ignore[index]
    body = {"payment": payment, "invoice": members[1], "amount": "10.00", "reason": "of the second"}
    asked: dict[str, Any] = dict(api.v2("/refunds", body, code="auction").json or {})
    assert (asked["payment"], asked["invoice"]) == (payment, members[1])
    api.system.drain()

    def found(query: str) -> list[Any]:
        return [each["invoice"] for each in api.v2(f"/refunds{query}", code="auction").json["data"]]  # type: ignore[index]

    assert api.v2(f"/refunds/{asked['id']}", code="auction").json["invoice"] == members[1]  # type: ignore[index]
    assert found(f"?invoice={members[1]}") == found(f"?payment={payment}") == [members[1]]
    assert (found(f"?invoice={members[0]}"), found(f"?invoice={container}")) == ([], [members[1]])


def test_a_refund_of_what_was_paid_too_much_goes_off_no_invoice(api: Api) -> None:
    number, first = paid(api)
    again = api.system.scalar("select payment_link from invoice where number = :n", n=number)
    page = api.system.everypay.test_client().get(again.removeprefix("http://everypay.test"))
    reference = page.headers["Location"].rpartition("/")[2]
    for state in ("settled", "refunded"):
        api.system.pay(reference, state)
        api.system.callback(reference)
        api.system.drain()
    rows = api.v2(f"/refunds?invoice={number}").json["data"]  # type: ignore[index]
    assert [(each["amount"], each["invoice"]) for each in rows] == [("100.00", None)]
    assert rows[0]["payment"] != first
