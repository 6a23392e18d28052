"""Refunds of version 2: asked for, rehearsed, sent once, told, and never more than there is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.api.client import fields_of, problem_of

if TYPE_CHECKING:
    from tests.api.client import Api


def paid(api: Api, amount: str = "100.00") -> tuple[int, str]:
    """Return an invoice that is paid, and its payment's id."""
    number, _ = api.system.settle(amount=amount)
    return number, str(api.v2(f"/payments?invoice={number}").json["data"][0]["id"])  # type: ignore[index]


def test_a_part_and_then_the_rest_go_back(own_api: Api) -> None:
    number, payment = paid(own_api)
    first = own_api.v2("/refunds", {"payment": payment, "amount": "40.00", "reason": "one of two"})
    assert first.status_code == 201, first.text
    assert (first.json["status"], first.json["amount"], first.json["invoice"]) == ("requested", "40.00", number)  # type: ignore[index]
    own_api.system.drain()
    done = own_api.v2(f"/refunds/{first.json['id']}").json  # type: ignore[index]
    assert (done["status"], bool(done["finished_at"])) == ("succeeded", True)  # type: ignore[index]
    assert own_api.v2(f"/invoices/{number}").json["status"] == "partially_refunded"  # type: ignore[index]
    rest = own_api.v2("/refunds", {"payment": payment, "reason": "the other"})
    assert rest.json["amount"] == "60.00"  # type: ignore[index]
    own_api.system.drain()
    assert own_api.v2(f"/invoices/{number}").json["refunded"] == "100.00"  # type: ignore[index]
    own_api.system.catch_up()
    told = [each for each in own_api.v2("/events?limit=100").json["data"] if "refund" in each["data"]]  # type: ignore[index]
    kinds = [each["type"] for each in told if each["data"]["refund"]["id"] == first.json["id"]]  # type: ignore[index]
    assert kinds == ["refund.requested", "refund.processing", "refund.succeeded"]


def test_a_rehearsed_refund_reserves_nothing_and_names_the_call(own_api: Api) -> None:
    number, payment = paid(own_api)
    body = {"payment": payment, "amount": "40.00", "reason": "to see"}
    shown: dict[str, Any] = dict(own_api.v2("/refunds?dry_run=true", body).json or {})
    assert (shown["status"], shown["amount"]) == ("requested", "40.00")
    assert shown["rehearsal"]["events"] == ["refund.requested"]
    assert {"kind": "gateway.refund.execute", "to": "everypay"} in shown["rehearsal"]["messages"]
    own_api.system.drain()
    assert own_api.count("refund") == 0
    assert own_api.v2(f"/invoices/{number}").json["refunded"] == "0.00"  # type: ignore[index]


def test_more_than_is_left_is_refused_and_nothing_is_kept(own_api: Api) -> None:
    _, payment = paid(own_api)
    problem_of(own_api.v2("/refunds", {"payment": payment, "amount": "100.01", "reason": "x"}), 409)
    assert fields_of(own_api.v2("/refunds", {"payment": payment, "amount": "-1", "reason": "x"})) == {"amount"}
    nothing = own_api.v2("/refunds", {"payment": payment, "amount": "0", "reason": "x"})
    assert problem_of(nothing, 409)["code"] == "refund_amount"
    assert fields_of(own_api.v2("/refunds", {"payment": payment})) == {"reason"}
    problem_of(own_api.v2("/refunds", {"payment": payment, "reason": "x"}, code="auction"), 404)
    problem_of(own_api.v2("/refunds", {"payment": payment, "reason": "x", "invoice": 2_000_000_000}), 404)
    assert own_api.count("refund") == 0


def test_the_same_key_is_the_same_refund(own_api: Api) -> None:
    _, payment = paid(own_api)
    body = {"payment": payment, "amount": "40.00", "reason": "once"}
    first, again = (own_api.v2("/refunds", body, Idempotency_Key="r-1") for _ in range(2))
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert own_api.count("refund") == 1


def test_twenty_at_once_of_sixty_on_a_hundred_give_sixty_back(own_api: Api) -> None:
    _, payment = paid(own_api)

    def ask(nth: int) -> int:
        body = {"payment": payment, "amount": "60.00", "reason": f"try {nth}"}
        return own_api.v2("/refunds", body, Idempotency_Key=f"r-{nth}").status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(ask, range(20)))
    assert statuses == [201, *[409] * 19]
    own_api.system.drain()
    assert own_api.system.scalar("select sum(amount_minor) from refund") == 6000
    assert own_api.v2(f"/payments/{payment}").json["refunded"] == "60.00"  # type: ignore[index]
