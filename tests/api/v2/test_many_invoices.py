"""Many invoices in one call: the same rows as one by one, all of them or none, every fault at its place."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services import many_invoices
from tests.api.client import problem_of
from tests.api.v2.many import counted, made, one_by_one, sent
from tests.services.refunding import assert_sound

if TYPE_CHECKING:
    from tests.api.client import Api

YEAR = {"description": "example.ee, a year", "unit_price": "10.00", "tax_rate": "24"}
TWO = {"description": "Transfer", "quantity": "2.5", "unit": "h", "unit_price": "3.33", "tax_rate": "9"}
GIFT = {"description": "Stamp", "unit_price": "1.50"}
FREE = {"description": "Nothing", "unit_price": "0", "tax_rate": "0"}
BODIES: list[dict[str, Any]] = [
    {"amount": "120.00"},
    {"amount": "22.98", "lines": [YEAR, TWO, GIFT], "description": 'Põhjatäht \\ "OÜ" \N{EURO SIGN}\n\t, {1}'},
    {"amount": "0", "description": "a gift"},
    {"amount": "0.00", "lines": [FREE, FREE]},
    {"amount": "0.01", "customer": {"name": "ACME", "email": "a@acme.ee"}, "reference_number": "2144032"},
    {"amount": "7.77", "initiator": "business_registry", "description": "for another"},
]
# What belongs to an invoice, and how it is found.
BELONGS = {
    "invoice": "t.id = i.id",
    "invoice_line": "t.invoice_id = i.id",
    "invoice_vat": "t.invoice_id = i.id",
    "invoice_claim": "t.invoice_id = i.id",
    "ledger_transaction": "t.invoice_id = i.id",
    "ledger_entry": "t.transaction_id in (select id from ledger_transaction where invoice_id = i.id)",
    "settlement": "t.invoice_id = i.id",
    "event": "t.invoice_id = i.id",
    "announcement": "t.invoice_id = i.id",
    "outbox": "t.invoice_id = i.id",
    "number_reservation": "t.number = i.number",
}
OWN = {"id", "invoice_id", "transaction_id", "number", "public_token", "token", "xact", "payment_link"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")


def written(api: Api, number: int) -> dict[str, list[Any]]:
    """Return every row of an invoice, without what is its own: keys, tokens, moments."""
    return {
        table: [
            _plain(row.said, number, row.invoice_id)
            for row in api.system.rows(
                f"select to_jsonb(t) as said, i.id as invoice_id from {table} t, invoice i "
                f"where i.number = :n and {where} order by t.id",
                n=number,
            )
        ]
        for table, where in BELONGS.items()
    }


def _plain(row: dict[str, Any], number: int, invoice_id: int) -> dict[str, Any]:
    # A sum may happen to be the number.
    money = {name: value for name, value in row.items() if name.endswith("_minor")}
    others = {name: value for name, value in row.items() if name not in OWN | set(money)}
    text = MOMENT.sub("then", json.dumps(others, default=str))
    return money | dict(
        json.loads(re.sub(rf"\b{number}\b", '"N"', re.sub(rf'(?<=["\':]){invoice_id}(?=:)', "I", text)))
    )


def test_each_row_is_what_the_single_route_writes(api: Api) -> None:
    reference = api.v2("/references", {"owner": "ACME"}).json["number"]  # type: ignore[index]
    bodies = [*BODIES, {"amount": "5.00", "reference_number": reference}]
    singly = one_by_one(api, bodies)
    together = [each["number"] for each in made(api, *bodies)]
    assert together == list(range(together[0], together[0] + len(bodies)))
    for one, other in zip(singly, together, strict=True):
        single, bulk = written(api, one), written(api, other)
        for table in BELONGS:
            assert bulk[table] == single[table], table
    kinds = [table for table in BELONGS if not any(written(api, each)[table] for each in together)]
    assert kinds == ["invoice_vat", "invoice_claim"], "everything else was compared"
    assert_sound(api.system)


def test_what_listens_hears_of_each(own_api: Api) -> None:
    own_api.v2("/webhook-endpoints", {"url": "http://registry.test/hooks"})
    own = [each for each in BODIES if "initiator" not in each]
    singly = one_by_one(own_api, own)
    together = [each["number"] for each in made(own_api, *own)]
    told = "select kind from outbox where invoice_id = (select id from invoice where number = :n) order by id"
    for one, other in zip(singly, together, strict=True):
        kinds = [[row.kind for row in own_api.system.rows(told, n=number)] for number in (one, other)]
        assert kinds[0] == kinds[1]
        assert "webhook.event.send" in kinds[0]


def test_the_answer_shows_each_as_it_reads_back_in_the_order_of_the_call(api: Api) -> None:
    answered = made(api, *BODIES)
    assert [each["amount"] for each in answered] == ["120.00", "22.98", "0.00", "0.00", "0.01", "7.77"]
    assert [each["status"] for each in answered] == ["unpaid", "unpaid", "paid", "paid", "unpaid", "unpaid"]
    for each in answered:
        assert api.v2(f"/invoices/{each['number']}").json == each
    shown = api.v2(f"/invoices/{answered[1]['number']}?expand=lines").json
    assert [(each["net"], each["tax"]) for each in shown["lines"]] == [  # type: ignore[index]
        ("10.00", "2.40"),
        ("8.33", "0.75"),
        ("1.50", "0.00"),
    ]


def test_each_link_names_its_invoice_and_asks_for_its_amount(api: Api) -> None:
    for each in made(api, *BODIES):
        said = parse_qs(urlsplit(each["payment_link"]).query, keep_blank_values=True)
        assert said["order_reference"] == said["invoice_number"] == [str(each["number"])]
        assert said["transaction_amount"] == [each["amount"]]
        assert said["custom_field_2"] == [each["initiator"]]
        assert said["customer_email"] == [each["customer"]["email"]]


def test_what_is_made_in_a_call_can_be_paid_like_any_other(api: Api) -> None:
    number = made(api, *BODIES)[1]["number"]
    reference = api.system.one_off(number)
    api.system.pay(reference)
    api.system.callback(reference)
    api.system.drain()
    assert api.system.status(number) == "paid"
    assert_sound(api.system)


def test_numbers_may_be_given_or_taken_and_stand_where_they_were_asked_for(api: Api) -> None:
    held = [api.system.number() for _ in range(3)]
    answered = made(
        api,
        {"amount": "3.00", "number": held[2]},
        {"amount": "1.00"},
        {"amount": "2.00", "number": held[0]},
        {"amount": "4.00"},
    )
    assert [each["number"] for each in answered] == [held[2], held[2] + 1, held[0], held[2] + 2]
    assert [each["amount"] for each in answered] == ["3.00", "1.00", "2.00", "4.00"]
    used = "select number from number_reservation where used_at is null and number = any(:n)"
    assert [row.number for row in api.system.rows(used, n=held)] == [held[1]]


def test_a_number_above_the_counter_counts_as_given_in_the_same_call(api: Api) -> None:
    ahead = api.system.number() + 2
    answered = made(api, {"amount": "1.00"}, {"amount": "2.00", "number": ahead}, {"amount": "3.00"})
    assert [each["number"] for each in answered] == [ahead + 1, ahead, ahead + 2]
    assert api.system.number() == ahead + 3


def test_a_given_number_of_the_range_that_follows_is_not_taken_as_well(own_api: Api) -> None:
    own_api.system.sql("update number_range set next_number = last_number + 1 where kind = 'invoice' and active")
    own_api.system.sql(
        "insert into number_range (tenant_id, kind, first_number, last_number, next_number, active) "
        "values (1, 'invoice', 900000, 900004, 900000, false)"
    )
    bodies: list[dict[str, Any]] = [{"amount": "1.00"}, {"amount": "2.00", "number": 900_001}, {"amount": "3.00"}]
    assert [each["number"] for each in made(own_api, *bodies)] == [900_000, 900_001, 900_002]
    assert own_api.system.number() == 900_003
    assert_sound(own_api.system)


def test_the_last_number_of_a_range_is_given_and_one_more_refuses_the_whole_call(own_api: Api) -> None:
    own_api.system.sql("update number_range set last_number = next_number + 3 where kind = 'invoice' and active")
    before = counted(own_api)
    problem = problem_of(sent(own_api, *[{"amount": "1.00"}] * 5), 409)
    assert problem["code"] == "number_range_exhausted"
    assert counted(own_api) == before
    last = own_api.system.scalar("select last_number from number_range where kind = 'invoice' and active")
    assert [each["number"] for each in made(own_api, *[{"amount": "1.00"}] * 4)] == list(range(last - 3, last + 1))
    assert problem_of(sent(own_api, {"amount": "1.00"}), 409)["code"] == "number_range_exhausted"


def test_the_same_again_is_the_same_and_more_may_be_beside_it(api: Api) -> None:
    numbers = [api.system.number() for _ in range(4)]
    bodies = [{**body, "number": number} for body, number in zip(BODIES, numbers[:3], strict=False)]
    first = made(api, *bodies)
    before = counted(api)
    assert made(api, *bodies) == first
    assert counted(api) == before
    one_more = made(api, *bodies[::-1], {"amount": "9.00", "number": numbers[3]})
    assert one_more[:3] == first[::-1]
    assert one_more[3]["amount"] == "9.00"
    without_lines = {name: value for name, value in bodies[1].items() if name != "lines"}
    assert made(api, without_lines) == first[1:2], "who names no lines asks for the amount only, as one by one"


def test_a_number_of_one_service_is_no_invoice_of_another_it_acts_for(api: Api) -> None:
    body = {"amount": "7.00", "number": api.system.number()}
    made(api, body)
    other = {**body, "initiator": "business_registry"}
    assert problem_of(sent(api, other), 409)["errors"][0]["field"] == "invoices.0.number"
    assert api.v2("/invoices", other).status_code == 409


def test_the_single_route_and_this_one_know_each_others_invoices(api: Api) -> None:
    one, other = ({**BODIES[1], "number": api.system.number()} for _ in range(2))
    singly = api.v2("/invoices", one).json
    assert singly is not None
    assert made(api, one)[0]["number"] == singly["number"]
    together = made(api, other)[0]
    again = api.v2("/invoices", other)
    assert again.status_code == 201
    assert {name: value for name, value in (again.json or {}).items() if name != "lines"} == together


@pytest.mark.slow
def test_a_thousand_are_made_at_once(api: Api) -> None:
    answered = made(api, *[{"amount": "1.00"}] * many_invoices.MOST_INVOICES)
    assert len({each["number"] for each in answered}) == many_invoices.MOST_INVOICES
    assert_sound(api.system)


cents = st.integers(0, 10**7)
lines = st.lists(
    st.tuples(cents, st.integers(1, 10**5), st.sampled_from([None, "0", "5", "9", "13.33", "24"])), max_size=6
)


def whole(amount: Fraction) -> int:
    """Return cents, half away from zero, reckoned otherwise than the application does."""
    return int(amount + Fraction(1, 2))


def euros(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def body_of(said: list[tuple[int, int, str | None]], alone: int) -> dict[str, Any]:
    """Return a body with these lines over what they come to, or without any over so many cents."""
    if not said:
        return {"amount": euros(alone)}
    taxed: dict[str, int] = {}
    net = 0
    for price, count, rate in said:
        line = whole(Fraction(price * count, 1000))
        net += line
        taxed[rate or "0"] = taxed.get(rate or "0", 0) + line
    total = net + sum(whole(of * Fraction(rate) / 100) for rate, of in taxed.items())
    bodies = [
        {"description": "x", "unit_price": euros(price), "quantity": f"{count / 1000:.3f}"}
        | ({} if rate is None else {"tax_rate": rate})
        for price, count, rate in said
    ]
    return {"amount": euros(total), "lines": bodies}


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(st.builds(body_of, lines, cents), min_size=1, max_size=5))
def test_whatever_the_money_it_is_what_one_by_one_would_be(api: Api, bodies: list[dict[str, Any]]) -> None:
    together = [each["number"] for each in made(api, *bodies)]
    for one, other in zip(one_by_one(api, bodies), together, strict=True):
        assert written(api, other) == written(api, one)
    sums = api.system.rows(
        "select i.total_minor - i.subtotal_minor - i.tax_minor as rest, i.tax_minor - coalesce(sum(l.tax_minor), 0) "
        "as lost from invoice i left join invoice_line l on l.invoice_id = i.id where i.number = any(:n) group by i.id",
        n=together,
    )
    assert {tuple(row) for row in sums} == {(0, 0)}


def test_the_books_and_every_proof_hold_after_all_of_it(api: Api) -> None:
    assert_sound(api.system)
