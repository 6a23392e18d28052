"""No page has a fault that axe can find, in light and dark, on a desk and on a phone (front-end.md 6).

Every page of the portal is found by following links, so that a new one is looked at as well, and none is forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from app.services import invoice_notes
from app.services.invoice_notes import Words
from app.services.timeline import SYSTEM
from tests.e2e import populated
from tests.e2e.axe import DESK, NARROW, bring, faults, faults_by_turns, scrolls_sideways
from tests.e2e.desk import served
from tests.thoroughness import EXHAUSTIVE, share
from tests.web.page import Page as Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.database import Databases
    from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser

PARTS = 12
LANGUAGES = ("en", "et", "ru")
FORMS = (
    "refunds.new", "people.new", "invoices.new_edit", "payment_links.new", "number_ranges.new",
    "vat_rates.new", "initiators.new_key", "gateway_lookups.new", "disputes.new", "invoices.new_view",
)  # fmt: skip
# What is broken into two lines, or wider than the place it has.
TORN = """
() => [
  ...document.querySelectorAll(".tbl, .tbl :is(.code, .copy, time), .trail time b, .tbl.rows td, select"),
].filter((each) => {
  const range = document.createRange();
  range.selectNodeContents(each);
  const whole = each.matches(".code, .copy, .tbl time, b") && each.offsetParent && !each.matches("td");
  return each.scrollWidth > each.clientWidth + 1 && each.clientWidth || (whole && range.getClientRects().length > 1);
}).map((each) => each.outerHTML.slice(0, 120))
"""


def test_every_page_of_the_portal_is_looked_at(desk: Desk, places: dict[str, str]) -> None:
    assert populated.wanted(desk) - set(places) == set()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_page_has_a_fault_and_the_longer_words_fit(
    at_desk: Callable[..., Page], places: dict[str, str], part: int
) -> None:
    page = at_desk()
    bring(page.context)
    found = []
    for number, path in enumerate(share(sorted(places.values())[part::PARTS], 3)):
        for lang in LANGUAGES if EXHAUSTIVE else (LANGUAGES[number % 3],):
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={lang}")
            found += faults_by_turns(page, number // 3 + part)
            page.set_viewport_size(NARROW)
            if scrolls_sideways(page):
                found.append(f"{page.url} is wider than a narrow window")
    assert found == []


def openers(desk: Desk, places: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return for every dialog a page and the address of the link on it that opens the dialog."""
    browser = desk.by_hand()
    adapter = desk.system.app.url_map.bind("localhost")
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(places.values()):
        for tag, named in Reading(browser.client.get(path).text).elements:
            if tag == "a" and named.get("hx-target") == "#dialog":
                address = str(named["href"])
                found.setdefault(str(adapter.match(address.partition("?")[0], "GET")[0]), (path, address))
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_dialog_takes_the_focus_has_no_fault_and_gives_the_focus_back(
    desk: Desk, at_desk: Callable[..., Page], places: dict[str, str]
) -> None:
    dialogs = openers(desk, places)
    assert len(dialogs) >= 20
    page = at_desk()
    bring(page.context)
    found = []
    for turn, (path, address) in enumerate(share(sorted(dialogs.values()), 5)):
        page.set_viewport_size(DESK)
        page.goto(path)
        link = page.locator(f'a[hx-target="#dialog"][href="{address}"]').first
        link.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        assert dialog.get_attribute("aria-labelledby"), address
        if not page.evaluate("document.querySelector('dialog').contains(document.activeElement)"):
            found.append(f"{address}: the focus is not in the dialog")
        found += faults_by_turns(page, turn, "dialog")  # the page behind it was looked at by itself
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        if not link.evaluate("node => node === document.activeElement"):
            found.append(f"{address}: the focus did not come back")
    assert found == []


@pytest.mark.slow
def test_a_form_that_comes_back_says_its_faults_and_takes_the_focus(
    at_desk: Callable[..., Page], places: dict[str, str]
) -> None:
    page = at_desk()
    bring(page.context)
    found = []
    for turn, name in enumerate(share(FORMS, 3)):
        page.goto(places[name])
        form = page.locator("main form").filter(has=page.locator("input:visible")).last
        for field in form.locator("input:not([type]):visible, input[type=text]:visible").all():
            field.fill("")
        form.evaluate("form => { form.noValidate = true; form.requestSubmit(form.querySelector('[value=save]')) }")
        alert = page.get_by_role("alert").first
        expect(alert, name).to_be_focused()
        for link in alert.get_by_role("link").all():
            target = str(link.get_attribute("href"))
            if page.locator(f'[id="{target.removeprefix("#")}"]').count() != 1:
                found.append(f"{name}: a fault leads to {target}, which is not there")
        found += faults_by_turns(page, turn, "main")
    assert found == []


