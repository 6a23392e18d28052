"""A key limited to scopes opens what it is for and nothing else (security.md T34, other-systems.md 10)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from app.domain.permission import SCOPES, Permission
from app.services import initiator_keys
from app.web.api import SCOPE
from tests.api.client import BACK, MAKER, NUMBER, REGISTER, STATUS, V2, error_of, problem_of
from tests.system import V1

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api

Key = dict[str, str]


@pytest.fixture(scope="module")
def keys(api: Api) -> dict[str, Key]:
    """Return a header for each scope alone, and `not <scope>` for all the others together."""
    headers: dict[str, Key] = {}
    with api.system.app.app_context():
        for scope in sorted(SCOPES):
            for name, held in ((str(scope), [scope]), (f"not {scope}", sorted(SCOPES - {scope}))):
                key = initiator_keys.issue_key("registry", scopes=held)
                headers[name] = {"Authorization": f"Bearer {key.token}"}
                api.system.sql("update initiator_key set revoked_at = now()")
        api.system.sql("update initiator_key set revoked_at = null")
    api.system.app.extensions.pop("key_ring", None)
    return headers


def operations(api: Api) -> list[tuple[str, str, str | None]]:
    """Return every operation of the document with a path that leads to nothing, and the scope it names."""
    document: dict[str, Any] = json.loads(api.get("/api/openapi.json").text)
    return [
        (method.upper(), re.sub(r"{[^}]+}", "7", path), operation.get(SCOPE))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if operation.get("security")
    ]


def ask(api: Api, method: str, path: str, headers: Key, body: Any = None) -> TestResponse:
    return api.system.app.test_client().open(path, method=method, headers=headers, json=body)


def test_every_route_says_which_scope_it_needs_and_every_scope_is_for_something(api: Api) -> None:
    found = operations(api)
    assert len(found) > 40
    assert all(scope for *_, scope in found), [each for each in found if not each[2]]
    assert {scope for *_, scope in found} | {Permission.SUBMIT_PAYMENT} == SCOPES


def test_every_route_is_closed_to_a_key_with_all_scopes_but_its_own(api: Api, keys: dict[str, Key]) -> None:
    for method, path, scope in operations(api):
        refused = ask(api, method, path, keys[f"not {scope}"], {})
        if path.startswith(V2):
            problem = problem_of(refused, 403)
        else:
            assert refused.status_code == 403, (method, path, refused.text)
            assert (refused.json or {})["code"] == "403", "callers of the old interface test this"
            problem = error_of(refused)
        assert problem["code"] == "missing_scope"
        assert problem["scope"] == scope
        assert str(scope) in refused.text


def test_every_route_is_open_to_a_key_with_its_scope_alone(api: Api, keys: dict[str, Key]) -> None:
    for method, path, scope in operations(api):
        answer = ask(api, method, path, keys[str(scope)], {})
        assert answer.status_code not in {401, 403, 500}, (method, path, answer.text)


def test_a_key_without_the_scope_changes_nothing_even_with_a_good_body(api: Api, keys: dict[str, Key]) -> None:
    number = api.system.invoice()
    before = api.system.rows("select * from invoice order by id"), api.count("payment"), api.count("outbox")
    body = {"invoice_number": str(number), "customer_url": BACK["registry"]}
    assert ask(api, "POST", f"{V1}{MAKER}/oneoff", keys["not billing.create"], body).status_code == 403
    spoilt = api.system.app.test_client().post(
        f"{V1}{REGISTER}", data=b"{not json", content_type="application/json", headers=keys["not invoice.issue"]
    )
    assert spoilt.status_code == 403, "nothing of the body is read before"
    assert (api.system.rows("select * from invoice order by id"), api.count("payment"), api.count("outbox")) == before


@pytest.mark.parametrize(("word", "scope"), [("paid", "payment.submit_manual"), ("cancelled", "billing.cancel")])
def test_what_a_status_does_to_money_needs_its_own_scope(api: Api, keys: dict[str, Key], word: str, scope: str) -> None:
    number = api.system.invoice()
    said = {"invoice_number": number, "status": word}
    refused = ask(api, "POST", f"{V1}{STATUS}", keys[f"not {scope}"], said)
    assert refused.status_code == 403
    assert error_of(refused)["scope"] == scope
    assert api.system.status(number) == "unpaid"
    harmless = {"invoice_number": number, "status": "overdue"}
    assert ask(api, "POST", f"{V1}{STATUS}", keys[f"not {scope}"], harmless).status_code == 200


def test_the_shared_secret_and_a_key_without_scopes_may_do_everything(own_api: Api) -> None:
    with own_api.system.app.app_context():
        token = initiator_keys.issue_key("registry").token
    for path in (f"{V1}{NUMBER}", f"{V2}/references"):
        assert ask(own_api, "POST", path, {"Authorization": f"Bearer {token}"}, {}).status_code == 201
    assert own_api.send(NUMBER).status_code == 201
