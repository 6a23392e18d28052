"""Settings: typed and bounded, in force at once, told with who and why, undone in one click; secrets never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.config import secret_values
from app.domain.setting import ALL, Kind
from app.queries.settings import whole_number
from app.web.setting_words import SETTING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.browser import Browser, Portal

NONE = "\N{EMPTY SET}"
WHY = "decided by the board"


@pytest.fixture(autouse=True)
def _as_it_was(portal: Portal) -> Iterator[None]:
    before = portal.system.rows("select code, value from setting")
    yield
    portal.system.sql("update setting set value = null, previous_value = null, updated_at = null, updated_by = null")
    for row in before:
        portal.system.sql("update setting set value = :v where code = :c", v=row.value, c=row.code)


def kept(portal: Portal, code: str) -> str | None:
    value: str | None = portal.system.scalar("select value from setting where code = :c", c=code)
    return value


def put(browser: Browser, code: str, value: str, seen: str | None = None, **more: str) -> int:
    seen = kept(browser.portal, code) if seen is None else seen
    form = {"value": value, "seen": NONE if seen is None else seen, "reason": WHY, **more}
    return browser.post(f"/settings/{code}", form).status_code


@pytest.mark.parametrize("known", ALL, ids=lambda known: known.code)
def test_every_setting_has_words_and_a_page(mary: Browser, known: object) -> None:
    code = known.code  # type: ignore[attr-defined]
    assert str(SETTING[code].label) in mary.page(f"/settings/{code}/edit").text("h2")
    assert "<html" not in mary.fragment(f"/settings/{code}/edit").text


def test_a_change_counts_at_once_and_says_who_and_why(portal: Portal, mary: Browser) -> None:
    assert put(mary, "refund_approval_above", "1 250,50") == 303
    with portal.system.app.app_context():
        assert whole_number("refund_approval_above") == 125_050
    page = mary.page("/settings")
    assert "1 250.50 €".replace(" ", "\N{NO-BREAK SPACE}") in mary.get("/settings").text
    assert "Mary" in page.text("td")
    assert 'value="1250,50"' in mary.get("/settings/refund_approval_above/edit?lang=et").text
    history = mary.page("/settings/refund_approval_above/edit?lang=en")
    assert WHY in history.text("ol")
    assert "by Mary" in history.text("ol")


def test_one_click_brings_the_value_before_back_and_forth(portal: Portal, mary: Browser) -> None:
    assert put(mary, "refund_window_days", "30") == 303
    assert "Back to: 90 days" in mary.get("/settings").text
    for seen, after in (("30", "90"), ("90", "30")):
        assert mary.post("/settings/refund_window_days/undo", {"seen": seen}).status_code == 303
        assert kept(portal, "refund_window_days") == after
    mary.post("/settings/refund_window_days/undo", {"seen": "90"})
    assert kept(portal, "refund_window_days") == "30", "a click in an old tab changes nothing"
    assert "Somebody changed this in the meantime" in mary.get("/settings").text
    mary.post("/settings/step_up_above/undo", {"seen": NONE})
    assert kept(portal, "step_up_above") is None


def test_two_tabs_the_second_is_told(portal: Portal, mary: Browser) -> None:
    assert put(mary, "fresh_login_minutes", "20", seen=NONE) == 303
    assert put(mary, "fresh_login_minutes", "30", seen=NONE) == 409
    assert kept(portal, "fresh_login_minutes") == "20"


def test_nothing_is_the_default_again(portal: Portal, mary: Browser) -> None:
    put(mary, "fresh_login_minutes", "20")
    assert put(mary, "fresh_login_minutes", "") == 303
    with portal.system.app.app_context():
        assert whole_number("fresh_login_minutes") == 15


HOSTILE = ["-1", "1e9", "abc", "9" * 30, "<script>alert(1)</script>", "\x00", "١٢", "0x10", "1.005", "NaN"]


@pytest.mark.parametrize(
    "known", [known for known in ALL if known.kind not in {Kind.TEXT, Kind.SWITCH}], ids=lambda known: known.code
)
def test_what_is_no_such_number_is_refused(portal: Portal, mary: Browser, known: object) -> None:
    code = known.code  # type: ignore[attr-defined]
    before = kept(portal, code)
    for value in HOSTILE:
        assert put(mary, code, value) == 422, value
    assert kept(portal, code) == before


@pytest.mark.parametrize(
    ("code", "good", "bad"),
    [
        ("partial_payments", "true", "yes"),
        ("partial_payments", "false", "<script>"),
        ("registry_iban", "EE557700771000598731", "EE55 7700"),
        ("registry_iban", "EE557700771000598731", "EE557700771000598732"),
        ("registry_bank_account_iban_lhv", "EE177700771001155322", "EE17770077100115532"),
        ("registry_vat_no", "EE101286464", "101286464"),
        ("registry_vat_no", "EE101286464", "EE123"),
        ("registry_swift", "LHVBEE22", "LHV"),
        ("registry_bank_code", "689", "68"),
        ("registry_bank", "LHV Pank", "a\u202eb"),
        ("registry_zip", "10617", "1"),
        ("registry_country_code", "EE", "Estonia"),
        ("directo_sales_agent", "HELEN", "x" * 201),
    ],
)
def test_a_text_looks_like_what_it_is(portal: Portal, mary: Browser, code: str, good: str, bad: str) -> None:
    assert put(mary, code, bad) == 422
    assert put(mary, code, good) == 303
    assert kept(portal, code) == good


def test_an_account_number_may_be_written_as_people_write_it(portal: Portal, mary: Browser) -> None:
    assert put(mary, "registry_iban", " ee38 2200 2210 2014 5685 ") == 303
    assert kept(portal, "registry_iban") == "EE382200221020145685"
    wrong = mary.post("/settings/registry_iban", {"value": "EE38 2200 2210 2014 5686", "seen": "", "reason": WHY})
    assert "its check digits must fit" in wrong.text
    assert put(mary, "registry_iban", "EE557700771000598731") == 303


def test_a_change_without_a_reason_is_none(portal: Portal, mary: Browser) -> None:
    assert put(mary, "refund_window_days", "30", reason="") == 422
    assert kept(portal, "refund_window_days") == "90"


def test_a_wrong_value_and_a_missing_reason_are_said_at_once(mary: Browser) -> None:
    answer = mary.post("/settings/refund_window_days", {"value": "soon", "seen": "", "reason": ""})
    assert answer.status_code == 422
    assert 'href="#value"' in answer.text
    assert 'href="#reason"' in answer.text


@pytest.mark.parametrize("code", ["nothing", "tenant_id", "x" * 300, "%00", "default_language"])
def test_there_is_no_other_setting(mary: Browser, code: str) -> None:
    assert mary.get(f"/settings/{code}/edit").status_code == 404
    assert mary.post(f"/settings/{code}", {"value": "1", "seen": "", "reason": WHY}).status_code == 404


def test_secrets_are_said_to_be_there_and_never_shown(portal: Portal, mary: Browser) -> None:
    text = mary.get("/settings").text
    secrets = secret_values(portal.system.app.extensions["settings"])
    assert len(secrets) > 5
    assert not [each for each in secrets if each in text]
    assert "a secret, never shown" in text
    assert "SESSION_IDLE_S" in text
    assert "http://everypay.test/api/v4" in text


def test_a_shorter_session_ends_those_that_are_open(portal: Portal, mary: Browser) -> None:
    portal.system.sql("update operator_session set last_seen_at = now() - interval '6 minutes' where ended_at is null")
    other = portal.browser()
    other.sign_in("EE60001019906")
    assert put(other, "session_idle_minutes", "5") == 303
    assert mary.get("/invoices").status_code == 303
    assert other.get("/invoices").status_code == 200


def test_only_who_may_sees_the_settings(portal: Portal, mary: Browser) -> None:
    portal.system.sql("update white_code set role = 'finance' where name = 'Mary'")
    assert mary.get("/settings").status_code == 403
    portal.system.sql("update white_code set role = 'tenant_admin' where name = 'Mary'")
