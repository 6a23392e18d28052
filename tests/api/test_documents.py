"""POST directo/directo and e_invoice/e_invoice: kept exactly once, whatever the answers hide (eis.md 5.17, 5.18)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import DBAPIError

from tests.api.client import DIRECTO, E_INVOICE, only

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api

TAKEN = {"message": "Invoice data received"}
CREATED = {"message": "Invoice data received", "status": "created"}
DOCUMENTS = """select d.kind, d.number, d.form, d.dry, d.state, d.times_asked, d.invoice_id is not null as here,
                      d.payload, n.code
                 from document d join initiator n on n.id = d.initiator_id where d.number = :n order by d.id"""


def item(number: Any, **more: Any) -> dict[str, Any]:
    """Return what registry sends for one invoice (eis.md 10.1.1)."""
    return {
        "number": number,
        "currency": "EUR",
        "total": "120.0",
        "customer": {"code": "bestnames", "destination": "EE", "vat_reg_no": "EE1"},
        "issue_date": "2026-01-05",
        "transaction_date": "2026-01-06",
        "language": "ENG",
        "invoice_lines": [{"product_id": "ETTEM06", "description": "Order nr. 1", "quantity": 1, "price": "100.00"}],
        **more,
    }


def directo(api: Api, items: Any, code: str = "registry", **more: Any) -> TestResponse:
    return api.send(DIRECTO, {"invoice_data": items, "initiator": code, **more}, code=code)


def paper(number: Any, **more: Any) -> dict[str, Any]:
    """Return what registry sends as an e-invoice (eis.md 9.3.1)."""
    return {
        "invoice": {"id": 7, "number": number, "issue_date": "2026-01-05", "total": "120.0", "vat_rate": "20.0"},
        "items": [{"description": "Order", "price": 100.0, "quantity": 1, "vat_rate": "20.0", "unit": None}],
        "invoice_subtotal": "100.0",
        "vat_amount": "20.0",
        "payable": True,
        "buyer_billing_email": "a@b.ee",
        "buyer_e_invoice_iban": "",
        "seller_country_code": "EE",
        "buyer_country_code": "EE",
        "initiator": "registry",
        **more,
    }


def kept(api: Api, number: Any) -> list[Any]:
    return api.system.rows(DOCUMENTS, n=str(number))


def told(api: Api, number: int) -> list[str]:
    return [
        row.kind
        for row in api.system.rows(
            "select e.kind from event e join invoice i on i.id = e.invoice_id where i.number = :n "
            "and e.kind like 'document.%' order by e.id",
            n=number,
        )
    ]


def test_the_registry_s_daily_invoices_are_taken(api: Api) -> None:
    number = api.system.invoice()
    response = directo(api, [item(number)], monthly=False, dry=False)
    assert (response.status_code, response.json) == (201, TAKEN)
    (found,) = kept(api, number)
    assert (found.kind, found.form, found.state, found.here, found.code) == (
        "directo", "prepayment", "accepted", True, "registry",
    )  # fmt: skip
    assert found.payload == item(number)
    assert told(api, number) == ["document.accepted"]


def test_an_auction_s_invoices_have_the_auction_s_form(api: Api) -> None:
    number = api.system.invoice("auction")
    line = {"product_id": "OKSJON", "description": "x.ee", "quantity": 1, "unit": 1, "price": 100.5}
    assert directo(api, [item(number, invoice_lines=[line])], "auction").status_code == 201
    (found,) = kept(api, number)
    assert (found.form, found.code) == ("auction", "auction")


def test_an_eeid_invoice_may_have_an_empty_customer_code(api: Api) -> None:
    number = api.system.invoice("eeid")
    body = {name: value for name, value in item(number, customer_code="").items() if name != "customer"}
    assert directo(api, [body], "eeid").status_code == 201
    assert kept(api, number)[0].form == "prepayment"


def test_monthly_invoices_need_not_be_registered_here(api: Api) -> None:
    assert directo(api, [item(309_902)], monthly=True).json == TAKEN
    (found,) = kept(api, 309_902)
    assert (found.form, found.state, found.here) == ("summary", "accepted", False)


def test_an_invoice_nobody_registered_is_skipped_with_the_same_answer(api: Api) -> None:
    response = directo(api, [item(42)], monthly=False)
    assert (response.status_code, response.json) == (201, TAKEN)
    assert kept(api, 42)[0].state == "skipped"


def test_a_foreign_invoice_looks_like_one_nobody_registered(api: Api) -> None:
    number = api.system.invoice("auction")
    response = directo(api, [item(number)])
    assert (response.status_code, response.json) == (201, TAKEN)
    (found,) = kept(api, number)
    assert (found.state, found.here) == ("skipped", False)
    assert told(api, number) == []


def test_what_was_skipped_is_accepted_once_its_invoice_is_here(api: Api) -> None:
    number = api.system.number()
    directo(api, [item(number)])
    api.send("/invoice_generator/invoice_generator", {"invoice_number": number, "transaction_amount": "120.0"})
    directo(api, [item(number)])
    (found,) = kept(api, number)
    assert (found.state, found.here, found.times_asked) == ("accepted", True, 2)
    assert told(api, number) == ["document.accepted"]


@pytest.mark.parametrize("dry", [True, "true", "false", "0", "no"])
def test_any_text_in_dry_keeps_it_from_ever_being_sent(api: Api, dry: Any) -> None:
    number = api.system.invoice()
    assert directo(api, [item(number)], dry=dry).json == TAKEN
    (found,) = kept(api, number)
    assert (found.state, found.dry) == ("dry", True)


@pytest.mark.parametrize("dry", [False, None, ""])
def test_no_text_in_dry_is_no(api: Api, dry: Any) -> None:
    number = api.system.invoice()
    directo(api, [item(number)], dry=dry)
    assert kept(api, number)[0].state == "accepted"


def test_a_dry_run_does_not_stand_for_the_real_one(api: Api) -> None:
    number = api.system.invoice()
    directo(api, [item(number)], dry=True)
    directo(api, [item(number)])
    assert [each.state for each in kept(api, number)] == ["dry", "accepted"]


def test_nothing_to_pass_on_is_fine(api: Api) -> None:
    assert directo(api, []).json == TAKEN


def test_the_same_invoice_tomorrow_is_the_same_document(api: Api) -> None:
    number = api.system.invoice()
    for _ in range(3):
        assert directo(api, [item(number), item(number)]).json == TAKEN
    (found,) = kept(api, number)
    assert found.times_asked == 6
    assert told(api, number) == ["document.accepted"]


def test_a_changed_invoice_is_another_document(api: Api) -> None:
    number = api.system.invoice()
    directo(api, [item(number)])
    directo(api, [item(number, language="")])
    assert len(kept(api, number)) == 2


def test_two_senders_at_once_keep_each_document_once(api: Api) -> None:
    numbers = [api.system.invoice() for _ in range(6)]
    orders = [numbers, numbers[::-1]] * 3
    with ThreadPoolExecutor(len(orders)) as pool:
        answers = list(pool.map(lambda order: directo(api, [item(number) for number in order]).status_code, orders))
    assert answers == [201] * len(orders)
    assert [len(kept(api, number)) for number in numbers] == [1] * len(numbers)


def test_one_faulty_invoice_keeps_none(api: Api) -> None:
    number = api.system.invoice()
    faults = only(directo(api, [item(number), item("")]))
    assert faults == {"invoice_data[1].number": ["must be the invoice's number"]}
    assert kept(api, number) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"number": "  "}, "number"),
        ({"number": ["1"]}, "number"),
        ({"number": True}, "number"),
        ({"number": "9" * 41}, "number"),
        ({"customer": "ACME"}, "customer"),
        ({"invoice_lines": {}}, "invoice_lines"),
        ({"invoice_lines": ["a"]}, "invoice_lines[0]"),
        ({"invoice_lines": [{"price": "1,5"}]}, "invoice_lines[0].price"),
        ({"invoice_lines": [{}, {"quantity": []}]}, "invoice_lines[1].quantity"),
        ({"invoice_lines": [{"price": "NaN"}]}, "invoice_lines[0].price"),
        ({"total": 10**50}, "total"),
    ],
)
def test_a_faulty_field_is_named(api: Api, wrong: dict[str, Any], field: str) -> None:
    faults = only(directo(api, [{**item(7), **wrong}]))
    assert list(faults) == [f"invoice_data[0].{field}"]


def test_an_invoice_without_a_number_is_skipped_and_keeps_no_other_back(api: Api) -> None:
    """The old system looked for it among its invoices, found none and went on (eis.md 8.3)."""
    number = api.system.invoice()
    unnamed = {name: value for name, value in item(None).items() if name != "number"}
    for batch in ([item(None), item(number)], [item(number), unnamed]):
        assert directo(api, batch).json == TAKEN
    assert [row.state for row in kept(api, number)] == ["accepted"]
    assert {(row.state, row.here) for row in kept(api, "")} == {("skipped", False)}
    faults = only(directo(api, [{**item(None), "customer": "ACME"}]))
    assert list(faults) == ["invoice_data[0].customer"]
    monthly = only(directo(api, [item(309_903), item(None)], monthly=True))
    assert monthly == {"invoice_data[1].number": ["must be the invoice's number"]}


@pytest.mark.parametrize("items", [None, {}, "x", 1, ["x"], [None], [[]]])
def test_invoice_data_is_an_array_of_objects(api: Api, items: Any) -> None:
    assert len(only(directo(api, items))) == 1


def test_without_invoice_data_nothing_is_asked(api: Api) -> None:
    assert only(api.send(DIRECTO, {})) == {"invoice_data": ["is missing"]}


@pytest.mark.parametrize("path", [DIRECTO, E_INVOICE])
def test_nobody_passes_on_for_somebody_else(api: Api, path: str) -> None:
    body = {"invoice_data": [item(7)], "invoice": {"number": 7}, "initiator": "registry"}
    assert only(api.send(path, body, code="auction")) == {"initiator": ["must be one of: auction"]}


@pytest.mark.parametrize("path", [DIRECTO, E_INVOICE])
def test_registry_passes_on_for_the_business_register_and_by_default_for_itself(api: Api, path: str) -> None:
    for initiator, expected in (("business_registry", "business_registry"), (None, "registry"), ("", "registry")):
        number = api.system.invoice()
        body = {"invoice_data": [item(number)], "invoice": {"number": number}, "initiator": initiator}
        assert api.send(path, body).status_code in {200, 201}
        assert kept(api, number)[0].code == expected


def test_numbers_keep_their_digits(api: Api) -> None:
    number = api.system.invoice()
    body = json.dumps({"invoice_data": [{"number": number, "total": "PLACE"}]}).replace('"PLACE"', "120.00")
    assert api.raw(DIRECTO, body.encode()).status_code == 201
    text = api.system.scalar("select payload ->> 'total' from document where number = :n", n=str(number))
    assert text == "120.00"


def test_what_no_database_can_keep_is_replaced(api: Api) -> None:
    number = api.system.invoice()
    assert directo(api, [item(number, note="a\0b")]).status_code == 201
    assert kept(api, number)[0].payload["note"] == "a\ufffdb"


def test_bodies_larger_than_elsewhere_are_read_up_to_a_limit(api: Api) -> None:
    number = api.system.invoice()
    lines = [{"description": "x" * 1_000, "price": "1.00"}] * 1_000
    assert directo(api, [item(number, invoice_lines=lines)]).status_code == 201
    assert directo(api, [item(number, note="x" * 17_000_000)]).status_code == 413


def test_an_e_invoice_is_taken_with_status_200(api: Api) -> None:
    number = api.system.invoice()
    response = api.send(E_INVOICE, paper(number))
    assert (response.status_code, response.json) == (200, CREATED)
    (found,) = kept(api, number)
    assert (found.kind, found.state, found.here, found.code) == ("e_invoice", "accepted", True, "registry")
    assert found.payload["invoice"]["number"] == number
    assert found.payload["items"][0]["price"] == 100.0
    assert told(api, number) == ["document.accepted"]


def test_an_auction_s_short_e_invoice_is_taken(api: Api) -> None:
    number = api.system.invoice("auction")
    body = {"invoice": {"number": number}, "items": [{"price": "1"}], "inbound": "5.0", "initiator": "auction"}
    assert api.send(E_INVOICE, body, code="auction").json == CREATED
    found = kept(api, number)[0].payload
    assert (found["payable"], found["inbound"]) == (True, "5.0")


def test_payable_false_stays_false(api: Api) -> None:
    api.send(E_INVOICE, paper(309_950, payable=False))
    assert kept(api, 309_950)[0].payload["payable"] is False


def test_the_same_e_invoice_again_is_the_same_document(api: Api) -> None:
    number = api.system.invoice()
    for _ in range(2):
        assert api.send(E_INVOICE, paper(number)).json == CREATED
    (found,) = kept(api, number)
    assert found.times_asked == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"invoice": None}, "invoice"),
        ({"invoice": []}, "invoice"),
        ({"invoice": {}}, "invoice.number"),
        ({"items": {}}, "items"),
        ({"items": [1]}, "items[0]"),
        ({"items": [{"vat_rate": "x"}]}, "items[0].vat_rate"),
        ({"vat_amount": "x"}, "vat_amount"),
        ({"balance_end": []}, "balance_end"),
        ({"buyer_billing_email": []}, "buyer_billing_email"),
    ],
)
def test_a_faulty_field_of_an_e_invoice_is_named(api: Api, wrong: dict[str, Any], field: str) -> None:
    assert list(only(api.send(E_INVOICE, paper(7, **wrong)))) == [field]


def test_an_e_invoice_needs_an_invoice(api: Api) -> None:
    assert only(api.send(E_INVOICE, {})) == {"invoice": ["is missing"]}


@pytest.mark.parametrize("change", ["payload = '{}'", "number = 'x'", "dry = true, state = 'dry'", "kind = 'directo'"])
def test_what_was_asked_for_is_frozen(api: Api, change: str) -> None:
    number = api.system.invoice()
    api.send(E_INVOICE, paper(number))
    with pytest.raises(DBAPIError, match="what was asked for"):
        api.system.sql(f"update document set {change} where number = '{number}'")
    with pytest.raises(DBAPIError, match="never deleted"):
        api.system.sql(f"delete from document where number = '{number}'")
