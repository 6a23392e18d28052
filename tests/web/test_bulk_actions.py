"""Work on many invoices from the list: what would happen is shown first, and the result is told invoice by invoice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from tests.web.browser import Browser
    from tests.web.page import Page

XSS = """"><script>alert(1)</script><img src=x onerror=alert(2)>"""


def preview(mary: Browser, path: str, *numbers: int, **query: Any) -> Page:
    return mary.page(f"/invoices/{path}/new?{urlencode([('number', n) for n in numbers] + list(query.items()))}")


def fields(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tag, named in page.elements:
        if tag == "input" and named.get("name") and named.get("name") not in {"csrf_token", "back"}:
            found.setdefault(str(named["name"]), []).append(named.get("value") or "")
    return found


def begin(mary: Browser, path: str, page: Page, **more: Any) -> Any:
    return mary.post(f"/invoices/{path}", fields(page) | {"reason": "asked by phone"} | more)


def test_picked_invoices_are_cancelled_one_by_one_with_a_result_for_each(own_mary: Browser) -> None:
    system = own_mary.portal.system
    open_one, paid = system.invoice(), system.settle()[0]
    page = preview(own_mary, "cancellations", open_one, paid)
    assert "1 invoice, 120.00" in page.text("p").replace("\N{NO-BREAK SPACE}", " ")
    assert "is asked to cancel first; only what it accepts is cancelled here" in page.text("td")
    assert "Money has come for it: what goes back is a refund." in page.text("td")
    answer = begin(own_mary, "cancellations", page)
    assert answer.status_code == 303
    system.drain()
    shown = own_mary.page(answer.location)
    assert "1 invoice is done." in shown.text("main")
    assert "Money has come for it: what goes back is a refund." in shown.text("td")
    assert "asked by phone" in shown.text("dd")
    assert system.status(open_one) == "cancelled"
    assert system.status(paid) == "paid"
    only = own_mary.fragment(f"{answer.location}/results?verdict=done")
    assert str(open_one) in only.text
    assert str(paid) not in only.text
    trail = own_mary.page(f"/invoices/{open_one}").text("ol")
    assert "The service is asked to take it as cancelled asked by phone, by operator" in trail


def test_that_real_balances_move_is_said_before_they_do(own_mary: Browser) -> None:
    number = own_mary.portal.system.invoice()
    page = preview(own_mary, "marks", number, to="paid")
    assert "real balances move" in page.text("td")
    assert "Real balances move: registrars are credited 120.00" in page.text("strong")
    assert own_mary.portal.system.service("registry").invoice(str(number))["credited"] == "0"  # type: ignore[index]


def test_balances_above_the_limit_move_after_a_fresh_sign_in_only(own_mary: Browser) -> None:
    system = own_mary.portal.system
    much, little = system.invoice(amount="1000.01"), system.invoice(amount="1000.00")
    system.sql("update operator_session set created_at = now() - interval '1 hour'")
    for to in ("paid", "unpaid"):
        system.sql("update invoice set status = 'overdue' where status = 'unpaid'")
        assert begin(own_mary, "marks", preview(own_mary, "marks", much, to=to)).location == "/sign_in/again"
    assert begin(own_mary, "cancellations", preview(own_mary, "cancellations", much)).location.startswith("/tasks/")
    assert begin(own_mary, "marks", preview(own_mary, "marks", little, to="paid")).location.startswith("/tasks/")
    assert system.scalar("select count(*) from task where kind like 'mark%'") == 1
    system.sql("update operator_session set created_at = now()")


def test_what_a_person_marked_is_told_as_theirs(own_mary: Browser) -> None:
    system = own_mary.portal.system
    number = system.invoice()
    begin(own_mary, "marks", preview(own_mary, "marks", number, to="paid"))
    system.drain()
    assert "Paid: marked as paid by hand on" in own_mary.page(f"/invoices/{number}").text("main")


@pytest.mark.parametrize(
    ("lang", "quoted"), [("en", "“busy: later”"), ("et", "„busy: later“"), ("ru", "«busy: later»")]
)
def test_what_a_service_said_is_quoted_as_the_reader_quotes(own_mary: Browser, lang: str, quoted: str) -> None:
    system = own_mary.portal.system
    answer = begin(own_mary, "cancellations", preview(own_mary, "cancellations", system.invoice()))
    system.drain()
    system.sql("update task_outcome set verdict = 'failed', code = 'refused', detail = 'busy: later'")
    assert f" {quoted}" in own_mary.page(f"{answer.location}?lang={lang}").text("td")


def test_without_a_reason_nothing_begins(own_mary: Browser) -> None:
    number = own_mary.portal.system.invoice()
    page = preview(own_mary, "cancellations", number)
    answer = begin(own_mary, "cancellations", page, reason=" ")
    assert answer.status_code == 422
    assert "Say why, in 3 to 500 characters" in answer.text
    assert own_mary.portal.system.scalar("select count(*) from task") == 0


def test_a_list_that_has_changed_since_is_shown_anew(own_mary: Browser) -> None:
    system = own_mary.portal.system
    number = system.invoice()
    page = preview(own_mary, "cancellations")
    system.invoice()
    answer = begin(own_mary, "cancellations", page)
    assert answer.status_code == 422
    assert "The list has changed since you looked" in answer.text
    assert "2 invoices" in answer.text
    assert system.status(number) == "unpaid"


def test_two_clicks_are_one_task(own_mary: Browser) -> None:
    system = own_mary.portal.system
    page = preview(own_mary, "marks", system.invoice(), to="paid")
    first, second = (begin(own_mary, "marks", page) for _ in range(2))
    assert first.location == second.location
    assert system.scalar("select count(*) from task") == 1
    system.drain()
    third = begin(own_mary, "marks", page)
    assert third.location == first.location
    assert system.scalar("select count(*) from task") == 1


def test_one_invoice_is_named_before_anything_is_done_to_it(own_mary: Browser) -> None:
    system = own_mary.portal.system
    first, second = system.invoice(), system.invoice()
    assert f"Invoice {first}." in preview(own_mary, "cancellations", first).text("p")
    assert "Those you picked." in preview(own_mary, "cancellations", first, second).text("p")


def test_whom_an_action_touches_is_said_by_name(own_mary: Browser) -> None:
    system = own_mary.portal.system
    paid = system.settle()[0]
    open_ones = [system.invoice() for _ in range(6)]
    system.sql("update invoice set customer_name = 'Paid OÜ', customer_email = '' where number = :number", number=paid)
    for number, payer in zip(open_ones, ("Kask OÜ", "Aas AS", "Kask OÜ", "Zeta OÜ", "", " "), strict=True):
        email = "only@mail.example" if payer == "" else ""
        change = "update invoice set customer_name = :payer, customer_email = :email where number = :number"
        system.sql(change, payer=payer, email=email, number=number)
    one = preview(own_mary, "cancellations", open_ones[0], open_ones[2], paid)
    assert "Those you picked.Payer: Kask OÜ." in one.text("p")
    assert one.text("bdi") == "Kask OÜ"
    nameless = preview(own_mary, "cancellations", *open_ones[4:])
    assert f"Payers: nobody named on invoice {open_ones[5]}, only@mail.example." in nameless.text("p")
    everybody = preview(own_mary, "cancellations").text("p")
    assert f"Payers: Kask OÜ, nobody named on invoice {open_ones[5]}, Aas AS and 2 more." in everybody
    assert "Paid OÜ" not in everybody, "it is left as it is"
    assert "Payers: Kask OÜ," in own_mary.page("/invoices/exports/new").text("p")
    assert "Payer: Paid OÜ." in own_mary.page(f"/invoices/exports/new?number={paid}").text("p")
    only_paid = preview(own_mary, "cancellations", paid)
    assert "Payer" not in only_paid.text("p")


def test_nothing_to_do_is_said_and_cannot_be_begun(own_mary: Browser) -> None:
    number = own_mary.portal.system.invoice("eeid")
    page = preview(own_mary, "cancellations", number)
    assert "There is nothing here that this can be done to." in page.text("main")
    assert "reason" not in fields(page)


@pytest.mark.parametrize(
    "path", ["/invoices/marks/new?to=refunded", "/invoices/marks/new", "/invoices/resends/new?number=%27"]
)
def test_what_the_list_never_asks_is_refused(mary: Browser, path: str) -> None:
    assert mary.get(path).status_code == 422


@pytest.mark.parametrize(
    "said", ["status=bogus", "service=nobody", "created_from=yesterday", "least=-1", "stauts=paid"]
)
def test_a_filter_that_is_not_understood_never_means_everything(mary: Browser, said: str) -> None:
    answer = mary.get(f"/invoices/cancellations/new?{said}")
    assert answer.status_code == 422
    assert said.partition("=")[0] in answer.text


def test_words_of_strangers_stay_words(own_mary: Browser) -> None:
    system = own_mary.portal.system
    number = system.invoice()
    system.sql("update invoice set customer_name = :xss where number = :number", xss=XSS, number=number)
    page = preview(own_mary, "cancellations", number)
    refused = begin(own_mary, "cancellations", page, reason=XSS, seen="other", key=XSS)
    answer = begin(own_mary, "cancellations", page, reason=XSS)
    system.drain()
    for html in (refused.text, own_mary.get(answer.location).text, own_mary.get(f"/invoices/{number}").text):
        assert "<script>alert" not in html
        assert "<img" not in html


def test_somebody_elses_task_is_not_there(own_mary: Browser) -> None:
    system = own_mary.portal.system
    answer = begin(own_mary, "cancellations", preview(own_mary, "cancellations", system.invoice()))
    system.sql("insert into operator (subject) values ('EE10101010005')")
    system.sql("update task set operator_id = (select id from operator where subject = 'EE10101010005')")
    for path in ("", "/progress", "/results", "/file"):
        assert own_mary.get(f"{answer.location}{path}").status_code == 404
    assert own_mary.post(f"{answer.location}/stops").status_code == 404
    assert "You have started nothing yet" in own_mary.page("/tasks").text("main")


def test_progress_asks_again_ever_more_slowly_and_ends_with_the_page(own_mary: Browser) -> None:
    system = own_mary.portal.system
    answer = begin(own_mary, "cancellations", preview(own_mary, "cancellations", system.invoice()))
    assert 'hx-trigger="load delay:1s, every 10s"' in own_mary.get(answer.location).text
    for wait, then in ((1, 2), (2, 3), (5, 5), (99, 5), (-7, 1)):
        again = own_mary.fragment(f"{answer.location}/progress?wait={wait}").text
        assert f'hx-trigger="load delay:{then}s, every 10s"' in again
    system.drain()
    assert own_mary.fragment(f"{answer.location}/progress").headers["HX-Redirect"] == answer.location


def test_a_task_is_stopped_by_its_button(own_mary: Browser) -> None:
    system = own_mary.portal.system
    answer = begin(own_mary, "cancellations", preview(own_mary, "cancellations", system.invoice()))
    assert own_mary.post(f"{answer.location}/stops").status_code == 303
    system.drain()
    assert "Stopped after 0 of" in own_mary.page(answer.location).text("main")
    assert system.rows("select distinct status from invoice") == [("unpaid",)]
