"""What a list does not understand of its filter is said above it: asking for nothing, it shows everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.lists import fill

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal


@pytest.fixture(scope="module")
def some(shared_portal: Portal) -> None:
    fill(shared_portal.system, 3)


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("least=1.234,50", "Amount “1.234,50”"),
        ("most=1e3", "Amount “1e3”"),
        ("created_from=2026-02-31", "Created “2026-02-31”"),
        ("status=evil", "Status “evil”"),
        ("stauts=paid&least=5", "stauts “paid”"),
    ],
)
def test_what_the_filter_does_not_understand_is_said_and_nothing_is_offered_for_more_than_was_asked(
    mary: Browser, query: str, said: str
) -> None:
    for headers in ({}, {"HX_Request": "true"}):
        page = mary.get(f"/invoices?{query}", **headers).text
        assert f"Not understood: {said}" in page
        assert 'id="selection"' not in page


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    "query", ["", "least=1 234,50", "directo=yes&directo=no", "q=payer&created=this_month&lang=en", "least="]
)
def test_what_is_understood_is_not_warned_of(mary: Browser, query: str) -> None:
    assert "Not understood" not in mary.get(f"/invoices?{query}").text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("least=1.234,50", "Amount “1.234,50”"),
        ("since=2026-02-31&status=succeeded", "Asked for “2026-02-31”"),
        ("status=evil", "Status “evil”"),
    ],
)
def test_what_the_filter_of_refunds_does_not_understand_is_said(mary: Browser, query: str, said: str) -> None:
    assert f"Not understood: {said}" in mary.get(f"/refunds?{query}").text
    assert "Jäi arusaamatuks: Summa „x“" in mary.get("/refunds?least=x&lang=et").text
    assert "Not understood" not in mary.get("/refunds?lang=en&least=1 234,50&status=succeeded&since=2026-02-28").text


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/audit?kind=evil", "Kind “evil”"),
        ("/audit?since=2026-02-31&actor=system", "From “2026-02-31”"),
        ("/comparisons?kind=evil", "Why “evil”"),
        ("/credits?status=open", "status “open”"),
        ("/deliveries?state=evil", "State “evil”"),
        ("/deliveries?age=x&state=dead", "Age “x”"),
        ("/deposits?money=evil", "Money “evil”"),
        ("/disputes?status=evil", "status “evil”"),
        ("/inbox?state=evil", "State “evil”"),
        ("/references?service=evil", "Service “evil”"),
        ("/questions?whose=evil", "Whose “evil”"),
        ("/overview/movements?from=2026-02-31", "From “2026-02-31”"),
        ("/overview/movements?to=soon&direction=in", "To “soon”"),
        ("/overview/movements?gateway=evil", "Gateway “evil”"),
        ("/overview/month?month=2026-13", "Month “2026-13”"),
    ],
)
def test_every_other_list_says_what_it_did_not_understand(mary: Browser, address: str, said: str) -> None:
    assert f"Not understood: {said}" in mary.get(address).text
    if not address.startswith("/overview"):  # its forms ask for whole pages
        assert f"Not understood: {said}" in mary.get(address, HX_Request="true").text


@pytest.mark.parametrize(
    "address",
    [
        "/audit?actor=system&since=2026-02-28&q=x",
        "/comparisons",
        "/deliveries?state=dead&age=within_1d&error=",
        "/deposits?status=paid&q=a",
        "/disputes?ended=1",
        "/inbox?state=waiting",
        "/references?service=registry&sort=-number",
        "/questions?whose=mine&decided=1",
        "/overview/movements?from=2026-01-01&to=2026-02-01&direction=in&payer=",
        "/overview/month?month=2026-12",
    ],
)
def test_what_other_lists_understand_is_not_warned_of(mary: Browser, address: str) -> None:
    assert "Not understood" not in mary.get(address).text


def test_other_lists_say_it_in_the_language_of_the_reader(mary: Browser) -> None:
    assert "Jäi arusaamatuks: Kuu „x“" in mary.get("/overview/month?month=x&lang=et").text
    assert "Näidatakse käesolevat kuud. Kirjutage kuu kujul 2026-12." in mary.get("/overview/month?month=x").text
    assert "Показан текущий месяц. Месяц пишите как 2026-12." in mary.get("/overview/month?month=x&lang=ru").text
    assert "Not understood" in mary.get("/overview/month?month=x&lang=en").text


def test_nothing_is_sent_again_from_a_misread_list(shared_portal: Portal, mary: Browser) -> None:
    shared_portal.system.sql(
        "insert into outbox (kind, dedupe_key, payload, lane_id, state)"
        " select 'initiator.payment.notify', 'misread', '{}', min(id), 'dead' from lane"
    )
    offered = ("Send the chosen ones again", "Send everything since a moment again", 'name="id"')
    right, wrong = mary.get("/deliveries?state=dead").text, mary.get("/deliveries?state=dead&lane=evil").text
    assert all(each in right for each in offered)
    assert not any(each in wrong for each in offered)
