"""What a wish for an endpoint may say; addresses above all (security.md T43)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import fields_of

if TYPE_CHECKING:
    from tests.api.client import Api

ENDPOINTS = "/webhook-endpoints"


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.test/hooks",
        "http://127.0.0.1/hooks",
        "http://registry.test:81/hooks",
        "http://registry.test@evil.test/",
        "http://evil.test\\@registry.test/",
        "http://2130706433/hooks",
        "http://[::ffff:127.0.0.1]/hooks",
        "ftp://registry.test/hooks",
        "//registry.test/hooks",
        "http://registry.test/hooks#part",
        "http://auction.test/hooks",
    ],
)
def test_an_address_off_the_registered_origins_is_refused(api: Api, url: str) -> None:
    assert fields_of(api.v2(ENDPOINTS, {"url": url})) == {"url"}


def test_a_services_own_origin_needs_no_registration(api: Api) -> None:
    assert api.v2(ENDPOINTS, {"url": "http://registry.test/hooks"}).status_code == 201


@pytest.mark.parametrize("types", [["nonsense"], ["invoice"], ["*"], ["invoice.*", "x.y"], ["invoice.paid "], "all"])
def test_a_type_there_is_not_is_refused(api: Api, types: Any) -> None:
    response = api.v2(ENDPOINTS, {"url": "http://registry.test/hooks", "types": types})
    assert fields_of(response) == {"types"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"types": ["invoice.paid"]},
        {"events": ["evt_1"], "created_from": "2026-01-01T00:00:00Z"},
        {"events": ["evt_1"], "types": ["invoice.paid"]},
    ],
)
def test_a_resend_names_events_or_a_range(api: Api, body: dict[str, Any]) -> None:
    token = api.v2(ENDPOINTS, {"url": "http://registry.test/hooks"}).json["id"]  # type: ignore[index]
    assert fields_of(api.v2(f"{ENDPOINTS}/{token}/resend", body)) == {"events"}


@pytest.mark.parametrize(
    ("body", "faulty"),
    [
        ({"enabled": "true"}, "enabled"),
        ({"url": ""}, "url"),
        ({"types": ["\u00f5"]}, "types"),
        ({"secret": "whsec_mine"}, "secret"),
        ({"initiator_id": 2}, "initiator_id"),
    ],
)
def test_a_change_says_what_it_may(api: Api, body: dict[str, Any], faulty: str) -> None:
    token = api.v2(ENDPOINTS, {"url": "http://registry.test/hooks"}).json["id"]  # type: ignore[index]
    assert fields_of(api.v2(f"{ENDPOINTS}/{token}", body, method="PATCH")) == {faulty}


@pytest.mark.parametrize("seconds", [-1, 604_801, "3600", 1.5, None])
def test_an_overlap_lasts_a_week_at_most(api: Api, seconds: Any) -> None:
    token = api.v2(ENDPOINTS, {"url": "http://registry.test/hooks"}).json["id"]  # type: ignore[index]
    body = {"keep_previous_s": seconds}
    assert fields_of(api.v2(f"{ENDPOINTS}/{token}/secret", body)) == {"keep_previous_s"}
