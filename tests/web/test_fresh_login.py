"""Money above a limit, and who may do what, need a login that is young: what was typed is kept meanwhile (T52, T56)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Blueprint

from app.blueprints import DOORS as USUAL
from app.blueprints import Door
from app.blueprints.auth.held_words import facts_of
from app.domain.permission import Permission
from app.services.held_forms import HeldForm
from app.web.guards import needs, require_fresh_login, require_operator
from tests.web.conftest import PERSONA
from tests.web.page import Page
from tests.web.test_people import FORM, JAAK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

    from tests.web.browser import Browser, Portal

OLD = "update operator_session set created_at = now() - cast(:age as interval) where ended_at is null"
HELD = "select count(*) from operator_session where held_form is not null and ended_at is null"
PAID_OUT: list[int] = []


@pytest.fixture(scope="module", autouse=True)
def _a_door_to_money(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hang a form that moves money into the portal of this module, as those of the portal are."""
    money = Blueprint("payouts", __name__, url_prefix="/payouts")

    @money.post("")
    @needs(Permission.REFUND)
    def create() -> str:
        from flask import request as sent  # noqa: PLC0415 - the view's own

        amount_minor = int(sent.form["amount"])
        require_fresh_login(amount_minor)
        PAID_OUT.append(amount_minor)
        return "paid"

    @money.get("/new")
    @needs(Permission.REFUND)
    def new() -> str:
        require_fresh_login(10**9)
        return "a form"

    patch = pytest.MonkeyPatch()
    patch.setattr("app.blueprints.DOORS", (*USUAL, Door(money, require_operator)))
    yield
    patch.undo()
    PAID_OUT.clear()


def again(browser: Browser, subject: str = PERSONA) -> TestResponse:
    """Go from the page that asks through the login service and return where it ends."""
    page = browser.page("/sign_in/again")
    start = next(link for link in page.links() if link.startswith("/auth/tara"))
    address = str(browser.client.get(start).location)
    said = parse_qs(urlsplit(address).query)
    assert (said["prompt"], said["max_age"]) == (["login"], ["0"])
    return browser.get(browser.choose(address, subject))


def resend(browser: Browser) -> TestResponse:
    """Press the one button of the page that kept the form."""
    page = browser.page("/sign_in/held")
    form = next(
        named for tag, named in page.elements if tag == "form" and named.get("action") not in {"/theme", "/language"}
    )
    fields: dict[str, Any] = {}
    start = page.elements.index(("form", form))
    for tag, named in page.elements[start + 1 :]:
        if tag == "form":
            break
        if tag == "input" and named.get("name"):
            fields[str(named["name"])] = str(named["value"])
    return browser.post(str(form["action"]), fields)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (
            HeldForm("/approvals", (("decision", "approve"), ("refund", "71"), ("refund", "72"), ("key", "x"))),
            [("Where", "To approve"), ("Decision", "Agree"), ("Refund", "71, 72")],
        ),
        (
            HeldForm("/invoices/150019/refunds?a=b", (("amount", "7,00"), ("reason", ""))),
            [("Where", "All invoices, 150019"), ("Amount", "7,00")],
        ),
        (
            HeldForm("/invoices/marks", (("to", "paid"), *(("number", str(n)) for n in range(22)))),
            [
                ("Where", "All invoices"),
                ("Mark as", "Paid"),
                ("Number", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 …"),
            ],
        ),
        (HeldForm("/no/such/door", (("reason", "why"),)), [("Reason", "why")]),
    ],
)
def test_a_form_that_waited_says_what_it_would_do(portal: Portal, held: HeldForm, said: list[tuple[str, str]]) -> None:
    with portal.system.app.test_request_context():
        assert [(str(name), value) for name, value in facts_of(held)] == said


def test_a_young_login_passes_whatever_the_amount(mary: Browser) -> None:
    assert mary.post("/payouts", {"amount": "10000000"}).status_code == 200
    assert mary.get("/payouts/new").text == "a form"


def test_an_old_login_passes_up_to_the_limit(portal: Portal, mary: Browser) -> None:
    portal.system.sql(OLD, age="16 minutes")
    assert mary.post("/payouts", {"amount": "100000"}).status_code == 200
    answer = mary.post("/payouts", {"amount": "100001"})
    assert answer.location == "/sign_in/again"
    assert 100_001 not in PAID_OUT
    portal.system.sql(OLD, age="14 minutes")
    assert mary.post("/payouts", {"amount": "100002"}).status_code == 200


def test_limit_and_age_are_settings_that_count_at_once(portal: Portal, mary: Browser) -> None:
    portal.system.sql(OLD, age="4 minutes")
    put = "insert into setting (code, \"group\", format, value) values (:c, 'sign_in', 'integer', :v)"
    portal.system.sql(put, c="fresh_login_minutes", v="3")
    portal.system.sql(put, c="step_up_above", v="500")
    assert mary.post("/payouts", {"amount": "500"}).status_code == 200
    assert mary.post("/payouts", {"amount": "501"}).status_code == 303
    assert "at most 3 minutes old" in mary.get("/sign_in/again").text
    portal.system.sql("update setting set value = null where code in ('fresh_login_minutes', 'step_up_above')")
    assert mary.post("/payouts", {"amount": "501"}).status_code == 200


