"""Comparisons in the portal: what differs with the money at stake, a dry run before mending, and mending once."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.domain.comparison import DifferenceKind
from app.integrations.fault_dial import Fault
from app.web.comparison_words import DIFFERENCE, MEANING
from tests.web.desks import SCRIPT, second

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.browser import Browser, Portal

KEY = "k" * 20


@pytest.fixture
def portal(portal: Portal) -> Iterator[Portal]:
    yield portal
    portal.system.sql("update difference set mended_at = now(), mended_by = 'test' where mended_at is null")


def differ(portal: Portal, reference: str, kind: str = "changed_there") -> int:
    """Note a difference about a payment, with its question, as a night would."""
    system = portal.system
    system.sql(
        "insert into comparison (gateway, day, compared_on, examined, differences) "
        "values ('everypay', date '2026-01-01', current_date, 1, 1) on conflict do nothing"
    )
    system.sql(
        """insert into difference (comparison_id, kind, reference, payment_id, at_stake_minor, ours, theirs)
           select (select max(id) from comparison), :k, :r, max(p.id), 10000,
                  '{"held": "120.00"}', '{"standing": "20.00"}' from payment p where external_id = :r""",
        k=kind,
        r=reference,
    )
    key = int(system.scalar("select max(id) from difference"))
    system.sql(
        "insert into review_item (kind, dedupe_key, sentence) values ('difference.' || :k, :d, 'decide')",
        k=kind,
        d=f"difference:{key}",
    )
    return key


def mend(browser: Browser, difference: int, reason: str = "seen in its portal") -> int:
    return browser.post(f"/comparisons/{difference}/repairs", {"reason": reason, "key": KEY}).status_code


def mended(portal: Portal, difference: int) -> str | None:
    return portal.system.scalar("select mended_by from difference where id = :i", i=difference)  # type: ignore[no-any-return]


def test_a_dry_run_says_what_mending_books_and_writes_nothing(portal: Portal, mary: Browser) -> None:
    number, reference = portal.system.settle("auction")
    portal.system.pay(reference, "refunded", standing=Decimal("20.00"))
    difference = differ(portal, reference)
    assert f"/comparisons/{difference}" in mary.page("/comparisons?kind=changed_there").links()
    assert "100.00" in mary.page("/comparisons").text("table")
    shown = mary.page(f"/comparisons/{difference}/repairs/new")
    assert "nothing has been written yet" in shown.text("p")
    assert "What the gateway says is booked" in shown.text("p")
    assert portal.system.status(number) == "paid"
    assert mended(portal, difference) is None
    assert mend(mary, difference) == 303
    assert portal.system.status(number) == "partially_refunded"
    assert "Both books agree again" in mary.page(f"/comparisons/{difference}").text("strong")
    assert str(mended(portal, difference)).startswith("operator:")
    resolved = "select resolution from review_item where dedupe_key = :d"
    assert portal.system.scalar(resolved, d=f"difference:{difference}") == "both books agree again"


def test_a_second_click_mends_nothing_twice(portal: Portal, mary: Browser) -> None:
    _number, reference = portal.system.settle()
    difference = differ(portal, reference)
    assert "agree by now" in mary.page(f"/comparisons/{difference}/repairs/new").text("p")
    assert [mend(mary, difference), mend(mary, difference)] == [303, 303]
    assert "mended already" in mary.get("/comparisons").text
    assert mary.get(f"/comparisons/{difference}/repairs/new").status_code == 303


def test_what_looking_cannot_mend_stays_open_and_says_so(portal: Portal, mary: Browser) -> None:
    _number, reference = portal.system.settle()
    payment = portal.system.shop.payment(reference)
    assert payment is not None
    portal.system.shop.store.put("payment", reference, payment | {"initial_amount": "121.00"})
    difference = differ(portal, reference, "amount_differs")
    assert "a person must decide" in mary.page(f"/comparisons/{difference}/repairs/new").text("strong")
    assert mend(mary, difference) == 303
    assert mended(portal, difference) is None
    assert "still differ" in mary.get(f"/comparisons/{difference}").text


def test_a_gateway_that_is_away_concludes_nothing(own_portal: Portal, own_mary: Browser) -> None:
    _number, reference = own_portal.system.settle()
    difference = differ(own_portal, reference)
    own_portal.system.shop.dial.turn([Fault("fetch", "http", times=0)])
    assert own_mary.get(f"/comparisons/{difference}/repairs/new").status_code == 503
    assert mend(own_mary, difference) == 503
    assert mended(own_portal, difference) is None


def test_nothing_is_mended_without_a_reason_and_a_script_is_text(portal: Portal, mary: Browser) -> None:
    _number, reference = portal.system.settle()
    difference = differ(portal, reference)
    portal.system.sql(
        "update difference set theirs = jsonb_build_object('account', cast(:s as text)) where id = :i",
        s=SCRIPT,
        i=difference,
    )
    assert SCRIPT not in mary.get(f"/comparisons/{difference}").text
    assert mend(mary, difference, "") == 422
    assert mended(portal, difference) is None
    assert mary.get("/comparisons/999999").status_code == 404
    assert mary.get("/comparisons/999999/repairs/new").status_code == 404
    for odd in ("kind=evil", "after=x"):
        assert mary.get(f"/comparisons?{odd}").status_code == 200


def test_who_only_looks_cannot_mend(portal: Portal) -> None:
    _number, reference = portal.system.settle()
    difference = differ(portal, reference)
    viewer = second(portal, "viewer")
    assert f"/comparisons/{difference}/repairs/new" not in viewer.page(f"/comparisons/{difference}").links()
    assert mend(viewer, difference) == 403


def test_every_kind_of_difference_has_words_and_a_meaning() -> None:
    assert set(DIFFERENCE) == set(MEANING) == set(DifferenceKind)


def test_both_books_stand_side_by_side_as_people_write_them(portal: Portal, mary: Browser) -> None:
    _number, reference = portal.system.settle()
    key = differ(portal, reference)
    portal.system.sql(
        """update difference set ours = '{"status": "completed", "amount": "120.00", "held": "120.00"}',
                  theirs = '{"state": "refunded", "initial": "120.00", "standing": "20.00", "account": "EUR1"}'
            where id = :id""",
        id=key,
    )
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td></tr>',
                      mary.get(f"/comparisons/{key}").text)  # fmt: skip
    assert [tuple(each.replace("\N{NO-BREAK SPACE}", " ") for each in row) for row in rows] == [
        ("Status", "Received", "refunded"),
        ("Asked for", "120.00 €", "120.00 €"),
        ("Held now", "120.00 €", "20.00 €"),
        ("Account at the gateway", "–", "EUR1"),
    ]
