"""Invoices and credit notes as PDF: what was issued, in each language, as text; nothing fetched from anywhere (T72)."""

from __future__ import annotations

import re
from datetime import date
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

import pytest

from app.uow import session
from app.web import paper as on_paper
from app.web import pdf
from tests.pdf_text import text_of
from tests.web.test_drafts import issue, saved
from tests.web.test_settings import put

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system import System
    from tests.web.browser import Browser, Portal

SELLER = {
    "registry_juridical_name": "Eesti Interneti SA",
    "registry_reg_no": "90010019",
    "registry_vat_no": "EE101286464",
    "registry_bank": "LHV Pank",
    "registry_iban": "EE382200221020145685",
    "registry_swift": "LHVBEE22",
}
LINES = {
    "rows": "3",
    "line_at_1_at_description": "Domain näidis.ee", "line_at_1_at_quantity": "3", "line_at_1_at_price": "12,50",
    "line_at_1_at_unit": "pc", "line_at_1_at_vat": "standard", "line_at_1_at_discount": "10%",
    "line_at_2_at_description": "Raamat «Домены»", "line_at_2_at_quantity": "2", "line_at_2_at_price": "9,00",
    "line_at_2_at_unit": "", "line_at_2_at_vat": "reduced", "line_at_2_at_discount": "",
    "line_at_3_at_description": "<img src=x> & more", "line_at_3_at_quantity": "1", "line_at_3_at_price": "5,00",
    "line_at_3_at_unit": "", "line_at_3_at_vat": "exempt", "line_at_3_at_discount": "",
}  # fmt: skip
COURSE = {"description": "Course", "quantity": "1", "price": "5,00", "unit": "", "discount": ""}
SAID = {
    "en": ["Invoice {n}", "Buyer", "Due 31 January 2027", "33.75", "24 % 33.75 8.10", "9 % 18.00 1.62",
           "Exempt from VAT 5.00 0.00", "Without VAT 56.75", "Total 66.47 €", "Open the payment page"],
    "et": ["Arve {n}", "OSTJA", "Tähtaeg 31.01.2027", "33,75", "24 % 33,75 8,10", "9 % 18,00 1,62",
           "Käibemaksuta 56,75", "Kokku 66,47 €", "Ava makseleht"],
    "ru": ["Счёт {n}", "ПОКУПАТЕЛЬ", "Срок оплаты 31.01.2027", "33,75", "24 % 33,75 8,10", "9 % 18,00 1,62",
           "Без НДС 56,75", "Итого 66,47 €", "Открыть страницу оплаты"],
}  # fmt: skip
IN_EACH = ["Eesti Interneti SA", "90010019", "EE101286464", "Õunapuu & Žirkov OÜ «Ёлка»", "12345678", "Tallinn",
           "EE38 2200 2210 2014 5685", "LHV Pank, LHVBEE22", "Raamat «Домены»", "<img src=x> & more",
           "everypay.test"]  # fmt: skip


@pytest.fixture
def system(portal: Portal) -> System:
    for code, value in SELLER.items():
        portal.system.sql(
            "insert into setting (tenant_id, code, \"group\", value, format) values (1, :code, 'seller', :value,"
            " 'string') on conflict (tenant_id, code) do update set value = :value",
            code=code,
            value=value,
        )
    return portal.system


@pytest.fixture
def number(system: System, mary: Browser) -> int:
    buyer = {"name": "Õunapuu & Žirkov OÜ «Ёлка»", "reg_no": "12345678", "address": "Pärnu maantee 12, Tallinn"}
    draft = saved(mary, **buyer, **LINES, due_on="2027-01-31", reference_number="13")
    return int(issue(mary, draft, link="1").location.rpartition("/")[2])


def read(browser: Browser, address: str) -> str:
    answer = browser.client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    return text_of(answer.data)


