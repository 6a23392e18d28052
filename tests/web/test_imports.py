"""Imports in the portal: what was brought along, what was left out and why, and the rows themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.domain.reference import with_check_digit
from tests.web.desks import SCRIPT
from tests.web.page import Page

if TYPE_CHECKING:
    from tests.system import System
    from tests.web.browser import Browser, Portal


def bring_invoices(system: System, first: int, many: int, code: str = "registry", status: str = "unpaid") -> int:
    """Import invoices as a service and return the import's number."""
    rows = [
        {
            "invoice_number": number,
            "initiator": code,
            "transaction_amount": "12.00",
            "status": status,
            "in_directo": False,
            "e_invoice_sent_at": None,
            "transaction_time": None,
        }
        for number in range(first, first + many)
    ]
    return brought(system.call(code, "/import_data/invoice_data", rows))


def bring_references(system: System, owners: dict[str, str], code: str = "registry") -> int:
    rows = [
        {"reference_number": number, "initiator": code, "registrar_name": owner} for number, owner in owners.items()
    ]
    return brought(system.call(code, "/import_data/reference_data", rows))


def brought(answer: Any) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.json["import_batch"])


def test_what_was_brought_is_listed_with_its_result_and_leads_to_its_rows(portal: Portal, mary: Browser) -> None:
    batch = bring_invoices(portal.system, 710_000, 3)
    assert bring_invoices(portal.system, 710_001, 4) > batch
    listed = mary.page("/imports")
    assert f"/imports/{batch}" in listed.links()
    assert "Domain registry" in listed.text("td")
    page = mary.page(f"/imports/{batch}")
    assert "Every row was taken" in page.text("strong")
    assert [f"/invoices/{number}" for number in (710_000, 710_001, 710_002)] == [
        link for link in page.links() if link.startswith("/invoices/71")
    ]
    again = mary.page(f"/imports/{batch + 1}")
    assert "2 rows were left out" in again.text("strong")
    assert "is registered already" in again.text("th")
    rows = [link for link in again.links() if link.startswith("/invoices/71")]
    assert rows == ["/invoices/710003", "/invoices/710004"]


def test_references_show_their_owners_as_text(portal: Portal, mary: Browser) -> None:
    number = with_check_digit("81000")
    batch = bring_references(portal.system, {number: f"Owner {SCRIPT}", "12": "wrong"})
    page = mary.page(f"/imports/{batch}")
    assert f"/references/{number}" in page.links()
    assert SCRIPT not in mary.get(f"/imports/{batch}").text
    assert "1 row was left out" in page.text("strong")


def test_more_rows_come_by_fifties_without_gap_or_repeat(own_portal: Portal, own_mary: Browser) -> None:
    batch = bring_invoices(own_portal.system, 720_000, 120)
    found, following = [], f"/imports/{batch}"
    while following:
        links = own_mary.page(following).links() if following.endswith(str(batch)) else more(own_mary, following)
        found += [link for link in links if link.startswith("/invoices/72")]
        following = next((link for link in links if "after=" in link), "")
    assert found == [f"/invoices/{number}" for number in range(720_000, 720_120)]


def more(browser: Browser, address: str) -> list[str]:
    """Return the links of further rows, as htmx fetches them."""
    return Page(f"<table>{browser.fragment(address).text}</table>").links()


def test_many_imports_come_by_fifties(own_portal: Portal, own_mary: Browser) -> None:
    own_portal.system.sql(
        "insert into import_batch (source, kind, actor, counts, finished_at) "
        "select 'legacy', 'references', 'system', '{\"added\": 5, \"skipped\": {}}', now() from generate_series(1, 60)"
    )
    links = own_mary.page("/imports").links()
    following = next(link for link in links if "before=" in link)
    found = [link for link in [*links, *more(own_mary, following)] if link.removeprefix("/imports/").isdigit()]
    assert len(found) == len(set(found)) == 60
    assert "the move from the system before" in own_mary.page("/imports").text("td")


def begun(portal: Portal, **more: Any) -> int:
    """Write an import that nobody brings, as it would be seen, and return its number."""
    values = {"fault": None, "why": None, "phase": "reading", "rows_read": 0, "silent_s": 0} | more
    system = portal.system
    system.sql(
        "with batch as (insert into import_batch (source, kind, actor, fault, why, finished_at) "
        "values ('api', 'invoices', 'initiator:registry', :fault, :why, case when cast(:fault as text) is not null "
        "then now() end) returning id) insert into import_progress (batch_id, phase, rows_read, heard_at) "
        "select id, :phase, :rows_read, now() - :silent_s * interval '1 second' from batch",
        **values,
    )
    return int(system.scalar("select max(id) from import_batch"))