def test_what_was_typed_is_sent_after_the_login_and_once(portal: Portal, mary: Browser) -> None:
    portal.system.sql(OLD, age="1 hour")
    old = mary.cookie("sid")
    typed = {**FORM, "reason": '"><script>alert(1)</script>'}
    assert mary.post("/people", typed).location == "/sign_in/again"
    assert (
        portal.system.scalar("select count(*) from white_code where subject = :s and revoked_at is null", s=JAAK) == 0
    )
    assert "What you filled in is kept" in mary.get("/sign_in/again").text
    assert again(mary).location == "/sign_in/held"
    assert mary.cookie("sid") != old, "a new session at a change of what one may do (T52)"
    thief = portal.browser()
    thief.client.set_cookie("sid", str(old))
    assert thief.get("/invoices").status_code == 303
    shown = mary.get("/sign_in/held").text
    assert "<script>alert" not in shown
    assert JAAK in shown
    said = Page(shown).text("dd")
    assert "Clerk" in said, "what is about to be given away stands there, not the reason alone"
    assert "People" in said
    answer = resend(mary)
    assert answer.status_code == 303
    assert str(answer.location).startswith("/people/")
    kept = portal.system.scalar("select reason from event where kind = 'white_code.added' order by id desc limit 1")
    assert kept == typed["reason"]


def test_htmx_is_led_there_as_well(portal: Portal, mary: Browser) -> None:
    portal.system.sql(OLD, age="1 hour")
    answer = mary.post("/payouts", {"amount": "900000"}, HX_Request="true")
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/sign_in/again"


def test_a_page_is_come_back_to(portal: Portal, mary: Browser) -> None:
    portal.system.sql(OLD, age="1 hour")
    wanted = mary.get("/payouts/new?x=1")
    assert wanted.location == "/sign_in/again?next=/payouts/new?x%3D1"
    page = mary.page(str(wanted.location))
    start = next(link for link in page.links() if link.startswith("/auth/tara"))
    assert mary.get(mary.choose(str(mary.client.get(start).location), PERSONA)).location == "/payouts/new?x=1"


def test_somebody_else_does_not_take_the_place(portal: Portal, mary: Browser) -> None:
    mary.post("/people", FORM)
    portal.system.sql(OLD, age="1 hour")
    mary.post("/payouts", {"amount": "900000"})
    answer = again(mary, JAAK)
    assert answer.status_code == 403
    assert "Somebody else signed in" in answer.text
    assert "Mary" in mary.page("/invoices").text("strong")
    assert mary.post("/payouts", {"amount": "900000"}).status_code == 303


def test_cancelling_leaves_everything_as_it_was(portal: Portal, mary: Browser) -> None:
    portal.system.sql(OLD, age="1 hour")
    mary.post("/payouts", {"amount": "900000"})
    page = mary.page("/sign_in/again")
    start = next(link for link in page.links() if link.startswith("/auth/tara"))
    answer = mary.get(mary.choose(str(mary.client.get(start).location), None))
    assert "You cancelled the sign-in" in answer.text
    assert mary.get("/invoices").status_code == 200
    assert 900_000 not in PAID_OUT


def test_a_service_that_remembers_is_not_believed(portal: Portal, mary: Browser) -> None:
    portal.system.sql(OLD, age="1 hour")
    mary.post("/payouts", {"amount": "900000"})
    portal.provider.token_fault = "old_login"
    answer = again(mary)
    assert answer.status_code == 403
    assert "did not ask you again" in answer.text
    portal.provider.token_fault = ""
    assert again(mary).status_code == 303


def test_what_waits_is_forgotten_after_ten_minutes(portal: Portal, mary: Browser) -> None:
    portal.system.sql(OLD, age="1 hour")
    mary.post("/payouts", {"amount": "900000"})
    portal.system.sql(
        "update operator_session set held_at = held_at - interval '11 minutes', "
        "last_seen_at = last_seen_at - interval '2 minutes' where ended_at is null"
    )
    assert "Nothing waits to be sent" in mary.get("/sign_in/held").text
    assert portal.system.scalar(HELD) == 0, "and gone from the table"


def test_what_is_too_long_to_keep_is_said(portal: Portal, mary: Browser) -> None:
    portal.system.sql(OLD, age="1 hour")
    before = portal.system.scalar(HELD)
    assert mary.post("/payouts", {"amount": "900000", "more": "x" * 60_000}).status_code == 303
    assert portal.system.scalar(HELD) == before
    assert "too long to keep" in mary.get("/sign_in/again").text


def test_nobody_sees_what_somebody_else_typed(portal: Portal, mary: Browser) -> None:
    portal.system.sql(OLD, age="1 hour")
    mary.post("/payouts", {"amount": "900000"})
    other = portal.browser()
    other.sign_in(PERSONA)
    assert "Nothing waits to be sent" in other.get("/sign_in/held").text
    stranger = portal.browser()
    for path in ("/sign_in/again", "/sign_in/held"):
        assert stranger.get(path).location == "/sign_in"


def test_the_form_on_the_way_carries_a_token_of_its_own(portal: Portal, mary: Browser) -> None:
    portal.system.sql(OLD, age="1 hour")
    mary.post("/payouts", {"amount": "900000"})
    again(mary)
    tokens = [
        named for _tag, named in Page(mary.get("/sign_in/held").text).elements if named.get("name") == "csrf_token"
    ]
    assert all(named["value"] for named in tokens)
    kept = portal.system.scalar(
        "select held_form::text from operator_session where ended_at is null order by id desc limit 1"
    )
    assert "csrf_token" not in kept
