"""Every page of the portal, for every role: those who may get an answer, everybody else is refused (F21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from apiflask import APIFlask
from flask import Blueprint

from app.blueprints import DOORS, Door, register
from app.domain.permission import ROLES, Permission, Role, may
from app.web.guards import needed_by, require_operator
from tests.web.conftest import PERSONA

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from tests.web.browser import Browser, Portal

PORTAL = {door.blueprint.name for door in DOORS if door.guard is require_operator}
FORBIDDEN = 403


def rules(portal: Portal) -> list[Rule]:
    found = portal.system.app.url_map.iter_rules()
    return [rule for rule in found if str(rule.endpoint).partition(".")[0] in PORTAL]


def address(portal: Portal, rule: Rule) -> str:
    values: dict[str, Any] = {}
    for name, converter in rule._converters.items():
        # Nothing there: the one session of this test would end with number 1.
        values[name] = 999_999 if type(converter).__name__ == "IntegerConverter" else "none"
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
