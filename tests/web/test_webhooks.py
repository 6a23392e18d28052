"""The endpoints of services in the portal: how they are, a test message, a new secret shown once, off and on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from app.services import webhooks
from app.services.initiators import caller_named
from app.services.webhooks import Wish
from tests.receiver import Receiver
from tests.web.desks import value
from tests.web.test_deliveries import decide, form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System
    from tests.web.browser import Browser, Portal

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{20,}")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


@pytest.fixture
def system(portal: Portal) -> System:
    return portal.system


@pytest.fixture
def token(system: System, receiver: Receiver, request: pytest.FixtureRequest) -> str:
    """Return an endpoint of this test's own."""
    url = f"{receiver.origin}/{request.node.name}"
    with system.app.app_context():
        system.sql("update webhook_endpoint set enabled = false, disabled_by = 'service' where enabled")
        return webhooks.register(
            caller_named("registry"), "registry", Wish(url=url, types=["invoice.*"]), [receiver.origin], plain_http=True
        )


def test_an_endpoint_is_listed_and_shown_without_its_secret(system: System, mary: Browser, token: str) -> None:
    listed = mary.get("/webhooks").text
    assert f"/webhooks/{token}" in listed
    html = mary.get(f"/webhooks/{token}").text
    assert "invoice.paid" in html
    assert not SECRET.search(html + listed)


def test_a_test_message_tells_what_the_endpoint_answered(system: System, mary: Browser, token: str) -> None:
    answer = mary.post(f"/webhooks/{token}/pings")
    assert "The endpoint answered 200" in mary.get(str(answer.location)).text


def test_a_new_secret_is_shown_once_and_the_old_one_signs_for_a_day(system: System, mary: Browser, token: str) -> None:
    asked = form(mary.get(f"/webhooks/{token}/secrets/new").text)
    action = asked.pop("action")
    first = mary.post(action, asked | {"reason": "it was in a mail"})
    assert first.status_code == 201
    assert SECRET.search(first.text)
    again = mary.post(action, asked | {"reason": "it was in a mail"})
    assert again.status_code == 303
    html = mary.get(f"/webhooks/{token}").text
    assert not SECRET.search(html)
    assert "two live" in html
    told = system.rows("select actor_kind, reason from event where kind = 'webhook.endpoint.rotated'")
    assert [tuple(each) for each in told] == [("operator", "it was in a mail")]


def test_an_endpoint_is_switched_off_and_on_with_a_reason(system: System, mary: Browser, token: str) -> None:
    enabled = "select enabled from webhook_endpoint where token = :token"
    decide(mary, f"/webhooks/{token}/switches/new")
    assert system.scalar(enabled, token=token) is False
    decide(mary, f"/webhooks/{token}/switches/new")
    assert system.scalar(enabled, token=token) is True
    assert mary.post(f"/webhooks/{token}/switches", {"reason": "", "key": "k"}).status_code == 422


@pytest.mark.parametrize("path", ["/webhooks/we_none", "/webhooks/%00", "/webhooks/we_none/secrets/new"])
def test_what_is_not_there_is_not_found(mary: Browser, path: str) -> None:
    assert mary.get(path).status_code == 404


def test_what_an_endpoint_hears_is_changed_once_and_with_a_reason(system: System, mary: Browser, token: str) -> None:
    address = f"/webhooks/{token}"
    assert f"{address}/edit" in mary.page(address).links()
    shown = {name: value(mary.get(f"{address}/edit").text, name) for name in ("key", "version")}
    assert "invoice.paid" in mary.page(f"{address}/edit").text("label")
    sent = {**shown, "reach": "some", "types": ["invoice.paid", "refund.failed"], "reason": "asked for less"}
    wrong: tuple[dict[str, object], ...] = (
        {"reason": ""},
        {"types": ["evil.*"]},
        {"types": []},
        {"reach": "x"},
        {"description": "x" * 201},
    )
    for more in wrong:
        assert mary.post(address, sent | more).status_code == 422
    assert [mary.post(address, sent).status_code for _ in range(2)] == [303, 303]
    kept = system.scalar("select types from webhook_endpoint where token = :t", t=token)
    assert kept == ["invoice.paid", "refund.failed"]
    told = "select count(*) from event where kind = 'webhook.endpoint.changed' and reason = 'asked for less'"
    assert system.scalar(told) == 1
    late = mary.post(address, sent | {"key": "k" * 20, "reach": "all"})
    assert late.status_code == 409
    assert "Somebody changed this in the meantime" in late.text
    again = {name: value(mary.get(f"{address}/edit").text, name) for name in ("key", "version")}
    assert mary.post(address, {**again, "reach": "all", "reason": "wants everything"}).status_code == 303
    assert system.scalar("select types from webhook_endpoint where token = :t", t=token) == []
