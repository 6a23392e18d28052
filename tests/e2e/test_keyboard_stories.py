"""What an administrator does in a day, by the keyboard alone and in each language of the portal.

Each story is told in one language, each language tells several; TEST_EXHAUSTIVE=1 tells all of them in all three.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.uow import process_memory
from tests.e2e import populated
from tests.e2e.desk import JAAN
from tests.e2e.keyboard import asks_for, spoken

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.desk import Desk
    from tests.e2e.keyboard import KeyboardUser

pytestmark = pytest.mark.browser

MONEY = re.compile(r"(\N{MINUS SIGN}?)([\d\s]+)[.,](\d\d)\s*€")


def minor(text: str) -> int | None:
    """Return an amount in euros as the page writes it, in cents."""
    found = MONEY.search(text)
    if found is None:
        return None
    sign = -1 if found[1] else 1
    return sign * int(re.sub(r"\s", "", found[2]) + found[3])


@spoken("et", "ru")
def test_an_invoice_is_found_from_any_scrap_and_its_story_is_on_one_screen(
    desk: Desk, sit_down: Callable[..., KeyboardUser], lang: str
) -> None:
    system = desk.system
    words = {"et": "Sademetemõõtja", "ru": "Водомерная", "en": "Rainfall"}[lang]
    number, reference = system.settle(amount="417.03")
    system.sql(
        "update invoice set customer_name = 'Käokinga Talu OÜ', customer_email = :mail, description = :words,"
        " reference_number = :ref where number = :n",
        mail=f"mari.{lang}@kaokinga.example", words=f"{words} jaam", ref=f"77{number}", n=number,
    )  # fmt: skip
    populated.index(system)
    user = sit_down(lang)
    user.press("/")  # from any page, without a walk through the navigation
    expect(user.page.get_by_role("searchbox", name=user.say("Find an invoice"))).to_be_focused()
    user.write(str(number))
    user.press("Enter")
    user.is_at(user.say("Invoices"))
    scraps = [str(number)[2:], f"77{number}", "käokinga", f"mari.{lang}@", reference, "417.03", words.lower()]
    link = user.page.get_by_role("link", name=str(number), exact=True)
    for scrap in scraps:
        user.press("/")
        user.write(scrap)
        user.page.wait_for_url(asks_for(scrap))
        expect(user.page.locator("input[type=search]")).to_have_value(scrap)
        expect(link, scrap).to_be_visible()
        expect(user.page.locator("input[type=search]")).to_be_focused()
    user.press("ArrowDown")
    for _ in range(20):
        if link.evaluate("node => node === document.activeElement"):
            break
        user.press("ArrowDown")
    expect(link).to_be_focused()
    user.press("Enter")
    user.is_at(str(number))
    expect(user.page.locator(".why")).to_contain_text(re.compile(r"\d"))
    trail = user.page.locator(".trail")
    expect(trail).to_contain_text(user.say("Invoice created"))
    assert trail.get_by_role("listitem").count() >= 6, "from its number to the service that was told"
    user.follow(user.say("Raw exchanges"))
    expect(user.page.locator("pre").first).to_contain_text('"payment_state": "settled"')
    user.page.go_back()  # Alt and left arrow are the browser's own, which a headless one does not know
    user.is_at(str(number))
    user.page.go_back()
    expect(user.page.locator("input[type=search]")).to_have_value(scraps[-1])


@spoken("ru")
def test_a_refund_is_asked_for_by_one_and_agreed_to_by_the_other(
    desk: Desk, sit_down: Callable[..., KeyboardUser], lang: str
) -> None:
    number, _reference = desk.system.settle(amount="901.50")
    asking = sit_down(lang, path=f"/invoices/{number}")
    asking.press("r")
    dialog = asking.dialog()
    expect(dialog.get_by_label(asking.say("Amount to give back"))).to_be_focused()  # one payment is no choice
    asking.field("Amount to give back", "801,25", within=dialog)
    asking.field("Reason", "asked by phone", within=dialog)
    asking.press("Enter")
    asking.page.wait_for_url(re.compile(r"/refunds/\d+$"))
    refund = asking.page.url.rpartition("/")[2]
    expect(asking.page.get_by_role("link", name=asking.say("Agree…"), exact=True)).to_have_count(0)
    other = {"ru": "et", "et": "en", "en": "ru"}[lang]
    agreeing = sit_down(other, JAAN)
    agreeing.open_section("Refunds", "To approve")
    agreeing.to(agreeing.page.get_by_label(agreeing.say("Choose refund %(id)s", id=refund)))
    agreeing.press("Space")
    agreeing.follow(agreeing.say("Agree to the chosen…"), "button")
    dialog = agreeing.dialog()
    expect(dialog).to_contain_text(re.compile(r"801[.,]25"))
    agreeing.field("What you checked", "the mail and the invoice", within=dialog)
    agreeing.press("Enter")
    expect(dialog).to_be_hidden()
    desk.system.drain()
    asking.page.reload()
    expect(asking.page.locator(".trail")).to_contain_text("the mail and the invoice")
    assert desk.system.status(number) == "partially_refunded"


@spoken("en")
def test_an_invoice_with_lines_is_written_issued_and_its_link_copied(
    sit_down: Callable[..., KeyboardUser], lang: str
) -> None:
    user = sit_down(lang, path="/invoices")
    user.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    user.press("n")
    user.is_at(user.say("New invoice"))
    expect(user.page.locator("#line-1-description")).to_be_focused()
    _line(user, 1, "Domain, one year", "2", "10,00")
    user.follow(user.say("One more line"), "button")
    expect(user.page.locator("#line-2-description")).to_be_focused()
    _line(user, 2, "Certificate", "1", "5,00")
    user.field("Find a payer", "Tuulik")
    user.press("Enter")
    unknown = user.say("Nobody is found. Write the payer below.")
    expect(user.page.get_by_role("status").filter(has_text=unknown)).to_be_visible()
    user.field("Name", "Tuulik AS")
    user.field("E-mail", "tuulik@example.ee")
    user.field("Description", "Domain and certificate")
    expect(user.page.locator("#totals")).to_contain_text(re.compile(r"25[.,]00"))
    user.follow(user.say("Save and issue…"), "button")  # on along the form, not back to its beginning
    user.to(user.page.locator("main").get_by_role("button", name=user.say("Issue"), exact=True))
    user.press("Enter")
    user.is_at(user.say("Invoice"))
    user.press("l")
    expect(user.page.locator("#toasts")).to_contain_text(user.say("Copied: %(what)s", what=user.say("Payment link")))
    copied = user.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("http://everypay.test/lp?")


def _line(user: KeyboardUser, number: int, description: str, quantity: str, price: str) -> None:
    for name, text in (("description", description), ("quantity", quantity), ("price", price)):
        user.to(user.page.locator(f"#line-{number}-{name}"))
        user.write(text)


@spoken("et")
def test_what_may_be_corrected_is_corrected_and_the_history_keeps_what_stood_there(
    desk: Desk, sit_down: Callable[..., KeyboardUser], lang: str
) -> None:
    number = desk.system.invoice()
    user = sit_down(lang, path=f"/invoices/{number}")
    user.press("e")
    dialog = user.dialog()
    user.field("Description", "Domeen", within=dialog)
    user.field("Reason", "kirjaviga", within=dialog)
    user.press("Enter")
    expect(user.page.locator(".trail")).to_contain_text("kirjaviga")
    expect(user.page.locator("main")).to_contain_text("Domeen")


@spoken("ru")
def test_what_is_stuck_is_found_from_the_first_page_and_sent_again(
    desk: Desk, sit_down: Callable[..., KeyboardUser], lang: str
) -> None:
    delivery = populated.owed_for(desk.system, f"story:{lang}")
    user = sit_down(lang)
    user.open_section("Deliveries")
    dead = user.page.locator("[aria-labelledby=stuck] tr", has=user.page.locator("a[href*='state=dead']")).first
    user.follow(re.compile(r"^\d+ "), within=dead)
    user.page.wait_for_url(re.compile("state=dead"))
    user.page.wait_for_load_state()
    user.to(user.page.locator(f"#delivery-{delivery}"))
    user.press("Enter")
    user.is_at(str(delivery))
    user.follow(user.say("Send again…"))
    dialog = user.dialog()
    user.field("Reason", "the service is back", within=dialog)
    user.press("Enter")
    expect(dialog).to_be_hidden()
    assert desk.system.scalar("select state from outbox where id = :id", id=delivery) in {"pending", "leased", "done"}
    user.page.goto(f"/deliveries/{delivery}")
    expect(user.page.locator("main")).to_contain_text("the service is back")


@spoken("en")
def test_somebody_is_let_in_and_their_access_taken_away(
    desk: Desk, sit_down: Callable[..., KeyboardUser], lang: str
) -> None:
    code = {"en": "EE49403136515", "et": "EE37102250382", "ru": "EE48806260018"}[lang]
    user = sit_down(lang)
    user.open_section("Settings", "People")
    user.is_at(user.say("People"))
    user.follow(user.say("Let somebody in"))
    dialog = user.dialog()
    user.field("Country and personal code", code, within=dialog)
    user.field("Name", "Tõnu Õis", within=dialog)
    user.field("Who answers for it", "Mary", within=dialog)
    user.press("Tab", "ArrowDown", "ArrowDown")
    user.field("Reason", "summer help", within=dialog)
    user.press("Enter")
    user.is_at("Tõnu Õis")
    user.follow(user.say("Take access away…"))
    dialog = user.dialog()
    user.field("Reason", "summer is over", within=dialog)
    user.press("Enter")
    expect(user.page.locator("main")).to_contain_text(user.say("Taken away"))
    assert desk.system.scalar("select revoked_at from white_code where subject = :s", s=code)


@pytest.mark.timeout(300)
@spoken("et")
def test_how_much_came_this_month_from_whom_and_what_is_missing_adds_up(
    desk: Desk, sit_down: Callable[..., KeyboardUser], lang: str
) -> None:
    system = desk.system
    for amount, code in (("120.00", "registry"), ("36.50", "auction")):
        system.settle(code, amount)
    system.invoice("eeid", "15.15")
    with system.app.app_context():
        process_memory("overview.payers").clear()  # somebody may have looked a minute ago: those were others' rows
    user = sit_down(lang)
    user.open_section("Home", "Month")
    expect(user.page.locator("[aria-labelledby=payers] table")).to_be_visible()
    main = user.page.locator("main")
    figures = [each for each in main.get_by_role("link").all() if minor(each.inner_text()) is not None]
    addresses = {str(each.get_attribute("href")): minor(each.inner_text()) for each in figures}
    assert len(addresses) >= 6
    wrong = []
    for number, (address, figure) in enumerate(sorted(addresses.items())):
        if number == 0:  # by Tab and Enter; the others are the same kind of link
            user.past_navigation()
            user.to(main.locator(f'a[href="{address}"]').filter(has_text="€"))
            user.press("Enter")
            user.page.wait_for_url(lambda url: "/month" not in url)
        else:
            user.page.goto(address)
        total = _sum_of_rows(user)
        if abs(total) != abs(figure or 0):  # what went back is listed with its sign
            wrong.append(f"{address} says {figure}, its rows come to {total}")
    assert wrong == []


def _sum_of_rows(user: KeyboardUser) -> int:
    """Return what the rows of a list come to, all pages of it."""
    page = user.page
    page.wait_for_load_state()
    more = page.locator("tr.pager a")
    while more.count():
        before = page.locator("tbody tr").count()
        more.focus()
        user.press("Enter")
        page.wait_for_function("many => document.querySelectorAll('tbody tr').length > many", arg=before)
    owed = page.locator("main tbody tr:not(.pager) td[data-owed]")
    cells = (owed if owed.count() else page.locator("main tbody tr:not(.pager) td.num")).all_inner_texts()
    return sum(found for found in map(minor, cells) if found is not None)
