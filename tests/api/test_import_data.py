"""POST import_data/invoice_data and reference_data: all good rows are taken, or none (eis.md 5.19, 5.20)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.services import imports
from app.services.proofs import verify
from tests.api.client import (
    AMOUNT,
    IMPORT_INVOICES,
    IMPORT_REFERENCES,
    NUMBER,
    ONEOFF,
    REGISTER,
    STATUS,
    error_of,
)  # fmt: skip

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api

NUMBERS = iter(range(300_000, 10**6, 100))
TAIL = "The reason for omission may be that the account data isalready in the database or the information is incorrect"


def row(number: Any, **more: Any) -> dict[str, Any]:
    """Return what the services' migration tools send."""
    return {
        "invoice_number": number,
        "initiator": "registry",
        "transaction_amount": "120.0",
        "status": "unpaid",
        "in_directo": False,
        "e_invoice_sent_at": None,
        "transaction_time": None,
        **more,
    }


def bring(api: Api, rows: Any, code: str = "registry", path: str = IMPORT_INVOICES) -> TestResponse:
    return api.send(path, rows, code=code)


def reasons(response: TestResponse) -> list[tuple[int, str]]:
    assert response.status_code == 200, response.text
    return [(each["row"], each["reason"]) for each in response.json["skipped_rows"]]  # type: ignore[index]


def found(api: Api, number: int) -> Any:
    return api.system.rows(
        "select i.*, n.code from invoice i join initiator n on n.id = i.initiator_id where i.number = :n", n=number
    )[0]


def assert_sound(api: Api) -> None:
    with api.system.app.app_context():
        report = verify()
    assert report.holds, str(report)


def test_invoices_are_added_and_counted_in_the_old_words(api: Api) -> None:
    first = next(NUMBERS)
    response = bring(api, [row(first), row(str(first + 1), transaction_amount=99.5)])
    assert response.status_code == 200
    assert response.json["message"] == f"Added 2 invoices, skipped 0. {TAIL}"  # type: ignore[index]
    made = found(api, first)
    assert (made.status, made.total_minor, made.description, made.code) == ("unpaid", 12000, "prepended", "registry")
    assert found(api, first + 1).total_minor == 9950


@pytest.mark.parametrize("word", ["unpaid", "paid", "cancelled", "failed", "refunded", "overdue"])
def test_every_old_status_is_here_what_it_was_there(api: Api, word: str) -> None:
    number = next(NUMBERS)
    assert reasons(bring(api, [row(number, status=word)])) == []
    told = "charged_with_error" if word == "failed" else word
    assert api.system.status(number) == told
    assert_sound(api)


def test_issued_is_unpaid(api: Api) -> None:
    number = next(NUMBERS)
    bring(api, [row(number, status="issued", initiator="auction")], "auction")
    assert (api.system.status(number), found(api, number).code) == ("unpaid", "auction")


@pytest.mark.parametrize(("status", "told"), [("unpaid", "paid"), ("refunded", "paid"), ("cancelled", "cancelled")])
def test_an_invoice_over_nothing_is_paid_unless_it_is_cancelled(api: Api, status: str, told: str) -> None:
    number = next(NUMBERS)
    bring(api, [row(number, status=status, transaction_amount=0.0)])
    assert api.system.status(number) == told
    assert_sound(api)


def test_what_is_known_about_an_invoice_comes_along(api: Api) -> None:
    number = next(NUMBERS)
    bring(
        api,
        [
            row(
                number,
                status="paid",
                in_directo=True,
                e_invoice_sent_at="2026-01-06T10:00:00.000Z",
                transaction_time="2026-01-05 12:01:00 +02:00",
            )
        ],
    )
    made = found(api, number)
    assert made.in_directo
    assert [each.isoformat() for each in (made.e_invoice_sent_at, made.paid_at)] == [
        "2026-01-06T10:00:00+00:00", "2026-01-05T10:01:00+00:00",
    ]  # fmt: skip


def test_nobody_is_told_of_what_was_brought_along(api: Api) -> None:
    number = next(NUMBERS)
    bring(api, [row(number, status="paid")])
    owed = "select o.kind from outbox o join invoice i on i.id = o.invoice_id where i.number = :n"
    assert [each.kind for each in api.system.rows(owed, n=number)] == ["search.invoice.index"]
    heard = "select count(*) from announcement a join invoice i on i.id = a.invoice_id where i.number = :n"
    assert api.system.scalar(heard, n=number) == 0


