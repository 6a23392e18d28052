"""Money that comes when nobody waits for it any more is kept, applied to nothing by itself, and asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.services.refunding import assert_sound, payment_id, questions

if TYPE_CHECKING:
    from datetime import date

    from tests.system import System

STATUS = "/invoice_generator/invoice_status"
TODAY = "select (now() at time zone 'Europe/Tallinn')::date"


def cancel(system: System, number: int) -> None:
    body = {"invoice_number": number, "status": "cancelled"}
    assert system.call("registry", STATUS, body).status_code == 200


def arrive(system: System, reference: str) -> None:
    system.pay(reference)
    system.callback(reference)
    system.drain()


def asked(system: System, number: int) -> Any:
    found = system.rows(
        "select r.* from review_item r join invoice i on i.id = r.invoice_id where i.number = :n and "
        "r.resolved_at is null",
        n=number,
    )
    assert len(found) == 1, found
    return found[0]


def books(system: System, number: int) -> tuple[str, int, int]:
    """Return the state of an invoice, what it took, and the payer's credit of money that came for it."""
    row = system.rows(
        "select i.status, i.captured_minor, coalesce(sum(s.amount_minor), 0)::bigint as over from invoice i "
        "left join surplus s on s.invoice_id = i.id where i.number = :n group by i.id",
        n=number,
    )[0]
    return row.status, row.captured_minor, row.over


def test_money_for_an_invoice_that_was_cancelled_is_the_payers_and_a_question_that_says_when_and_what(
    system: System,
) -> None:
    number = system.invoice()
    page = system.one_off(number)
    cancel(system, number)
    arrive(system, page)
    today: date = system.scalar(TODAY)
    item = asked(system, number)
    assert books(system, number) == ("cancelled", 0, 12000)
    assert (item.kind, item.payment_id, item.sentence) == (
        "payment.surplus",
        payment_id(system, page),
        (
            f"120.00 EUR was received on {today}, and the invoice was cancelled on {today}: "
            "refund it or use it for another invoice"
        ),
    )
    assert item.evidence["received_at"].startswith(
        str(system.scalar("select (completed_at at time zone 'UTC')::date from payment where external_id = :r", r=page))
    )
    arrive(system, page)
    assert asked(system, number) == item, "told once more: nothing more is owed to the payer"
    assert_sound(system)


def test_money_for_a_page_that_expired_pays_an_invoice_that_is_still_owed_and_says_that_it_came_late(
    system: System,
) -> None:
    number = system.invoice()
    page = system.one_off(number)
    system.sql("update payment set status = 'expired' where external_id = :r", r=page)
    arrive(system, page)
    assert (books(system, number), questions(system, page)) == (("paid", 12000, 0), [])
    assert system.scalar("select data ->> 'late' from event where kind = 'payment.settled'") == "true"
    assert_sound(system)


def test_money_for_a_page_that_expired_before_the_invoice_was_cancelled_is_the_payers(system: System) -> None:
    number = system.invoice()
    page = system.one_off(number)
    system.sql("update payment set status = 'expired' where external_id = :r", r=page)
    cancel(system, number)
    arrive(system, page)
    assert books(system, number) == ("cancelled", 0, 12000)
    assert asked(system, number).kind == "payment.surplus"
    assert_sound(system)


def test_money_a_service_took_for_a_cancelled_invoice_is_refused_and_asked_about_once(system: System) -> None:
    number = system.invoice()
    cancel(system, number)
    for _time in range(2):
        body = {"invoice_number": number, "status": "paid"}
        answer = system.call("registry", STATUS, body, **{"Idempotency-Key": "late"})
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "conflict")
    item = asked(system, number)
    assert books(system, number) == ("cancelled", 0, 0)
    assert (item.kind, item.sentence) == (
        "invoice.reported_late",
        (
            f"registry reports this invoice as paid, and it was cancelled on {system.scalar(TODAY)}: "
            "the money there goes back to the payer or pays another invoice"
        ),
    )
    assert (item.evidence["amount"], item.evidence["currency"]) == ("120.00", "EUR")
    assert_sound(system)


@pytest.mark.parametrize("word", ["overdue", "unpaid"])
def test_a_report_that_brings_no_money_to_a_cancelled_invoice_asks_nobody(system: System, word: str) -> None:
    number = system.invoice()
    cancel(system, number)
    assert system.call("registry", STATUS, {"invoice_number": number, "status": word}).status_code == 409
    assert system.scalar("select count(*) from review_item") == 0
