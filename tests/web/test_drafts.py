"""Invoices written in the portal: the form with lines, without any script; issued once, discarded with a reason."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.tallinn import TALLINN
from tests.web.desks import value
from tests.web.page import Page

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.web.browser import Browser, Portal

HOSTILE = '"><script>alert(1)</script>{{7*7}}'
FORM = {
    "key": "k" * 20,
    "rows": "1",
    "service": "billing_system",
    "name": "Põhjatäht OÜ",
    "email": "arve@pohjataht.ee",
    "reg_no": "12345678",
    "description": "Prepaid balance",
    "line-1-description": "Balance",
    "line-1-quantity": "2",
    "line-1-unit": "pc",
    "line-1-price": "50,00",
    "line-1-vat": "standard",
    "line-1-discount": "",
    "do": "save",
}
KEYS = iter(range(10**6))


def form(**more: str) -> dict[str, str]:
    """Return a form of its own."""
    return (
        FORM | {"key": f"key-of-this-form-{next(KEYS):06}"} | {name.replace("_at_", "-"): v for name, v in more.items()}
    )


def saved(mary: Browser, **more: str) -> int:
    answer = mary.post("/drafts", form(**more))
    assert answer.status_code == 303, Page(answer.text).text("main")
    return int(re.findall(r"\d+", answer.location)[0])


def issue(mary: Browser, invoice_id: int, **more: str) -> TestResponse:
    asked = mary.page(f"/drafts/{invoice_id}/issues/new")
    hidden = {
        str(f["name"]): str(f.get("value") or "") for tag, f in asked.elements if tag == "input" and f.get("name")
    }
    return mary.post(f"/drafts/{invoice_id}/issues", {n: hidden[n] for n in ("version", "total")} | more)


def state(portal: Portal, invoice_id: int) -> tuple[str, int | None, int]:
    row = portal.system.rows("select status, number, total_minor from invoice where id = :id", id=invoice_id)[0]
    return row.status, row.number, row.total_minor


def test_a_draft_becomes_an_invoice_with_its_link_by_forms_alone(mary: Browser) -> None:
    assert mary.page("/drafts/new").text("h1") == "New invoice"
    invoice_id = saved(mary, name="Linnutee OÜ")
    assert state(mary.portal, invoice_id) == ("draft", None, 12400)
    assert "Linnutee OÜ" in mary.page("/drafts").text("tbody")
    question = mary.page(f"/drafts/{invoice_id}/issues/new").text("h2")
    assert "124.00" in question
    assert "Linnutee OÜ" in question
    answer = issue(mary, invoice_id, link="1")
    assert answer.status_code == 303
    status, number, _total = state(mary.portal, invoice_id)
    assert (status, answer.location) == ("unpaid", f"/invoices/{number}")
    page = mary.get(answer.location).text
    assert f"Invoice {number} is issued." in page
    assert "everypay.test/lp" in page
    assert "Linnutee OÜ" not in mary.page("/drafts").text("tbody")


def test_issuing_twice_leads_to_the_one_invoice_and_says_so(mary: Browser) -> None:
    invoice_id = saved(mary)
    asked = {"version": "1", "total": "12400"}
    assert mary.post(f"/drafts/{invoice_id}/issues", asked).status_code == 303
    again = mary.post(f"/drafts/{invoice_id}/issues", asked)
    assert again.location == f"/invoices/{state(mary.portal, invoice_id)[1]}"
    assert "issued already" in mary.get(again.location).text
    assert mary.get(f"/drafts/{invoice_id}").location == again.location


def test_a_form_sent_twice_makes_one_draft(mary: Browser) -> None:
    twice = form()
    assert mary.post("/drafts", twice).location == mary.post("/drafts", twice).location


def test_buttons_add_and_take_lines_and_keep_what_was_typed(mary: Browser) -> None:
    more = mary.post("/drafts", form(do="add"))
    page = Page(more.text)
    assert {"line-1-price", "line-2-price"} <= {str(f.get("id")) for _t, f in page.elements}
    assert 'value="50,00"' in more.text
    two = form(do="remove-1", rows="2", line_at_2_at_description="Kept", line_at_2_at_quantity="1")
    less = mary.post("/drafts", two)
    assert 'value="Kept"' in less.text
    assert "line-2-price" not in less.text


def test_totals_come_from_the_server_as_they_are_typed_and_nothing_is_kept(mary: Browser) -> None:
    before = mary.portal.system.scalar("select count(*) from invoice")
    answer = mary.post("/drafts/totals", form(line_at_1_at_discount="10%"), HX_Request="true")
    assert "111.60" in answer.text
    assert "<html" not in answer.text
    wrong = mary.post("/drafts/totals", form(line_at_1_at_price="x"), HX_Request="true")
    assert (wrong.status_code, "cannot be added up" in wrong.text) == (200, True)
    assert mary.portal.system.scalar("select count(*) from invoice") == before


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"line_at_1_at_price": "1e3"}, "line-1-price"),
        ({"line_at_1_at_price": "-1"}, "line-1-price"),
        ({"line_at_1_at_price": "1.23456"}, "line-1-price"),
        ({"line_at_1_at_price": "9" * 40}, "line-1-price"),
        ({"line_at_1_at_quantity": "0"}, "line-1-quantity"),
        ({"line_at_1_at_quantity": "٣"}, "line-1-quantity"),
        ({"line_at_1_at_discount": "101%"}, "line-1-discount"),
        ({"line_at_1_at_discount": "100.01"}, "line-1-discount"),
        ({"line_at_1_at_vat": "nothing"}, "line-1-vat"),
        ({"line_at_1_at_description": ""}, "line-1-description"),
        ({"line_at_1_at_description": "x\x00y"}, "line-1-description"),
        ({"name": "x" * 500}, "name"),
        ({"email": "nobody"}, "email"),
        ({"reference_number": "1234567"}, "reference_number"),
        ({"due_on": "tomorrow"}, "due_on"),
        ({"due_on": "2026-01-31"}, "due_on"),
        ({"service": "nobody"}, "service"),
        ({"account_id": "999999"}, "payer"),
        ({"internal_notes": "x" * 3000}, "internal_notes"),
    ],
)
def test_what_cannot_be_names_its_field(mary: Browser, more: dict[str, str], field: str) -> None:
    answer = mary.post("/drafts", form(**more))
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_a_day_that_is_over_is_no_day_to_pay_by_and_the_form_says_what_is(mary: Browser) -> None:
    today = datetime.now(TALLINN).date()
    over = mary.post("/drafts", form(due_on=(today - timedelta(days=1)).isoformat()))
    assert "Due: This day is over: choose today or a later day, or none" in over.text
    assert mary.post("/drafts", form(due_on=today.isoformat())).status_code == 303
    mary.portal.system.sql("update invoice set due_on = '2026-01-31' where id = :id", id=(draft := saved(mary)))
    again = mary.post(f"/drafts/{draft}", form(version="1", due_on="2026-01-31", description="Kept"))
    assert again.status_code == 422
    assert 'value="Kept"' in again.text


def test_nothing_to_add_up_is_written_as_its_reader_writes_it(mary: Browser) -> None:
    sums = {lang: Page(mary.get(f"/drafts/new?lang={lang}").text).text("td") for lang in ("en", "et", "en")}
    assert sums["en"].count("0.00") == 2
    assert sums["et"].count("0,00") == 2


def test_a_fault_says_its_line_and_field(mary: Browser) -> None:
    wrong = {"line-1-description": "", "line-1-price": "-5", "name": "A\x00B"}
    text = mary.post("/drafts", form(**wrong)).text
    assert "Line 1, Description: This is needed" in text
    assert "Line 1, Price: a number such as 1.25, not below zero" in text
    assert "Name: Only letters, digits and signs that can be seen" in text


@pytest.mark.parametrize(
    "name", [*FORM, "due_on", "reference_number", "internal_notes", "address", "vat_no", "payer", "version"]
)
def test_hostile_text_in_any_field_stays_text(mary: Browser, name: str) -> None:
    answer = mary.post("/drafts", form() | {name: HOSTILE})
    assert answer.status_code in {200, 303, 422}
    shown = mary.get(answer.location) if answer.status_code == 303 else answer
    assert "<script>alert" not in shown.text
    assert "49" not in Page(shown.text).text("h1")


def test_two_tabs_the_second_is_told_who_was_first_and_loses_nothing(mary: Browser) -> None:
    invoice_id = saved(mary)
    first = form(version="1", description="From the first tab")
    assert mary.post(f"/drafts/{invoice_id}", first).status_code == 303
    second = mary.post(f"/drafts/{invoice_id}", form(version="1", description="From the second tab"))
    assert second.status_code == 409
    assert "changed this draft in the meantime" in second.text
    assert 'value="From the second tab"' in second.text
    assert "save it again to put it over theirs" in second.text
    version = re.search(r'name="version" value="(\d+)"', second.text)
    assert version is not None
    again = form(version=version[1], description="From the second tab")
    assert mary.post(f"/drafts/{invoice_id}", again).status_code == 303
    assert 'value="From the second tab"' in mary.get(f"/drafts/{invoice_id}").text
    late = mary.post(f"/drafts/{invoice_id}/issues", {"version": "1", "total": "12400"})
    assert (late.status_code, state(mary.portal, invoice_id)[0]) == (409, "draft")


def test_issuing_what_is_not_complete_says_what_is_missing(mary: Browser) -> None:
    invoice_id = saved(mary, name="", rows="0")
    answer = issue(mary, invoice_id)
    assert answer.status_code == 422
    assert "Say who is to pay" in answer.text
    assert "At least one line" in answer.text


def test_discarding_asks_for_a_reason_and_keeps_the_draft(mary: Browser) -> None:
    invoice_id = saved(mary)
    assert "Discard the draft over" in mary.page(f"/drafts/{invoice_id}/discards/new").text("h2")
    assert mary.post(f"/drafts/{invoice_id}/discards", {"version": "1"}).status_code == 422
    gone = mary.post(f"/drafts/{invoice_id}/discards", {"version": "1", "reason": "made by mistake"})
    assert gone.location == f"/drafts/{invoice_id}"
    assert state(mary.portal, invoice_id)[0] == "cancelled"
    assert f"/drafts/{invoice_id}" not in mary.page("/drafts").links()
    late = mary.post(f"/drafts/{invoice_id}/issues", {"version": "2", "total": "12400"})
    assert late.location == f"/drafts/{invoice_id}"
    page = mary.get(f"/drafts/{invoice_id}").text
    assert "discarded in the meantime: made by mistake" in page
    assert "Discarded: made by mistake" in Page(page).text("strong")
    assert "Draft begun" in Page(page).text("ol")
    assert 'name="do"' not in page


def test_a_draft_in_the_list_of_invoices_leads_to_its_page(mary: Browser) -> None:
    invoice_id = saved(mary)
    for page in ("/invoices", "/overview"):
        assert f"/drafts/{invoice_id}" in mary.page(page).links()
    mary.post(f"/drafts/{invoice_id}/discards", {"version": "1", "reason": "made by mistake"})
    assert f"/drafts/{invoice_id}" in mary.page("/invoices?status=cancelled").links()


def test_the_list_holds_what_was_written_here_and_each_leads_to_its_form(mary: Browser) -> None:
    ours, theirs = saved(mary), saved(mary)
    mary.portal.system.sql("update invoice set source = 'seed' where id = :id", id=theirs)
    listed = mary.page("/drafts").links()
    assert f"/drafts/{ours}" in listed
    assert f"/drafts/{theirs}" not in listed


def test_a_payer_is_found_by_name_and_chosen(mary: Browser) -> None:
    system = mary.portal.system
    system.sql(
        "insert into account (initiator_id, external_id, name, email, reg_no) "
        "select id, 'x-1', 'Tuulik AS', 'tuulik@example.ee', '87654321' from initiator where code = 'registry'"
    )
    looked = mary.post("/drafts", form(service="registry", do="find", payer="uuli"))
    button = re.search(r'name="do" value="(payer-\d+)"', looked.text)
    assert button
    chosen = mary.post("/drafts", form(service="registry", do=button[1]))
    assert 'value="Tuulik AS"' in chosen.text
    assert 'value="87654321"' in chosen.text
    assert re.search(r'id="name"[^>]+autofocus', chosen.text)
    assert "Nobody is found" in mary.post("/drafts", form(do="find", payer="nobody at all")).text


def test_a_payer_of_another_service_is_found_too_and_only_written_down(mary: Browser) -> None:
    """The form begins with ourselves, whom nobody knows yet: whoever looks first still finds who has paid before."""
    system = mary.portal.system
    system.sql(
        "insert into account (initiator_id, external_id, name, email) "
        "select id, 'x-2', 'Sademetemõõtja OÜ', 'arve@sade.example' from initiator where code = 'auction'"
    )
    looked = mary.post("/drafts", form(service="billing_system", do="find", payer="sademe")).text
    assert "Domain auction" in Page(looked).text("span")
    button = re.search(r'name="do" value="(payer-\d+)"', looked)
    assert button
    chosen = mary.post("/drafts", form(service="billing_system", do=button[1])).text
    assert 'value="arve@sade.example"' in chosen
    assert value(chosen, "account_id") == ""


def test_whoever_writes_another_payer_over_a_chosen_one_keeps_no_account_of_his(mary: Browser) -> None:
    system = mary.portal.system
    system.sql(
        "insert into account (initiator_id, external_id, name, email) "
        "select id, 'x-3', 'Kuuse AS', 'arve@kuuse.example' from initiator where code = 'registry'"
    )
    account = str(system.scalar("select id from account where external_id = 'x-3'"))
    sent = {"service": "registry", "account_id": account, "email": "arve@kuuse.example"}
    drafts = [saved(mary, name=name, **sent) for name in ("Kuuse AS", "Kase AS")]
    kept = [system.scalar("select account_id from invoice where id = :d", d=draft) for draft in drafts]
    assert kept == [int(account), None]


def test_a_draft_that_never_was_is_not_found(mary: Browser) -> None:
    number = mary.portal.system.invoice()
    of_a_service = mary.portal.system.scalar("select id from invoice where number = :n", n=number)
    for path in (f"/drafts/{of_a_service}", "/drafts/99999999", f"/drafts/{of_a_service}/issues/new"):
        assert mary.get(path).status_code == 404
    assert mary.post("/drafts/99999999", form(version="1")).status_code == 404
    assert mary.post("/drafts/99999999/issues", {}).status_code == 404


def test_an_issued_line_says_how_many_at_what_price(mary: Browser) -> None:
    line = {"line-1-quantity": "0,333", "line-1-price": "1 234,5678", "line-1-discount": "12,5%"}
    invoice_id = saved(mary, **line)
    answer = issue(mary, invoice_id)
    assert answer.status_code == 303
    assert "0.333 pc × 1 234.5678, 51.39 € off" in mary.page(str(answer.location)).text("th")


def lines(many: int) -> dict[str, str]:
    return {
        f"line-{number}-{name}": value
        for number in range(1, many + 1)
        for name, value in (("description", "x"), ("quantity", "1"), ("price", "1"), ("vat", "standard"))
    }


def test_no_line_is_dropped_where_there_are_too_many(mary: Browser) -> None:
    whole = form(rows="100") | lines(100)
    assert mary.post("/drafts", whole).status_code == 303
    for more in (whole | {"do": "add"}, form(rows="101") | lines(101), form(rows="999") | lines(101)):
        answer = mary.post("/drafts", more)
        assert answer.status_code == 422
        assert "At most 100 lines" in answer.text


def test_a_price_with_narrow_spaces_is_taken(mary: Browser) -> None:
    invoice_id = saved(mary, line_at_1_at_price="1\u202f234,50")
    assert 'value="1234.50"' in mary.get(f"/drafts/{invoice_id}").text
