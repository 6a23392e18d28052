"""Services and their keys: shown once, limited, two at a time, taken away at once; the shared secret switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.integrations import sign_token
from app.services.initiators import RING_TTL_S
from tests.web.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.browser import Browser, Portal

WHY = "moving off the shared secret"
KEY = {
    "name": "production",
    "days": "365",
    "reach": "some",
    "scopes": ["billing.view", "invoice.issue"],
    "reason": WHY,
}
NUMBER = "/api/v1/invoice_generator/invoice_number_generator"


@pytest.fixture(autouse=True)
def _as_it_was(portal: Portal) -> Iterator[None]:
    yield
    portal.system.sql("update initiator_key set revoked_at = now() where revoked_at is null")
    portal.system.sql("update initiator set accepts_shared_secret = code <> 'billing_system', partial_payments = null")
    forget(portal)


def forget(portal: Portal) -> None:
    """Let the ring of keys be read anew, as it is after a second."""
    assert RING_TTL_S <= 1
    portal.system.app.extensions.pop("key_ring", None)


def make(browser: Browser, **more: Any) -> dict[str, str]:
    """Make a key and return its id, secret and token as the page shows them."""
    page = Page(browser.fragment("/services/eeid/keys/new").text)
    once = next(str(named["value"]) for _tag, named in page.elements if named.get("name") == "idempotency_key")
    answer = browser.post("/services/eeid/keys", {**KEY, "idempotency_key": once, **more})
    assert answer.status_code == 201, answer.text
    kid, secret, token = Page(answer.text).text("pre").split()
    return {"kid": kid, "secret": secret, "token": token, "once": once}


def asks(portal: Portal, token: str) -> int:
    client = portal.system.app.test_client()
    return client.post(NUMBER, headers={"Authorization": f"Bearer {token}"}).status_code


def live(portal: Portal) -> int:
    return int(portal.system.scalar("select count(*) from initiator_key where revoked_at is null"))


def test_the_list_says_how_each_signs(mary: Browser) -> None:
    page = mary.page("/services")
    assert "Domain registry" in page.text("tbody")
    assert "May sign with it" in page.text("tbody")
    assert "http://registry.test" in mary.page("/services/registry").text("p")


def test_a_key_is_shown_once_and_opens(portal: Portal, mary: Browser) -> None:
    key = make(mary)
    assert asks(portal, key["token"]) == 201
    for path in ("/services", "/services/eeid"):
        text = mary.get(path).text
        assert key["secret"] not in text
        assert key["token"] not in text
    page = mary.page("/services/eeid")
    assert key["kid"] in page.text("th")
    assert "take numbers and issue invoices" in page.text("th")
    assert WHY in page.text("ol")


def test_reload_makes_no_second_key(portal: Portal, mary: Browser) -> None:
    key = make(mary)
    answer = mary.post("/services/eeid/keys", {**KEY, "idempotency_key": key["once"]})
    assert answer.location == "/services/eeid"
    assert "its secret was shown then" in mary.get("/services/eeid").text
    assert live(portal) == 1


def test_two_keys_live_at_a_time_and_the_old_one_is_taken_away(portal: Portal, mary: Browser) -> None:
    old, new = make(mary), make(mary, name="next")
    assert [asks(portal, key["token"]) for key in (old, new)] == [201, 201]
    third = mary.post("/services/eeid/keys", {**KEY, "idempotency_key": "third"})
    assert third.status_code == 409
    assert "There are two live keys already" in third.text
    where = f"/services/eeid/keys/{old['kid']}/revocations"
    assert "It was last used" in mary.fragment(f"{where}/new").text
    assert mary.post(where, {"reason": ""}).status_code == 422
    assert mary.post(where, {"reason": "moved"}).status_code == 303
    assert [asks(portal, key["token"]) for key in (old, new)] == [401, 201]
    assert mary.post(where, {"reason": "again"}).status_code == 404


def test_scopes_are_what_was_ticked(portal: Portal, mary: Browser) -> None:
    key = make(mary, scopes=["billing.view"])
    assert asks(portal, key["token"]) == 403
    where = f"/services/eeid/keys/{key['kid']}/scopes"
    assert 'value="billing.view" checked' in mary.get(f"{where}/edit").text
    changed = {"reach": "some", "scopes": ["billing.view", "invoice.issue"], "reason": WHY}
    assert mary.post(where, changed).status_code == 303
    assert asks(portal, key["token"]) == 201
    assert mary.post(where, {"reach": "all", "reason": WHY}).status_code == 303
    assert "everything" in mary.page("/services/eeid").text("th")
    assert "Key limited" in mary.page("/services/eeid").text("ol")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 101),
        ("name", "a\u202eb"),
        ("days", "0"),
        ("days", "-1"),
        ("days", "99999"),
        ("days", "soon"),
        ("reach", "root"),
        ("scopes", ["users.manage"]),
        ("scopes", []),
        ("scopes", ['"><script>alert(1)</script>']),
        ("reason", ""),
    ],
)
def test_a_key_nobody_can_have_is_refused_by_field(portal: Portal, mary: Browser, field: str, value: Any) -> None:
    answer = mary.post("/services/eeid/keys", {**KEY, "idempotency_key": "x", field: value})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "<script>alert" not in answer.text
    assert live(portal) == 0


def test_the_shared_secret_is_switched_off_for_one(portal: Portal, mary: Browser) -> None:
    def signed(code: str) -> int:
        return asks(portal, sign_token({"initiator": code}, "shared between the services in tests"))

    assert (signed("eeid"), signed("auction")) == (201, 201)
    assert "it is cut off" in mary.fragment("/services/eeid/shared_secret/edit").text
    assert mary.post("/services/eeid/shared_secret", {"accepted": "maybe", "reason": WHY}).status_code == 422
    assert mary.post("/services/eeid/shared_secret", {"accepted": "false", "reason": WHY}).status_code == 303
    assert (signed("eeid"), signed("auction")) == (401, 201)
    assert "Switched off" in mary.get("/services/eeid").text
    assert "refused from now on, by Mary" in mary.page("/services/eeid").text("ol")


def test_a_service_has_its_own_word_about_payments_in_parts(portal: Portal, mary: Browser) -> None:
    own = "select partial_payments from initiator where code = 'eeid'"
    for said, kept in (("true", True), ("false", False), ("", None)):
        assert mary.post("/services/eeid/partial_payments", {"allowed": said, "reason": WHY}).status_code == 303
        assert portal.system.scalar(own) is kept
    assert mary.post("/services/eeid/partial_payments", {"allowed": "1", "reason": WHY}).status_code == 422


def test_a_service_has_somebody_who_is_written_to(portal: Portal, mary: Browser) -> None:
    own = "select contact_email from initiator where code = 'eeid'"
    assert 'value="ops@' not in mary.fragment("/services/eeid/contact/edit").text
    assert mary.post("/services/eeid/contact", {"email": "ops@eeid.test", "reason": WHY}).status_code == 303
    assert portal.system.scalar(own) == "ops@eeid.test"
    page = mary.page("/services/eeid")
    assert "nobody before, …@eeid.test now, by Mary" in page.text("ol")
    assert "ops@eeid.test" in page.text("dd")
    for wrong in ("eeid", "a@eeid.test, b@eeid.test", "Ops <ops@eeid.test>", "õ@eeid.test"):
        answer = mary.post("/services/eeid/contact", {"email": wrong, "reason": WHY})
        assert (answer.status_code, "Write one address" in answer.text) == (422, True)
    more = {"email": "a@eeid.test\r\nBcc: b@eeid.test", "reason": WHY}
    assert mary.post("/services/eeid/contact", more).status_code == 422
    assert portal.system.scalar(own) == "ops@eeid.test"
    assert mary.post("/services/eeid/contact", {"email": "", "reason": WHY}).status_code == 303
    assert portal.system.scalar(own) is None


@pytest.mark.parametrize("path", ["/services/nobody", "/services/%00", "/services/" + "x" * 300, "/services/a%2fb"])
def test_there_is_no_such_service(mary: Browser, path: str) -> None:
    assert mary.get(path).status_code == 404
    assert mary.get(f"{path}/keys/new").status_code == 404
    assert mary.post(f"{path}/keys", {**KEY, "idempotency_key": "x"}).status_code == 404


def test_a_key_of_another_service_is_not_reached(mary: Browser) -> None:
    key = make(mary)
    assert mary.get(f"/services/registry/keys/{key['kid']}/revocations/new").status_code == 404
    assert mary.post(f"/services/registry/keys/{key['kid']}/revocations", {"reason": WHY}).status_code == 404
    assert mary.post(f"/services/eeid/keys/{key['kid']}/revocations", {"reason": WHY}).status_code == 303


def test_who_looks_after_gateways_sees_keys_and_makes_none(portal: Portal, mary: Browser) -> None:
    make(mary)
    portal.system.sql("update white_code set role = 'gateway_admin' where name = 'Mary'")
    text = mary.get("/services/eeid").text
    assert "New key…" not in text
    assert "Take away…" not in text
    assert mary.get("/services/eeid/keys/new").status_code == 403
    portal.system.sql("update white_code set role = 'tenant_admin' where name = 'Mary'")