def close(text: str) -> str:
    """Return a text without blanks, which a line of several fonts has more of."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("lang", ["en", "et", "ru"])
def test_an_invoice_is_told_in_each_language_with_its_tax_by_rate(mary: Browser, number: int, lang: str) -> None:
    address = f"/invoices/{number}/pdf?in={lang}"
    assert address.replace("&", "&amp;") in mary.get(f"/invoices/{number}").text
    text = close(read(mary, address))
    missing = [
        each for each in [*SAID[lang], *IN_EACH] if close(each.format(n=number)).casefold() not in text.casefold()
    ]
    assert missing == []


def test_a_day_stays_in_its_line(mary: Browser, number: int) -> None:
    with mary.portal.system.app.test_request_context():
        assert on_paper._on("en")(date(2027, 1, 31)) == "31\N{NO-BREAK SPACE}January\N{NO-BREAK SPACE}2027"
        assert on_paper._on("et")(date(2027, 1, 31)) == "31.01.2027"
    assert close("Due 31 January 2027") in close(read(mary, f"/invoices/{number}/pdf?in=en"))


@pytest.mark.slow
def test_no_column_of_tax_stands_empty_and_what_is_exempt_is_not_taxed_at_zero(mary: Browser, system: System) -> None:
    over_the_api = close(read(mary, f"/invoices/{system.invoice()}/pdf?in=en"))
    assert close("What Quantity Price Amount") in over_the_api
    assert "VAT0.00" not in over_the_api
    free = {f"line_at_1_at_{name}": value for name, value in COURSE.items()}
    for code, rate in (("exempt", "–"), ("zero", "0 %")):
        draft = saved(mary, **free, line_at_1_at_vat=code)
        text = close(read(mary, f"{issue(mary, draft).location}/pdf?in=en"))
        assert close(f"Course 1 5.00 {rate} 5.00") in text
        assert close("Without VAT 5.00 VAT 0.00 Total 5.00 €") in text


def test_the_language_of_the_portal_stays_what_it_was(mary: Browser, number: int) -> None:
    mary.get("/overview?lang=en")
    mary.client.get(f"/invoices/{number}/pdf?in=ru")
    assert "Money trail" in mary.get(f"/invoices/{number}").text


def test_what_is_not_to_be_paid_any_more_says_so_and_not_how(mary: Browser, system: System) -> None:
    paid, _reference = system.settle()
    cancelled = system.invoice()
    system.call("registry", "/invoice_generator/invoice_status", {"invoice_number": cancelled, "status": "cancelled"})
    for number, said in ((paid, "Paid on"), (cancelled, "Cancelled on")):
        text = close(read(mary, f"/invoices/{number}/pdf?in=en")).casefold()
        assert close(said).casefold() in text
        assert "howtopay" not in text


@pytest.mark.slow
def test_what_is_paid_in_part_or_credited_says_what_is_left_and_asks_for_no_more(mary: Browser, system: System) -> None:
    number = system.invoice(amount="120.00")
    whole = close(read(mary, f"/invoices/{number}/pdf?in=en"))
    assert close("Amount 120.00 €") in whole
    assert close("Left to pay") not in whole
    assert close("Open the payment page") in whole
    system.sql("alter table invoice disable trigger user")
    system.sql(
        "update invoice set status = 'partially_paid', captured_minor = 5050, credited_minor = 1000 where number = :n",
        n=number,
    )
    system.sql("alter table invoice enable trigger user")
    said = {
        "en": ["Total 120.00 €", "Credited -10.00", "Paid so far -50.50", "Left to pay 59.50 €", "Amount 59.50 €"],
        "et": ["Kokku 120,00 €", "Seni tasutud -50,50", "Tasuda veel 59,50 €", "Summa 59,50 €"],
        "ru": ["Итого 120,00 €", "Уже оплачено -50,50", "Осталось оплатить 59,50 €", "Сумма 59,50 €"],
    }
    for lang, texts in said.items():
        text = close(read(mary, f"/invoices/{number}/pdf?in={lang}")).replace("\N{MINUS SIGN}", "-")
        assert [each for each in texts if close(each) not in text] == []
        assert "everypay.test" not in text  # its link was signed over all of it


@pytest.mark.slow
def test_the_address_of_the_seller_stands_on_papers_as_far_as_it_is_set(mary: Browser, number: int) -> None:
    nowhere = read(mary, f"/invoices/{number}/pdf?in=en")
    assert "Estonia" not in nowhere
    typed = {"street": "Paldiski mnt 80", "zip": "10617", "city": "Tallinn", "country_code": "EE"}
    for name, value in typed.items():
        assert put(mary, f"registry_{name}", value) == 303
    for lang, country in (("en", "Estonia"), ("et", "Eesti"), ("ru", "Эстония")):
        text = close(read(mary, f"/invoices/{number}/pdf?in={lang}"))
        assert close(f"Paldiski mnt 80 10617 Tallinn {country}") in text
    for name in typed:
        assert put(mary, f"registry_{name}", "") == 303
    assert "Paldiski" not in read(mary, f"/invoices/{number}/pdf?in=en")


@pytest.mark.slow
def test_a_credit_note_names_its_invoice_and_takes_back_tax_by_rate(mary: Browser, number: int) -> None:
    form = {"key": f"key-of-paper-{number}", "line-1": "10", "line-2": "5", "line-3": "", "reason": "agreed with Mari"}
    form["counted"] = "1785"
    answer = mary.post(f"/invoices/{number}/credit_notes", form)
    assert answer.status_code == 303, answer.text
    note = int(answer.location.rpartition("/")[2])
    text = close(read(mary, f"/credit_notes/{note}/pdf?in=en"))
    for each in (f"Credit note {note}", f"Invoice {number}", "24 % 10.00 2.40", "9 % 5.00 0.45", "Credited 17.85 €"):
        assert close(each) in text
    assert "Mari" not in text  # why is for us alone


def test_a_bulk_payment_and_a_number_nobody_has_are_no_invoice(mary: Browser, system: System) -> None:
    members = [system.invoice("auction", "10.00"), system.invoice("auction", "20.00")]
    system.bulk(members)
    bulk = system.scalar("select number from invoice where kind = 'bulk'")
    assert "/pdf" not in mary.get(f"/invoices/{bulk}").text
    for address in (f"/invoices/{bulk}/pdf", "/invoices/99999999/pdf", "/credit_notes/99999999/pdf"):
        assert mary.client.get(address).status_code == 404


def test_nothing_of_this_machine_or_another_gets_into_a_paper(portal: Portal, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary of this machine")
    fetched: list[str] = []
    with portal.system.app.app_context():
        fetch = pdf._tools()[3].fetch
        for address in (
            secret.as_uri(),
            "http://127.0.0.1:1/x",
            "data:text/plain,x",
            "font:../../etc/passwd",
            "ftp://a/b",
        ):
            with pytest.raises(ValueError, match="elsewhere"):
                fetch(address)
            fetched.append(address)
        page = "".join(f'<img src="{each}"><link rel="attachment" href="{each}">' for each in fetched)
        assert b"EmbeddedFile" not in (made := pdf.drawn(f"<html lang='en'><title>x</title><body><p>Kept</p>{page}"))
    assert text_of(made) == "Kept 1 / 1"


def test_no_transaction_is_open_while_a_paper_is_drawn(
    mary: Browser, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ones: list[bool] = []

    def drawn(_html: str) -> bytes:
        open_ones.append(session().in_transaction())
        return b"%PDF"

    monkeypatch.setattr(pdf, "drawn", drawn)
    assert mary.client.get(f"/invoices/{number}/pdf").data == b"%PDF"
    assert open_ones == [False]


def test_where_nothing_can_be_drawn_the_page_says_what_is_missing(
    mary: Browser, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_name: str) -> Any:
        raise OSError("cannot load library pango-1.0")

    pdf._tools.cache_clear()
    monkeypatch.setattr(pdf, "import_module", missing)
    answer = mary.client.get(f"/invoices/{number}/pdf")
    assert (answer.status_code, answer.location) == (303, f"/invoices/{number}")
    assert "Pango is not installed" in mary.get(f"/invoices/{number}").text


def test_an_endless_word_goes_on_in_the_next_line_and_nothing_else_is_touched() -> None:
    """A hundred lines of one word of 2,000 letters kept the process busy for 38 seconds (security.md T73)."""
    mail, tag = "somebody.with.a.long.name@some.very.long.domain.ee", f'<a href="https://everypay.test/lp?{"x" * 300}">'
    for word, length in (("W" * 2000, 20), ("&amp;" * 400, 100)):
        html = pdf.ENDLESS.sub(pdf._breakable, f"{tag}{mail}</a> {word}")
        assert html.startswith(f"{tag}{mail}</a> ")
        pieces = html.partition("</a> ")[2].split("\N{ZERO WIDTH SPACE}")
        assert "".join(pieces) == word
        assert {len(each) for each in pieces if each} == {length}


def test_who_asks_while_others_are_drawn_is_told_and_keeps_no_thread(
    mary: Browser, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits in a thread that callbacks need: so many may, and the next comes back (security.md T73)."""
    drawing = BoundedSemaphore(2)
    monkeypatch.setattr(pdf, "ROOM", drawing)
    assert [drawing.acquire(blocking=False) for _one in range(2)] == [True, True]
    answer = mary.client.get(f"/invoices/{number}/pdf")
    assert (answer.status_code, answer.location) == (303, f"/invoices/{number}")
    assert "Other PDFs are being drawn" in mary.get(f"/invoices/{number}").text
    drawing.release()
    assert mary.client.get(f"/invoices/{number}/pdf").mimetype == "application/pdf"
    assert drawing.acquire(blocking=False), "its place is free again"
