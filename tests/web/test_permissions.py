"""Every page of the portal, for every role: those who may get an answer, everybody else is refused (F21)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from apiflask import APIFlask
from flask import Blueprint
from werkzeug.routing import IntegerConverter

from app.blueprints import DOORS, Door, register
from app.domain.permission import ROLES, Permission, Role, may
from app.web.guards import needed_by, require_operator
from tests.web.conftest import PERSONA
from tests.web.route_table import write

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from tests.web.browser import Browser, Portal

PORTAL = {door.blueprint.name for door in DOORS if door.guard is require_operator}
FORBIDDEN = 403
NOBODY = 999_999_999
DOCUMENT = Path(__file__).parents[2] / "docs" / "permissions.md"


def rules(portal: Portal) -> list[Rule]:
    found = portal.system.app.url_map.iter_rules()
    ours = [rule for rule in found if str(rule.endpoint).partition(".")[0] in PORTAL]
    # Ending a session may end the one that asks, so that comes last.
    return sorted(ours, key=lambda rule: str(rule.endpoint).startswith("sessions."))


def address(portal: Portal, rule: Rule) -> str:
    values: dict[str, Any] = {}
    for name, converter in rule._converters.items():
        # What is asked for is not there, so that no verb ends the session of who asks.
        values[name] = NOBODY if isinstance(converter, IntegerConverter) else "none"
    with portal.system.app.test_request_context():
        adapter = portal.system.app.url_map.bind("localhost")
        return adapter.build(str(rule.endpoint), values, method="POST" if "POST" in (rule.methods or ()) else "GET")


@pytest.fixture
def browser_of(portal: Portal, mary: Browser) -> Any:
    def act_as(role: Role) -> Browser:
        portal.system.sql("update white_code set role = :role where subject = :subject", role=role, subject=PERSONA)
        return mary

    yield act_as
    portal.system.sql("update white_code set role = 'tenant_admin' where subject = :subject", subject=PERSONA)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_the_pages_it_may_have_and_no_others(portal: Portal, browser_of: Any, role: Role) -> None:
    browser: Browser = browser_of(role)
    assert rules(portal)
    wrong = []
    token = browser.token()
    for rule in rules(portal):
        needed = needed_by(portal.system.app, str(rule.endpoint))
        expected = needed is not None and not may(role, needed)
        path = address(portal, rule)
        answer = (
            browser.client.post(path, data={"csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"})
            if "POST" in (rule.methods or ())
            else browser.client.get(path)
        )
        if (answer.status_code == FORBIDDEN) is not expected:
            wrong.append(f"{role} {rule.endpoint}: {answer.status_code}")
        assert answer.status_code < 500, f"{rule.endpoint}: {answer.text[:300]}"
    assert wrong == []


def test_a_role_nobody_knows_may_nothing() -> None:
    assert not any(may(role, each) for role in ("", "root", "TENANT_ADMIN") for each in Permission)


def test_those_who_only_look_change_nothing_and_who_approves_is_not_who_pays_out_the_gateway() -> None:
    assert ROLES[Role.VIEWER] == {Permission.VIEW}
    assert not ROLES[Role.AUDITOR] - {Permission.VIEW, Permission.VIEW_AUDIT, Permission.EXPORT}
    assert not ROLES[Role.GATEWAY_ADMIN] & {Permission.APPROVE, Permission.REFUND}
    assert not may(Role.FINANCE, Permission.APPROVE)


def test_a_view_that_does_not_say_what_it_needs_keeps_the_application_from_starting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = Blueprint("silent", __name__)
    silent.get("/silent")(lambda: "")
    monkeypatch.setattr("app.blueprints.DOORS", (Door(silent, require_operator),))
    with pytest.raises(AttributeError):
        register(APIFlask("silent"), lambda _each: None, development=False)


def test_the_document_says_what_the_application_does(portal: Portal) -> None:
    """F21: when this fails, look at the difference, then: python -m tests.web.route_table > docs/permissions.md."""
    assert DOCUMENT.read_text(encoding="utf-8") == write(portal.system.app)


def test_a_stranger_gets_nothing_of_the_portal(portal: Portal) -> None:
    browser = portal.browser()
    token = browser.token()
    for rule in rules(portal):
        path = address(portal, rule)
        for headers in ({}, {"HX-Request": "true"}):
            sent = {"csrf_token": token}
            own = {**headers, "Sec-Fetch-Site": "same-origin"}
            is_post = "POST" in (rule.methods or ())
            answer = browser.client.open(path, method="POST" if is_post else "GET", data=sent, headers=own)
            assert answer.status_code == (401 if headers else 303), rule.endpoint
            assert not headers or answer.data == b""
            assert headers or str(answer.location).startswith("/sign_in")