@pytest.mark.slow
def test_pages_for_strangers_and_faults_are_clean_too(
    desk: Desk, at_desk: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(desk.system.app.view_functions, "sessions.index", lambda: 1 / 0)
    found = []
    stranger, page = at_desk(None), at_desk()
    addresses = [(stranger, "/sign_in"), (stranger, "/auth/tara/callback")]
    addresses += [(page, path) for path in ("/invoices/1", "/nowhere", "/sessions", "/sign_in/again", "/sign_in/held")]
    addresses += [(page, path) for path in ("/invoices?q=nothing-at-all", "/refunds?status=failed", "/styleguide")]
    for each in (stranger, page):
        bring(each.context)
    for number, (each, path) in enumerate(addresses):
        each.goto(f"{path}{'&' if '?' in path else '?'}lang={LANGUAGES[number % 3]}")
        found += faults_by_turns(each, number)
    page.goto("/people/new")
    page.locator("main [name=csrf_token]").first.evaluate("node => { node.value = 'of another page' }")
    page.locator("main form").last.evaluate("form => form.submit()")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    found += faults_by_turns(page, 0)
    assert found == []


@pytest.mark.slow
def test_a_portal_with_nothing_in_it_says_what_to_do(
    databases: Databases, redis_url: str, opened: Callable[..., Page]
) -> None:
    found = []
    with databases.clone() as url, served(url, redis_url) as desk:
        page = opened(desk.url, {desk.url}, desk.sign_in)
        bring(page.context)
        pages = populated.pages(desk, [])
        names = sorted(name for name in pages if EXHAUSTIVE or name.endswith(".index"))
        for name in share(names, 3):
            page.goto(pages[name])
            found += faults(page, "main")
        page.context.close()
    assert found == []


@pytest.mark.slow
def test_nothing_moves_for_who_wants_no_motion_and_colours_may_be_forced(at_desk: Callable[..., Page]) -> None:
    page = at_desk(reduced_motion="reduce", forced_colors="active")
    bring(page.context)
    page.goto("/invoices")
    durations = "[...document.querySelectorAll('*')].map(node => parseFloat(getComputedStyle(node).transitionDuration))"
    assert max(page.evaluate(durations)) <= 0.001
    assert faults(page) == []


def test_on_paper_there_is_the_story_and_nothing_to_click(at_desk: Callable[..., Page], places: dict[str, str]) -> None:
    page = at_desk()
    page.goto(places["invoices.show"])
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(page.locator(".trail")).to_be_visible()


def test_what_is_internal_is_on_the_page_and_never_on_paper(
    desk: Desk, at_desk: Callable[..., Page], places: dict[str, str]
) -> None:
    number = int(places["invoices.show"].rpartition("/")[2])
    first, then = "Owes us since spring", "Pays in parts, says Mari"
    now = desk.system.rows("select description, internal_notes from invoice where number = :n", n=number)[0]
    before = Words(*now)
    with desk.system.app.app_context():
        for notes in (first, then):
            after = Words(before.description, notes)
            invoice_notes.write(number, after, seen=before, reason="what the payer said", actor=SYSTEM)
            before = after
    page = at_desk()
    page.goto(places["invoices.show"])
    trail = page.locator(".trail li", has_text="Internal notes changed")
    expect(page.locator("#notes")).to_be_visible()
    expect(trail).to_have_count(2)
    page.emulate_media(media="print")
    on_paper = page.evaluate("document.body.innerText")
    assert first not in on_paper
    assert then not in on_paper
    expect(page.locator(".trail time b").locator("visible=true")).to_have_count(1)  # the day stood at a note
    expect(page.locator("#notes")).to_be_hidden()
    for control in page.locator("button, .to-raw, [data-copy]").all():
        expect(control).to_be_hidden()


@pytest.mark.slow
@pytest.mark.parametrize("where", ["vat_rates.index", "drafts.new", "invoices.show", "refunds.index"])
def test_codes_days_and_choices_are_whole_on_a_desk(
    at_desk: Callable[..., Page], places: dict[str, str], where: str
) -> None:
    page = at_desk()
    page.set_viewport_size(DESK)
    for lang in LANGUAGES:
        page.goto(f"{places[where]}?lang={lang}")
        assert page.evaluate(TORN) == [], lang
