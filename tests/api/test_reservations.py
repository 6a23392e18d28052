"""GET reserved_domains_invoice_statuses and PATCH reserved_domain_cancellation_statuses (eis.md 5.15, 5.16, 10.1.4)."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.api.client import AMOUNT, GIVE_UP, REGISTER, RESERVED, STATUS, error_of, only

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api

DETAILS = "The requested invoice does not exist or does not belong to the specified user"


def holder() -> str:
    return str(uuid.uuid4())[:10]


def wish(unique_id: str, number: int) -> dict[str, Any]:
    """Return what registry sends for a name at ten euros."""
    return {
        "invoice_number": number,
        "transaction_amount": "10.00",
        "custom_field1": unique_id,
        "custom_field2": "business_registry",
        "reserved_domain_names": ["a.ee"],
    }


def reserve(
    api: Api, unique_id: str, number: int | None = None, *, names: tuple[str, ...] = ("a.ee",), amount: str = "10.00"
) -> int:
    """Reserve names as registry does for the business register, on a number of their own or a shared one."""
    number = number or api.system.number()
    said = {"transaction_amount": amount, "reserved_domain_names": list(names)}
    response = api.send(REGISTER, wish(unique_id, number) | said)
    assert response.status_code == 201, response.text
    return number


def ask(api: Api, number: Any, unique_id: Any, code: str = "registry") -> TestResponse:
    query = urlencode({"invoice_number": number, "user_unique_id": unique_id})
    return api.send(f"{RESERVED}?{query}", code=code, method="GET")


def give_up(api: Api, name: str, token: str, code: str = "registry", method: str = "PATCH") -> TestResponse:
    return api.send(GIVE_UP, {"domain_name": name, "token": token}, code=code, method=method)


def pay(api: Api, number: int, unique_id: str) -> None:
    """Let this holder pay through the link that carries their id."""
    link = str(api.send(REGISTER, wish(unique_id, number)).json["everypay_link"])  # type: ignore[index]
    page = api.system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    reference = page.headers["Location"].rpartition("/")[2]
    api.system.pay(reference)
    api.system.callback(reference)
    api.system.drain()


def status_of(response: TestResponse) -> str:
    assert response.status_code == 200, response.text
    return str(response.json["invoice_status"])  # type: ignore[index]


def test_a_paid_reservation_is_reserved(api: Api) -> None:
    me = holder()
    number = reserve(api, me)
    pay(api, number, me)
    response = ask(api, number, me)
    assert response.status_code == 200
    assert response.json == {
        "message": "Domain is reserved", "invoice_status": "paid", "invoice_number": str(number)
    }  # fmt: skip


@pytest.mark.parametrize("word", [None, "overdue", "cancelled"])
def test_any_other_status_is_unpaid(api: Api, word: str | None) -> None:
    me = holder()
    number = reserve(api, me)
    if word:
        api.send(STATUS, {"invoice_number": number, "status": word})
    response = ask(api, number, me)
    assert response.status_code == 200
    assert response.json == {
        "message": "Domains are not reserved", "invoice_status": "unpaid", "invoice_number": str(number)
    }  # fmt: skip


def test_a_report_of_paid_counts_for_a_holder_who_is_alone(api: Api) -> None:
    me = holder()
    number = reserve(api, me)
    api.send(STATUS, {"invoice_number": number, "status": "paid"})
    assert status_of(ask(api, number, me)) == "paid"


def test_the_number_is_repeated_as_it_was_sent(api: Api) -> None:
    me = holder()
    number = reserve(api, me)
    assert ask(api, f"000{number}", me).json["invoice_number"] == f"000{number}"  # type: ignore[index]


def test_nobody_s_reservation_is_not_found(api: Api) -> None:
    response = ask(api, 42, "5e03f248-6")
    assert response.status_code == 404
    assert response.json == {
        "message": "Invoice not found", "invoice_status": "not_found", "invoice_number": "42", "details": DETAILS
    }  # fmt: skip


def test_another_holder_s_and_a_plain_invoice_look_alike(api: Api) -> None:
    number, plain = reserve(api, holder()), api.system.invoice()
    answers = [ask(api, each, "somebody") for each in (number, plain, 42)]
    assert [each.status_code for each in answers] == [404] * 3
    assert len({each.text.replace(str(n), "N") for each, n in zip(answers, (number, plain, 42), strict=True)}) == 1


@pytest.mark.parametrize("code", ["auction", "eeid"])
def test_a_foreign_service_finds_nothing(api: Api, code: str) -> None:
    me = holder()
    number = reserve(api, me)
    assert ask(api, number, me, code).status_code == 404
    assert give_up(api, "a.ee", me, code).status_code == 404
    assert api.system.status(number) == "unpaid"


def test_the_business_register_may_ask_itself(api: Api) -> None:
    me = holder()
    number = reserve(api, me)
    assert status_of(ask(api, number, me, "business_registry")) == "unpaid"


@pytest.mark.parametrize("wild", ["%", "_", "5e03f248-_", "5e03f248%", "'; --", "*", ".*"])
def test_wildcards_are_letters(api: Api, wild: str) -> None:
    number = reserve(api, "5e03f248-" + holder()[:1])
    assert ask(api, number, wild).status_code == 404
    assert give_up(api, "%", wild).status_code == 404
    assert give_up(api, "a.ee", wild).status_code == 404
    assert api.system.status(number) == "unpaid"


@pytest.mark.parametrize("wrong", ["abc", "1.5", "-1", "1e3", "", "１", "9" * 19])
def test_the_number_is_a_number(api: Api, wrong: str) -> None:
    assert list(only(ask(api, wrong, "x"))) == ["invoice_number"]


def test_both_parameters_are_needed_once(api: Api) -> None:
    assert only(api.send(RESERVED, method="GET")) == {
        "invoice_number": ["is missing"], "user_unique_id": ["is missing"]
    }  # fmt: skip
    twice = api.send(f"{RESERVED}?invoice_number=1&invoice_number=2&user_unique_id=x", method="GET")
    assert twice.status_code == 400


def test_of_several_holders_on_one_number_only_the_first_payer_has_it(api: Api) -> None:
    me, you = holder(), holder()
    number = reserve(api, me)
    reserve(api, you, number, names=("a.ee", "b.ee"), amount="20.00")
    assert [status_of(ask(api, number, each)) for each in (me, you)] == ["unpaid", "unpaid"]
    pay(api, number, me)
    assert [status_of(ask(api, number, each)) for each in (me, you)] == ["paid", "unpaid"]


def test_a_report_of_paid_does_not_say_which_of_several_holders_paid(api: Api) -> None:
    me, you = holder(), holder()
    number = reserve(api, me)
    reserve(api, you, number)
    api.send(STATUS, {"invoice_number": number, "status": "paid"})
    assert [status_of(ask(api, number, each)) for each in (me, you)] == ["unpaid", "unpaid"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_giving_up_cancels_the_invoice(api: Api, method: str) -> None:
    me = holder()
    number = reserve(api, me)
    response = give_up(api, "a.ee", me, method=method)
    assert (response.status_code, response.json) == (200, {"message": "All invoices cancelled"})
    assert api.system.status(number) == "cancelled"
    assert status_of(ask(api, number, me)) == "unpaid"


def test_giving_up_twice_changes_nothing_more(api: Api) -> None:
    me = holder()
    reserve(api, me)
    give_up(api, "a.ee", me)
    before = (api.count("event"), api.count("ledger_entry"))
    assert give_up(api, "a.ee", me).json == {"message": "All invoices cancelled"}
    assert (api.count("event"), api.count("ledger_entry")) == before


def test_every_invoice_of_the_same_name_and_holder_is_cancelled(api: Api) -> None:
    me = holder()
    numbers = [reserve(api, me) for _ in range(3)]
    other = reserve(api, me, names=("b.ee",))
    give_up(api, "a.ee", me)
    assert {api.system.status(number) for number in numbers} == {"cancelled"}
    assert api.system.status(other) == "unpaid"


def test_a_name_is_the_whole_name(api: Api) -> None:
    me = holder()
    number = reserve(api, me, names=("supera.ee",))
    assert give_up(api, "a.ee", me).status_code == 404
    assert api.system.status(number) == "unpaid"


def test_nothing_to_give_up(api: Api) -> None:
    response = give_up(api, "a.ee", "nobody")
    assert (response.status_code, response.json) == (404, {"message": "No invoices found"})


def test_the_invoice_stays_while_another_holder_waits(api: Api) -> None:
    me, you = holder(), holder()
    number = reserve(api, me)
    reserve(api, you, number)
    give_up(api, "a.ee", me)
    assert api.system.status(number) == "unpaid"
    pay(api, number, you)
    assert [status_of(ask(api, number, each)) for each in (me, you)] == ["unpaid", "paid"]


def test_the_last_holder_s_giving_up_cancels(api: Api) -> None:
    me, you = holder(), holder()
    number = reserve(api, me)
    reserve(api, you, number)
    give_up(api, "a.ee", me)
    give_up(api, "a.ee", you)
    assert api.system.status(number) == "cancelled"


def test_who_gave_up_may_come_back_while_another_waits(api: Api) -> None:
    me, you = holder(), holder()
    number = reserve(api, me)
    reserve(api, you, number)
    give_up(api, "a.ee", me)
    reserve(api, me, number)
    give_up(api, "a.ee", you)
    assert api.system.status(number) == "unpaid"


def test_a_number_that_is_no_reservation_takes_none(api: Api) -> None:
    """Its whole invoice would be paid by the price of the reservation."""
    number = api.system.invoice("registry", "120.00")
    for code in ("registry", "business_registry"):
        body = wish(holder(), number) | {"custom_field2": code}
        response = api.send(REGISTER, body)
        assert response.status_code == 409, code
        assert "everypay_link" not in response.text
    claims = "select count(*) from invoice_claim c join invoice i on i.id = c.invoice_id where i.number = :n"
    assert api.system.scalar(claims, n=number) == 0


def test_a_reserved_number_is_no_ordinary_invoice_of_another_service(api: Api) -> None:
    me = holder()
    number = reserve(api, me)
    body = {"invoice_number": number, "transaction_amount": "10.00", "custom_field2": "registry"}
    assert api.send(REGISTER, body).status_code == 409
    assert status_of(ask(api, number, me)) == "unpaid"


@pytest.mark.parametrize("other", [{"transaction_amount": "5.00"}, {"reserved_domain_names": ["b.ee"]}])
def test_a_holder_s_reservation_does_not_change_under_its_link(api: Api, other: dict[str, Any]) -> None:
    me = holder()
    number = reserve(api, me)
    response = api.send(REGISTER, wish(me, number) | other)
    assert response.status_code == 409
    assert error_of(response)["message"].startswith("This holder has reserved other names")
    assert api.send(REGISTER, wish(me, number)).status_code == 201, "the same again gets the same answer"


def test_the_amount_of_a_reservation_is_the_price_of_its_names(api: Api) -> None:
    me = holder()
    number = reserve(api, me)
    response = api.send(AMOUNT, {"invoice_number": number, "transaction_amount": "5.00"})
    assert response.status_code == 409
    pay(api, number, me)
    assert status_of(ask(api, number, me)) == "paid"


def test_who_gave_up_may_come_back_for_other_names_at_their_price(api: Api) -> None:
    me, other = holder(), holder()
    number = reserve(api, me)
    reserve(api, other, number)
    assert give_up(api, "a.ee", me).status_code == 200
    reserve(api, me, number, names=("c.ee", "d.ee"), amount="20.00")
    kept = api.system.rows("select names, amount_minor from invoice_claim where user_unique_id = :me", me=me)
    assert [tuple(each) for each in kept] == [(["c.ee", "d.ee"], 2000)]
    pay(api, number, other)
    assert give_up(api, "c.ee", me).status_code == 200
    assert api.send(REGISTER, wish(me, number)).status_code == 409, "the number is won"


def test_a_cancelled_number_is_not_reserved_again(api: Api) -> None:
    me = holder()
    number = reserve(api, me)
    give_up(api, "a.ee", me)
    body = {
        "invoice_number": number, "transaction_amount": "10.00", "custom_field1": me,
        "custom_field2": "business_registry", "reserved_domain_names": ["a.ee"],
    }  # fmt: skip
    response = api.send(REGISTER, body)
    assert response.status_code == 409
    assert error_of(response)["message"] == f"Invoice {number} is cancelled: take a new number"


def test_a_paid_reservation_cannot_be_given_up(api: Api) -> None:
    me = holder()
    number = reserve(api, me)
    pay(api, number, me)
    response = give_up(api, "a.ee", me)
    assert response.status_code == 409
    assert "has been paid" in error_of(response)["message"]
    assert status_of(ask(api, number, me)) == "paid"


def test_who_lost_a_shared_number_may_give_up_without_harm_to_the_winner(api: Api) -> None:
    me, you = holder(), holder()
    number = reserve(api, me)
    reserve(api, you, number)
    pay(api, number, me)
    assert give_up(api, "a.ee", you).status_code == 200
    assert api.system.status(number) == "paid"
    assert status_of(ask(api, number, me)) == "paid"


def test_both_fields_are_needed(api: Api) -> None:
    assert only(api.send(GIVE_UP, {})) == {"domain_name": ["is missing"], "token": ["is missing"]}


@pytest.mark.slow
def test_two_holders_who_give_up_at_once_cancel_it_once(api: Api) -> None:
    for _ in range(5):
        holders = [holder() for _ in range(4)]
        number = reserve(api, holders[0])
        for each in holders[1:]:
            reserve(api, each, number)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda each: give_up(api, "a.ee", each).status_code, holders))
        assert answers == [200] * 4
        assert api.system.status(number) == "cancelled"
        booked = "select count(*) from ledger_transaction t join invoice i on i.id = t.invoice_id where i.number = :n"
        assert api.system.scalar(booked, n=number) == 2