def test_the_timeline_tells_where_it_came_from(api: Api) -> None:
    number = next(NUMBERS)
    batch = bring(api, [row(number, status="refunded")]).json["import_batch"]  # type: ignore[index]
    told = api.system.rows(
        "select e.kind, e.actor, e.data from event e join invoice i on i.id = e.invoice_id where i.number = :n "
        "order by e.id",
        n=number,
    )
    assert [each.kind for each in told] == [
        "invoice.issued", "invoice.settled", "payment.settled", "payment.refunded",
    ]  # fmt: skip
    assert (told[0].actor, told[0].data["import"]) == ("registry", batch)
    kept = api.system.rows("select * from import_batch where id = :id", id=batch)[0]
    assert (kept.source, kept.kind, kept.actor, kept.counts) == (
        "api", "invoices", "initiator:registry", {"added": 1, "skipped": {}},
    )  # fmt: skip


def test_what_is_here_already_stays_as_it_is(api: Api) -> None:
    number = next(NUMBERS)
    bring(api, [row(number)])
    again = bring(api, [row(number, status="paid", transaction_amount="1.00")])
    assert again.json["message"] == f"Added 0 invoices, skipped 1. {TAIL}"  # type: ignore[index]
    assert reasons(again) == [(0, "is registered already")]
    assert (api.system.status(number), found(api, number).total_minor) == ("unpaid", 12000)


def test_of_several_rows_with_one_number_the_first_counts(api: Api) -> None:
    number = next(NUMBERS)
    response = bring(api, [row(number, status="paid"), row(str(number)), row(f"0{number}")])
    assert reasons(response) == [
        (1, "the same number stands further up"), (2, "the same number stands further up"),
    ]  # fmt: skip
    assert api.system.status(number) == "paid"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"invoice_number": None}, "invoice_number must be filled"),
        ({"invoice_number": "150331.ee"}, "invoice_number must be a whole number"),
        ({"invoice_number": 0}, "invoice_number must be between 1 and 2147483647"),
        ({"invoice_number": 2**31}, "invoice_number must be between 1 and 2147483647"),
        ({"invoice_number": [1]}, "invoice_number must be a whole number"),
        ({"status": "partially_paid"}, "status must be one of"),
        ({"status": None}, "status must be filled"),
        ({"transaction_amount": "-1"}, "transaction_amount must be a plain decimal"),
        ({"transaction_amount": None}, "transaction_amount must be filled"),
        ({"transaction_amount": "1e3"}, "transaction_amount must be a plain decimal"),
        ({"initiator": "auction"}, "initiator must be one of: registry, business_registry"),
        ({"initiator": {}}, "initiator must be a string"),
        ({"in_directo": "maybe"}, "in_directo must be true or false"),
        ({"in_directo": []}, "in_directo must be true or false"),
        ({"transaction_time": "yesterday"}, "transaction_time must be a time"),
        ({"transaction_time": 5}, "transaction_time must be a time"),
        ({"e_invoice_sent_at": "0001-01-01"}, "e_invoice_sent_at must be a time between"),
        ({"transaction_time": "9999-12-31T23:59:59-14:00"}, "transaction_time must be a time between"),
    ],
)
def test_a_faulty_row_is_skipped_with_its_reason_and_the_others_are_taken(
    api: Api, wrong: dict[str, Any], reason: str
) -> None:
    number = next(NUMBERS)
    ((place, said),) = reasons(bring(api, [row(number), {**row(number + 1), **wrong}, row(number + 2)]))
    assert place == 1
    assert said.startswith(reason)
    assert [api.system.status(each) for each in (number, number + 2)] == ["unpaid", "unpaid"]


@pytest.mark.parametrize("entry", [None, 5, "x", [], [[]], True])
def test_what_is_no_object_is_skipped(api: Api, entry: Any) -> None:
    number = next(NUMBERS)
    assert reasons(bring(api, [entry, row(number)])) == [(0, "must be an object")]
    assert api.system.status(number) == "unpaid"


def test_a_body_that_breaks_off_brings_nothing(api: Api) -> None:
    number = next(NUMBERS)
    body = json.dumps([row(number), row(number + 1)]).encode()
    response = api.raw(IMPORT_INVOICES, body[:-20])
    assert response.status_code == 400
    assert "in entry 1" in error_of(response)["message"]
    assert api.system.scalar("select count(*) from invoice where number = :n", n=number) == 0


def test_an_empty_array_brings_nothing(api: Api) -> None:
    assert bring(api, []).json["message"] == f"Added 0 invoices, skipped 0. {TAIL}"  # type: ignore[index]
    assert bring(api, [], path=IMPORT_REFERENCES).status_code == 200


@pytest.mark.parametrize("path", [IMPORT_INVOICES, IMPORT_REFERENCES])
def test_only_an_array_is_read(api: Api, path: str) -> None:
    bodies: list[Any] = [{}, {"invoices": []}, "x", None, 5]
    for said in bodies:
        assert bring(api, said, path=path).status_code == 400
    assert api.raw(path, b"a=1", "application/x-www-form-urlencoded").status_code == 415


