"""One thing has one name at every door: list, API, bulk actions, saved views, exports; names of before still work."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import pytest
from flask import url_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.blueprints.api.v2.requests import ExpandQuery, InvoicesQuery, PageQuery
from app.blueprints.invoices.forms import as_query
from app.queries.invoice_filter import InvoiceFilter, Period
from app.web.invoice_parameters import FORMER, NAMES
from tests.api.client import Api
from tests.web.desks import second
from tests.web.lists import fill, more, numbers
from tests.web.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.web.browser import Browser, Portal

ALL = set(NAMES.values())
# What a list is asked beside its filter.
VIEW = {"sort", "column"}
EVERY = InvoiceFilter(
    text="payer",
    statuses=("unpaid", "overdue"),
    services=("registry", "auction"),
    kinds=("regular",),
    number=150_006,
    reference="1111116",
    email="payer150006@example.test",
    least_minor=1,
    most_minor=1_000_000,
    created=str(Period.THIS_YEAR),
    created_from=date(2020, 1, 1),
    created_to=date(2030, 1, 1),
    due=str(Period.THIS_YEAR),
    due_from=date(2020, 1, 1),
    due_to=date(2030, 1, 1),
    paid=str(Period.THIS_YEAR),
    paid_from=date(2020, 1, 1),
    paid_to=date(2030, 1, 1),
    in_directo=False,
    e_invoice_sent=True,
)
CANCELLABLE = replace(
    EVERY, reference="", in_directo=False, e_invoice_sent=False, paid="", paid_from=None, paid_to=None
)
WHOLE = urlencode(as_query(EVERY))
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "q": st.sampled_from(["payer", "15000", "150010", "120.00", "nobody", "payer 20", "payer 20,10"]),
        "status": st.sampled_from(["unpaid", "paid", "unpaid,overdue"]),
        "service": st.sampled_from(["registry", "registry,auction", "auction"]),
        "kind": st.sampled_from(["regular", "linkpay,regular"]),
        "number": st.sampled_from(["150010", "1"]),
        "reference_number": st.just("1111116"),
        "customer_email": st.sampled_from(["payer150010@example.test", "PAYER150012@example.test"]),
        "amount_min": st.sampled_from(["20.10", "20"]),
        "amount_max": st.sampled_from(["20.20", "90.5"]),
        "created": st.sampled_from(list(map(str, Period))),
        "created_from": st.sampled_from(["2020-01-01", "2030-01-01"]),
        "created_to": st.sampled_from(["2020-01-01", "2030-01-01"]),
        "due": st.sampled_from(["late", "in_time", "this_year"]),
        "due_to": st.just("2026-01-31"),
        "paid_from": st.just("2020-01-01"),
        "in_directo": st.sampled_from(["true", "false"]),
        "e_invoice_sent": st.sampled_from(["true", "false"]),
    },
)


@pytest.fixture(scope="module")
def filled(shared_portal: Portal) -> Portal:
    system = shared_portal.system
    fill(system, 40)
    fill(system, 5, first=160_000, status="paid", code="auction")
    fill(system, 5, first=170_000, status="overdue")
    system.sql("update invoice set subtotal_minor = number - 148000, total_minor = number - 148000")
    system.sql("update invoice set paid_at = created_at where status = 'paid'")
    system.sql("update invoice set due_on = '2026-01-31' where number % 3 = 0")
    system.sql("update invoice set in_directo = true, e_invoice_sent_at = now() where number % 4 = 0")
    system.sql("update invoice set reference_number = '1111116', kind = 'linkpay' where number % 5 = 0")
    return shared_portal


def inputs(html: str, tag: str = "input") -> set[str]:
    return {str(named["name"]) for each, named in Page(html).elements if each in {tag, "select"} and "name" in named}


def form(html: str, beginning: str) -> str:
    return beginning + html.partition(beginning)[2].partition("</form>")[0] + "</form>"


def test_every_part_of_the_filter_has_a_name_and_the_names_of_before_lead_to_one() -> None:
    assert set(NAMES) == {each.name for each in fields(InvoiceFilter)} - {"as_of"}
    assert len(ALL) == len(NAMES)
    assert set(FORMER.values()) <= ALL
    assert not set(FORMER) & ALL
    assert set(as_query(EVERY)) == ALL


def test_the_api_asks_by_these_names_and_no_others(filled: Portal) -> None:
    paging = {*PageQuery.model_fields, *ExpandQuery.model_fields}
    assert set(InvoicesQuery.model_fields) - paging - {"sort"} == ALL
    document: Any = filled.system.app.test_client().get("/api/openapi.json").json
    asked = document["paths"]["/api/v2/invoices"]["get"]["parameters"]
    assert {each["name"] for each in asked if each["in"] == "query"} - paging - {"sort"} == ALL


def test_the_list_asks_by_these_names_and_no_others(filled: Portal, mary: Browser) -> None:
    bar = form(mary.get(f"/invoices?{WHOLE}").text, '<form class="filter" role="search"')
    assert inputs(bar) == ALL | VIEW


def test_exports_bulk_actions_and_saved_views_carry_these_names(filled: Portal, mary: Browser) -> None:
    assert said(mary.get("/invoices?q=payer&amount_min=1&in_directo=false").text) == {
        "q": "payer", "amount_min": "1.00", "in_directo": "false"
    }  # fmt: skip
    some = {name: value for name, value in as_query(CANCELLABLE).items() if name != "number"}
    for path, asked in (("exports", as_query(EVERY)), ("cancellations", some)):
        names = inputs(mary.fragment(f"/invoices/{path}/new?{urlencode(asked)}").text)
        assert names & (ALL | set(FORMER)) == set(asked) | {"number"} & names, path
    kept = mary.get(f"/invoices/views/new?{WHOLE}").text
    query = next(named["value"] for _tag, named in Page(kept).elements if named.get("name") == "query")
    assert {name for name, _value in parse_qsl(str(query))} == ALL | {"column"}


def said(html: str) -> dict[str, str]:
    hidden = Page(form(html, '<form class="filter strip" id="selection"')).elements
    return {str(named["name"]): str(named["value"]) for tag, named in hidden if tag == "input"}


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=ASKED)
def test_what_stands_in_the_address_of_the_list_is_a_question_to_the_api(
    filled: Portal, mary: Browser, asked: dict[str, str]
) -> None:
    query = urlencode(asked)
    api = Api(filled.system)
    owned: list[int] = []
    for code in ("registry", "auction"):
        answer = api.v2(f"/invoices?limit=100&{query}", code=code)
        assert answer.status_code == 200, answer.text
        owned += [each["number"] for each in answer.json["data"]]  # type: ignore[index]
    assert sorted(listed(mary, f"/invoices?{query}")) == sorted(owned)


def listed(mary: Browser, path: str | None) -> list[int]:
    found: list[int] = []
    while path:
        html = mary.get(path).text
        assert "Not understood" not in html
        found += numbers(html)
        path = more(html)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kept", "today"),
    [
        ("least=20.10&most=20.20", "amount_min=20.10&amount_max=20.20"),
        ("directo=yes&e_invoice=yes", "in_directo=true&e_invoice_sent=true"),
        ("directo=no&most=90.00", "in_directo=false&amount_max=90.00"),
        ("status=unpaid&status=overdue&service=registry", "status=unpaid,overdue&service=registry"),
    ],
)
def test_an_address_that_was_kept_shows_and_means_what_it_did(
    filled: Portal, mary: Browser, kept: str, today: str
) -> None:
    assert listed(mary, f"/invoices?{kept}") == listed(mary, f"/invoices?{today}") != listed(mary, "/invoices")
    pushed = mary.fragment(f"/invoices?{kept}").headers["HX-Push-Url"]
    assert sorted(parse_qsl(pushed.partition("?")[2])) == sorted(parse_qsl(today))
    assert said(mary.get(f"/invoices?{kept}").text) == dict(parse_qsl(today))
    many = len(listed(mary, f"/invoices?{kept}"))
    assert f"{many} invoices" in mary.get(f"/invoices/exports/new?{kept}").text
    assert "is not understood" not in mary.get(f"/invoices/cancellations/new?{kept}").text


def test_a_view_that_was_saved_before_is_known_again_and_leads_on_in_the_names_of_today(
    filled: Portal, portal: Portal, mary: Browser
) -> None:
    keeper = second(portal)
    assert mary.get("/invoices").status_code == 200  # whoever never came has no row yet
    who = portal.system.scalar("select id from operator where subject = 'EE60001019906'")
    portal.system.sql(
        "insert into saved_view (operator_id, name, query, is_shared) values (:who, 'Old', :query, true)",
        who=who,
        query="least=20.10&directo=yes&column=reference",
    )
    html = keeper.get("/invoices?amount_min=20.10&in_directo=true&column=reference").text
    views = html.partition('aria-label="Saved views">')[2].partition("</nav>")[0]
    [link] = [each for each in Page(views).links() if each.startswith("/invoices?")]
    assert dict(parse_qsl(link.partition("?")[2])) == {
        "amount_min": "20.10", "in_directo": "true", "column": "reference"
    }  # fmt: skip
    assert 'aria-current="page"' in views


def test_one_number_is_asked_for_and_a_pick_of_several_is_no_filter(filled: Portal, mary: Browser) -> None:
    html = mary.get("/invoices?number=150006").text
    assert numbers(html) == [150006]
    assert "Only Number “150006”." in html
    assert "Not understood: Number" in mary.get("/invoices?number=150006&number=150007").text
    assert "Not understood: Number" in mary.get("/invoices?number=15x").text
    for picked, many in (("number=150006", 1), ("number=150006&number=150007", 2), ("number=150006&q=payer", 1)):
        assert counted(mary.get(f"/invoices/exports/new?{picked}").text) == many


def counted(html: str) -> int:
    return int(re.findall(r"Export ([0-9]+) invoice", html)[0])


def test_the_last_button_says_only_what_is_chosen_behind_it(filled: Portal, mary: Browser) -> None:
    def said_by(path: str) -> str:
        return " ".join(mary.get(path).text.partition('id="chip-more"')[2].partition("</span>")[0].split())

    assert said_by("/invoices").endswith(" More")
    assert 'class="on"' not in said_by("/invoices?amount_min=1")
    assert said_by("/invoices?in_directo=false").endswith(">More: In Directo")


def test_the_api_refuses_what_is_said_twice(filled: Portal) -> None:
    answer = Api(filled.system).v2("/invoices?status=unpaid&status=paid")
    assert answer.status_code == 400


def names_in(addresses: Iterable[str]) -> set[str]:
    return {name for each in addresses for name, _value in parse_qsl(each.partition("?")[2])}


def test_every_link_to_the_list_asks_by_these_names(filled: Portal, mary: Browser) -> None:
    with mary.portal.system.app.test_request_context():
        pages = [url_for(each) for each in ("overview.index", "overview.month", "invoices.index", "references.index")]
    links = [each for path in pages for each in Page(mary.get(path).text).links() if each.startswith("/invoices?")]
    assert links
    assert names_in(links) <= ALL | VIEW | {"lang", "after"}


def test_the_last_button_names_what_is_chosen_behind_it_and_nothing_else(filled: Portal, mary: Browser) -> None:
    def said(query: str) -> list[str]:
        return [
            each for each in ("In Directo", "E-invoice sent") if each in mary.page(f"/invoices{query}").text("summary")
        ]

    assert said("") == []
    assert said("?in_directo=true") == ["In Directo"]
    assert said("?in_directo=false&e_invoice_sent=true") == ["In Directo", "E-invoice sent"]


@pytest.mark.parametrize("way", ["created", "paid"])
def test_a_moment_and_days_that_move_narrow_each_other(filled: Portal, way: str) -> None:
    def many(more: str) -> int:
        answer = Api(filled.system).v2(f"/invoices?{way}=this_year&limit=100{more}")
        assert answer.status_code == 200, answer.text
        return answer.text.count('"number":')

    everything = many("")
    assert everything or way == "paid"
    for bound in ("2020-01-01T00:00:00Z", "2020-01-01"):
        assert (many(f"&{way}_from={bound}"), many(f"&{way}_to={bound}")) == (everything, 0)
    for bound in ("2999-01-01T00:00:00Z", "2999-01-01"):
        assert (many(f"&{way}_from={bound}"), many(f"&{way}_to={bound}")) == (0, everything)
