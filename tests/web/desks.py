"""The stories the desks are about: a paid invoice, a second person, forms as they were shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.services import white_list
from app.services.timeline import Actor
from tests.web.page import Page

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.system import System
    from tests.web.browser import Browser, Portal

JAAN = "EE38001085718"
MARY = "EE60001019906"
SCRIPT = "<script>alert(1)</script>"


def second(portal: Portal, role: str = "supervisor") -> Browser:
    """Return a browser in which a second person signed in."""
    with portal.system.app.app_context():
        white_list.add(JAAN, name="Jaan")
    portal.system.sql("update white_code set role = :r where subject = :s", r=role, s=JAAN)
    browser = portal.browser()
    browser.let_in(JAAN)
    return browser


def actor(portal: Portal, subject: str = MARY) -> Actor:
    return Actor("operator", str(portal.system.scalar("select id from operator where subject = :s", s=subject)))


def value(html: str, name: str) -> str:
    """Return the first value a form was shown with."""
    return next(str(named.get("value", "")) for _tag, named in Page(html).elements if named.get("name") == name)


def payment_of(system: System, number: int) -> int:
    question = "select p.id from payment p join invoice i on i.id = p.invoice_id where i.number = :n order by p.id desc"
    return int(system.scalar(question, n=number))


def ask(browser: Browser, number: int, minor: str = "10", **more: Any) -> TestResponse:
    """Open the form of a refund, fill it in and send it."""
    shown = browser.get(f"/invoices/{number}/refunds/new").text
    sent = {"key": value(shown, "key"), "payment": value(shown, "payment"), "amount": minor, "reason": "payer asked"}
    return browser.post(f"/invoices/{number}/refunds", sent | more)


def refund_id(answer: TestResponse) -> int:
    assert answer.status_code == 303, answer.text
    return int(str(answer.location).rpartition("/")[2])