def test_there_is_an_end_to_the_rows(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_ROWS", 2)
    first = next(NUMBERS)
    response = bring(api, [row(first), row(first + 1), row(first + 2)])
    assert response.status_code == 422
    assert error_of(response)["body"] == ["must have at most 2 entries"]
    assert api.system.scalar("select count(*) from invoice where number = :n", n=first) == 0


def test_a_number_of_somebody_else_is_not_available(api: Api) -> None:
    registered, taken = api.system.invoice("auction"), api.system.number("auction")
    response = bring(api, [row(registered), row(taken)])
    said = "this invoice number is not available to you"
    assert reasons(response) == [(0, said), (1, said)]
    assert found(api, registered).code == "auction"


def test_registry_brings_along_the_business_register_s(api: Api) -> None:
    number = next(NUMBERS)
    bring(api, [row(number, initiator="business_registry"), row(number + 1, initiator=None)])
    assert [found(api, each).code for each in (number, number + 1)] == ["business_registry", "registry"]


def test_imported_numbers_count_as_given(own_api: Api) -> None:
    number = own_api.system.number()
    bring(own_api, [row(number), row(number + 40), row(10_500), row(999_999)])
    assert own_api.system.number() == number + 41
    used = "select used_at is not null from number_reservation where number = :n"
    assert own_api.system.scalar(used, n=number) is True
    assert_sound(own_api)


def test_a_number_given_while_the_import_runs_stops_it(own_api: Api) -> None:
    number = own_api.system.number() + 1
    given: list[int] = []

    def somebody_takes_a_number(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "update number_range g" in statement and not given:
            given.append(0)
            with ThreadPoolExecutor(1) as pool:
                given[0] = pool.submit(own_api.send, NUMBER).result().json["invoice_number"]  # type: ignore[index]

    event.listen(Engine, "before_cursor_execute", somebody_takes_a_number)
    try:
        response = bring(own_api, [row(number)])
    finally:
        event.remove(Engine, "before_cursor_execute", somebody_takes_a_number)
    assert given == [number]
    assert response.status_code == 409
    assert "handed out while it ran" in error_of(response)["message"]
    assert own_api.count("invoice") == 0
    assert bring(own_api, [row(number)]).json["added"] == 1  # type: ignore[index]


def test_what_was_brought_along_is_paid_like_any_other(api: Api) -> None:
    number = api.system.number()
    bring(api, [row(number, status="overdue")])
    reference = api.system.one_off(number)
    api.system.pay(reference)
    api.system.callback(reference)
    api.system.drain()
    assert api.system.status(number) == "paid"
    assert_sound(api)


def test_what_was_brought_along_paid_stays_paid(api: Api) -> None:
    number = next(NUMBERS)
    bring(api, [row(number, status="paid")])
    body = {"invoice_number": str(number), "customer_url": "http://registrar.test/back"}
    assert api.send(ONEOFF, body).status_code == 422
    assert api.send(STATUS, {"invoice_number": number, "status": "cancelled"}).status_code == 409
    assert api.send(AMOUNT, {"invoice_number": number, "transaction_amount": "1.00"}).status_code == 409
    same = {"invoice_number": number, "transaction_amount": "120.0"}
    assert api.send(REGISTER, same).status_code == 201


def test_brought_along_invoices_are_found_by_a_search(api: Api) -> None:
    number = next(NUMBERS)
    bring(api, [row(number)])
    api.system.drain()
    text = "select search_text from invoice_search s join invoice i on i.id = s.invoice_id where i.number = :n"
    ends = " ".join(str(number)[place:] for place in range(len(str(number)) - 2))
    assert api.system.scalar(text, n=number) == f" {ends} prepended registry"


def test_both_kinds_may_take_turns_for_ever(api: Api) -> None:
    """A statement that was prepared for one kind's rows is not in the way of the other's."""
    for _ in range(8):
        assert bring(api, [row(None)]).status_code == 200
        assert bring(api, [{}], path=IMPORT_REFERENCES).status_code == 200


def test_two_imports_of_the_same_rows_at_once_add_each_once(api: Api) -> None:
    first = next(NUMBERS)
    rows = [row(first + step, status="paid") for step in range(60)]
    orders = [rows, rows[::-1], rows]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda order: bring(api, order), orders))
    assert [each.status_code for each in answers] == [200] * 3
    assert sum(each.json["added"] for each in answers) == 60  # type: ignore[index]
    assert_sound(api)


def test_the_same_import_under_its_key_gets_the_first_answer(api: Api) -> None:
    rows = [row(next(NUMBERS))]
    first, second = (api.send(IMPORT_INVOICES, rows, Idempotency_Key="import-1") for _ in range(2))
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    other = api.send(IMPORT_INVOICES, [row(next(NUMBERS))], Idempotency_Key="import-1")
    assert other.status_code == 422