@pytest.mark.parametrize(
    ("phase", "step", "words"),
    [("reading", 1, "Rows read: 12 000."), ("booking", 4, "Every amount is booked."), ("closing", 7, "The last look")],
)
def test_an_import_under_way_says_how_far_it_is_and_asks_again(
    portal: Portal, mary: Browser, phase: str, step: int, words: str
) -> None:
    batch = begun(portal, phase=phase, rows_read=12_000)
    assert "Under way" in mary.page("/imports").text("td")
    page = mary.page(f"/imports/{batch}")
    assert f"Step {step} of 7." in page.text("p")
    assert words in page.text("p")
    assert asked(page) == [f"/imports/{batch}/progress?wait=1"]
    assert f"/imports/{batch}" in page.links()
    waits, following = [], asked(page)[0]
    for _ in range(6):
        (following,) = asked(Page(mary.fragment(following).text))
        waits.append(following.rpartition("=")[2])
    assert waits == ["2", "3", "4", "5", "5", "5"]


def asked(page: Page) -> list[str]:
    """Return what the page asks for by itself."""
    return [str(named["hx-get"]) for _tag, named in page.elements if "load delay" in (named.get("hx-trigger") or "")]


@pytest.mark.parametrize(
    ("ended", "word", "said"),
    [
        ({"fault": "refused", "why": f"entry 5 is {SCRIPT}"}, "Failed", f"entry 5 is {SCRIPT}"),
        ({"fault": "broken"}, "Failed", "It broke here: nothing was taken"),
        ({"fault": "interrupted"}, "Interrupted", "It was interrupted: nothing was taken"),
        ({"silent_s": 31}, "Interrupted", "It was interrupted: nothing was taken"),
    ],
)
def test_an_import_that_took_nothing_says_why_and_asks_no_more(
    portal: Portal, mary: Browser, ended: dict[str, Any], word: str, said: str
) -> None:
    batch = begun(portal, rows_read=7, **ended)
    listed = mary.page("/imports")
    assert word in listed.text("td")
    assert "Nothing was taken" in listed.text("td")
    page = mary.page(f"/imports/{batch}")
    assert "nothing was taken" in page.text("strong")
    assert said in page.text("main")
    assert SCRIPT not in mary.get(f"/imports/{batch}").text
    assert asked(page) == []
    over = mary.fragment(f"/imports/{batch}/progress?wait=3")
    assert (over.status_code, over.headers["HX-Redirect"]) == (204, f"/imports/{batch}")
    assert mary.get(f"/imports/{batch}/progress").status_code == 303


def test_an_import_that_is_done_asks_no_more(portal: Portal, mary: Browser) -> None:
    batch = bring_invoices(portal.system, 740_000, 1)
    assert "Done" in mary.page("/imports").text("td")
    assert asked(mary.page(f"/imports/{batch}")) == []
    over = mary.fragment(f"/imports/{batch}/progress")
    assert (over.status_code, over.headers["HX-Redirect"]) == (204, f"/imports/{batch}")
    assert mary.get("/imports/999999/progress").status_code == 404


def test_nothing_brought_yet_says_so_and_odd_addresses_are_not_found(own_mary: Browser) -> None:
    assert "Nothing was brought along yet" in own_mary.page("/imports").text("h2")
    assert own_mary.get("/imports/999999").status_code == 404
    assert own_mary.get("/imports?before=no").status_code == 200


def test_the_pages_speak_other_languages(portal: Portal, mary: Browser) -> None:
    batch = bring_invoices(portal.system, 730_000, 1)
    for lang, word in (("et", "Impordid"), ("ru", "Импорт")):
        assert word in mary.page(f"/imports?lang={lang}").text("h1")
        assert mary.get(f"/imports/{batch}?lang={lang}").status_code == 200
    mary.get("/imports?lang=en")


def test_a_refund_that_was_brought_along_has_no_empty_story(portal: Portal, mary: Browser) -> None:
    bring_invoices(portal.system, 718_000, 1, status="refunded")
    of_invoice = "select r.id from refund r join invoice i on i.id = r.invoice_id where i.number = 718000"
    page = mary.page(f"/refunds/{portal.system.scalar(of_invoice)}")
    assert "Facts" in page.text("h2")
    assert "What happened" not in page.text("h2")


@pytest.mark.parametrize("key", ["99999999999999999999", "-99999999999999999999", "x", ""])
def test_a_place_in_a_list_that_can_be_none_is_its_beginning(portal: Portal, mary: Browser, key: str) -> None:
    batch = bring_invoices(portal.system, 190_001, 1)
    for path in (f"/imports?before={key}", f"/imports/{batch}?after={key}", f"/tasks?before={key}"):
        assert mary.get(path).status_code == 200, path
