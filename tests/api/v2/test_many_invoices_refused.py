"""Many invoices in one call: what is wrong is named at its place, and then there is none of them."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from app.extensions import db
from app.services import many_invoices
from tests.api.client import V2, bearer, fields_of, problem_of
from tests.api.owners import CALLERS, paid, unpaid
from tests.api.v2.many import MANY, counted, made, one_by_one, sent
from tests.services.interleaver import WAITING
from tests.services.refunding import assert_sound

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.client import Api

GOOD: dict[str, Any] = {"amount": "120.00"}
LINE: dict[str, Any] = {"description": "Stamp", "unit_price": "1.50"}
TAKEN = "This invoice number is not available to you."
OTHERWISE = "This invoice number is registered already with another amount or other lines."
OTHERS = """
select count(*) from pg_stat_activity
 where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
"""


def faults_of(response: Any, status: int = 422) -> list[tuple[str, str]]:
    return [(each["field"], each["detail"]) for each in problem_of(response, status)["errors"]]


@pytest.mark.parametrize(
    ("invoice", "fields"),
    [
        ({}, {"invoices.1.amount"}),
        ({"amount": 120}, {"invoices.1.amount"}),
        ({"amount": "1.005"}, {"invoices.1.amount"}),
        ({"amount": "-1", "number": 0}, {"invoices.1.amount", "invoices.1.number"}),
        ({**GOOD, "number": 2**31}, {"invoices.1.number"}),
        ({**GOOD, "number": "150005"}, {"invoices.1.number"}),
        ({**GOOD, "initiator": "auction"}, {"invoices.1.initiator"}),
        ({**GOOD, "status": "paid"}, {"invoices.1.status"}),
        ({**GOOD, "description": "a\u0000b"}, {"invoices.1.description"}),
        ({**GOOD, "customer": {"admin": True}}, {"invoices.1.customer.admin"}),
        ({**GOOD, "customer": None}, {"invoices.1.customer"}),
        ({**GOOD, "lines": [LINE, {**LINE, "quantity": "0"}]}, {"invoices.1.lines.1.quantity"}),
        ({**GOOD, "lines": [{**LINE, "tax_rate": "100"}]}, {"invoices.1.lines.0.tax_rate"}),
        ({**GOOD, "lines": ["x"]}, {"invoices.1.lines.0"}),
        ({**GOOD, "lines": "x"}, {"invoices.1.lines"}),
        ({**GOOD, "lines": [LINE] * 101}, {"invoices.1.lines"}),
        ({**GOOD, "lines": [LINE]}, {"invoices.1.amount"}),
        ("<script>", {"invoices.1"}),
        (None, {"invoices.1"}),
        ([], {"invoices.1"}),
    ],
)
def test_a_fault_is_named_at_its_place_and_nothing_is_made(api: Api, invoice: Any, fields: set[str]) -> None:
    before = counted(api)
    assert fields_of(sent(api, GOOD, invoice, GOOD)) == fields
    assert counted(api) == before


@pytest.mark.parametrize("body", [{}, {"invoices": []}, {"invoices": {}}, {"invoices": "x"}, {"invoices": None}])
def test_a_call_without_invoices_is_a_fault(api: Api, body: Any) -> None:
    assert fields_of(api.v2(MANY, body)) == {"invoices"}
    assert fields_of(api.v2(MANY, {**body, "wish": 1})) == {"invoices", "wish"}


def test_all_faults_of_all_invoices_are_told_in_one_answer(api: Api) -> None:
    held = api.system.number()
    assert faults_of(
        sent(
            api,
            {**GOOD, "lines": [LINE, LINE]},
            {**GOOD, "number": held},
            {**GOOD, "initiator": "eeid", "lines": [LINE], "number": held},
            {**GOOD, "number": held},
        )
    ) == [
        ("invoices.0.amount", "must be what the lines come to with their tax: 3.00"),
        ("invoices.2.amount", "must be what the lines come to with their tax: 1.50"),
        ("invoices.2.initiator", "must be one of: registry, business_registry"),
        ("invoices.2.number", "is that of invoices.1 as well"),
        ("invoices.3.number", "is that of invoices.1 as well"),
    ]


def test_of_very_many_faults_the_first_thousand_are_told(api: Api) -> None:
    faults = faults_of(sent(api, *[{"lines": [{}] * 2}] * 500))
    assert len(faults) == 1001
    assert faults[0] == ("invoices.0.amount", "is missing")
    assert faults[-1] == ("body", "has 1500 more faults than are named here")


def test_more_than_a_thousand_invoices_or_too_many_lines_are_refused(api: Api) -> None:
    before = counted(api)
    assert fields_of(sent(api, *[GOOD] * (many_invoices.MOST_INVOICES + 1))) == {"invoices"}
    full = {"amount": "150.00", "lines": [LINE] * 100}
    one_too_many = [full] * (many_invoices.MOST_LINES // 100) + [{"amount": "1.50", "lines": [LINE]}]
    assert faults_of(sent(api, *one_too_many)) == [("invoices", "must have at most 20000 lines together")]
    assert counted(api) == before


def test_a_body_of_eight_mebibytes_is_too_large(api: Api) -> None:
    def posted(size: int) -> Any:
        body = json.dumps({"invoices": [{"amount": "x"}]}).encode()
        return api.system.app.test_client().post(
            f"{V2}{MANY}",
            data=body + b" " * (size - len(body)),
            content_type="application/json",
            headers={"Authorization": bearer()},
        )

    assert fields_of(posted(8 * 1024 * 1024 - 1)) == {"invoices.0.amount"}
    problem_of(posted(8 * 1024 * 1024), 413)


def test_other_invoices_under_these_numbers_are_named_each(api: Api) -> None:
    lined = {"amount": "3.00", "lines": [LINE, LINE]}
    bodies: list[dict[str, Any]] = [GOOD, lined, {"amount": "3.00"}, GOOD]
    there = [{**body, "number": number} for body, number in zip(bodies, one_by_one(api, bodies), strict=True)]
    before = counted(api)
    wished = [
        {"amount": "1.00"},
        {**there[0], "amount": "120.01"},
        {**there[1], "lines": [{**LINE, "unit": "pc"}, LINE]},
        {**there[2], "lines": [LINE, LINE]},
        there[3],
    ]
    answer = sent(api, *wished)
    assert faults_of(answer, 409) == [(f"invoices.{place}.number", OTHERWISE) for place in (1, 2, 3)]
    assert problem_of(answer, 409)["code"] == "conflict"
    assert f"invoices.1.number: {OTHERWISE}" in problem_of(answer, 409)["detail"]
    assert counted(api) == before


def reserved(api: Api, owner: str) -> int:
    return api.system.number("registry" if owner == "business_registry" else owner)


@pytest.mark.parametrize(("caller", "owner"), [(one, other) for one, others in CALLERS.items() for other in others])
@pytest.mark.parametrize("thing", [reserved, unpaid, paid])
def test_a_number_of_somebody_else_is_not_available(
    api: Api, thing: Callable[[Api, str], int], caller: str, owner: str
) -> None:
    number = thing(api, owner)
    before = counted(api)
    for amount in ("120.00", "1.00", "0"):
        answer = sent(api, {"amount": "5.00"}, {"amount": amount, "number": number}, code=caller)
        assert faults_of(answer, 409) == [("invoices.1.number", TAKEN)]
    assert counted(api) == before


def test_the_number_of_a_bulk_payment_is_not_available(api: Api) -> None:
    members = [api.system.invoice("auction") for _ in range(2)]
    api.system.bulk(members)
    container = api.system.scalar("select max(number) from invoice where kind = 'bulk'")
    answer = sent(api, {"amount": "240.00", "number": container}, code="auction")
    assert faults_of(answer, 409) == [("invoices.0.number", TAKEN)]


def test_a_service_makes_invoices_of_those_it_acts_for_only(api: Api) -> None:
    owners = [each["initiator"] for each in made(api, GOOD, {**GOOD, "initiator": "business_registry"})]
    assert owners == ["registry", "business_registry"]
    assert fields_of(sent(api, {**GOOD, "initiator": "registry"}, code="eeid")) == {"invoices.0.initiator"}


def test_a_rehearsal_tells_what_would_follow_and_leaves_nothing(api: Api) -> None:
    bodies: list[dict[str, Any]] = [GOOD, {"amount": "3.00", "lines": [LINE, LINE]}, {"amount": "0"}]
    before = counted(api)
    answer = sent(api, *bodies, query="?dry_run=true", Idempotency_Key="many-0")
    assert answer.status_code == 200
    assert counted(api) == before
    shown: dict[str, Any] = dict(answer.json or {})
    assert [each["amount"] for each in shown["rehearsal"]["entries"]] == ["120.00", "-120.00", "3.00", "-3.00"]
    assert sorted(shown["rehearsal"]["events"]) == ["invoice.issued"] * 3 + ["invoice.paid"]
    for told, real in zip(shown["invoices"], made(api, *bodies, Idempotency_Key="many-0"), strict=True):
        moments = {"created_at", "issued_at", "paid_at"}
        assert {name: told[name] for name in told.keys() - moments} == {
            name: real[name] for name in real.keys() - moments
        }
    refused = sent(api, GOOD, {**GOOD, "lines": [LINE]}, query="?dry_run=true")
    assert fields_of(refused) == {"invoices.1.amount"}


def test_the_same_key_gets_the_same_answer_and_another_body_none(api: Api) -> None:
    bodies: list[dict[str, Any]] = [GOOD, {"amount": "3.00", "lines": [LINE, {**LINE, "quantity": "1.0"}]}]
    first = sent(api, *bodies, Idempotency_Key="many-1")
    before = counted(api)
    written_otherwise = [GOOD, {"amount": "3.0", "lines": [LINE, {**LINE, "quantity": "1.000"}]}]
    again = sent(api, *written_otherwise, Idempotency_Key="many-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json
    assert fields_of(sent(api, *bodies[::-1], Idempotency_Key="many-1")) == {"Idempotency-Key"}
    assert counted(api) == before


def test_a_refused_call_does_not_use_its_key_up(api: Api) -> None:
    taken = api.system.invoice("auction")
    problem_of(sent(api, GOOD, {**GOOD, "number": taken}, Idempotency_Key="many-2"), 409)
    assert len(made(api, GOOD, Idempotency_Key="many-2")) == 1


def test_ten_at_once_under_one_key_have_one_effect(api: Api) -> None:
    before = api.count("invoice")

    def call(_: int) -> Any:
        return sent(api, *[GOOD] * 5, Idempotency_Key="many-3")

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(call, range(10)))
    good = [each for each in answers if each.status_code == 201]
    assert {each.status_code for each in answers} <= {201, 409}
    assert len({each.text for each in good}) == 1
    assert api.count("invoice") == before + 5


def test_of_calls_at_once_that_share_numbers_one_wins_and_the_others_are_told(own_api: Api) -> None:
    held = [own_api.system.number() for _ in range(20)]

    def call(caller: int) -> Any:
        order = held if caller % 2 else held[::-1]
        own = [{"amount": "7.00"}] if caller % 3 else []
        return sent(own_api, *[{"amount": f"{caller + 1}.00", "number": number} for number in order], *own)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(call, range(6)))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 5
    for each in answers:
        if each.status_code == 409:
            named = [field for field, detail in faults_of(each, 409) if detail == OTHERWISE]
            assert named == [f"invoices.{place}.number" for place in range(20)]
    totals = own_api.system.rows("select distinct total_minor from invoice where number = any(:n)", n=held)
    assert len(totals) == 1
    assert not deadlocks(own_api)
    assert_sound(own_api.system)


def deadlocks(api: Api) -> int:
    """Return how many the database had to break; who leaves tells its statistics."""
    with api.system.app.app_context():
        db.session.remove()
        db.engine.dispose()
    for _ in range(500):
        if api.system.scalar(OTHERS) == 0:
            break
        time.sleep(0.01)
    return int(api.system.scalar("select deadlocks from pg_stat_database where datname = current_database()"))


def wait_for_waiters(api: Api, count: int) -> None:
    for _ in range(500):
        if api.system.scalar(WAITING) == count:
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_calls_that_name_the_same_numbers_in_opposite_orders_do_not_wait_for_each_other(own_api: Api) -> None:
    made(own_api, GOOD)  # the accounts of the books are there: nobody waits for those
    held = [own_api.system.number() for _ in range(5)]
    with own_api.system.app.app_context(), db.engine.connect() as blocker, ThreadPoolExecutor(2) as pool:
        blocker.execute(
            text(
                "insert into invoice (tenant_id, public_token, number, initiator_id, subtotal_minor, total_minor) "
                "select 1, 'in between', :n, id, 1, 1 from initiator where code = 'registry'"
            ),
            {"n": held[2]},
        )
        calls = [
            pool.submit(sent, own_api, *[{"amount": f"{amount}.00", "number": number} for number in order])
            for amount, order in ((1, held), (2, held[::-1]))
        ]
        wait_for_waiters(own_api, 2)
        blocker.rollback()
        assert sorted(each.result().status_code for each in calls) == [201, 409]
    assert not deadlocks(own_api)


def test_what_fails_on_the_way_leaves_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    before = counted(api)
    monkeypatch.setattr(many_invoices, "settle_zero_invoices", broken)
    assert problem_of(sent(api, GOOD, {"amount": "0"}), 500)["code"] == "internal"
    assert counted(api) == before
    monkeypatch.undo()
    assert len(made(api, GOOD, {"amount": "0"})) == 2
