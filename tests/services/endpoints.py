"""Webhook endpoints as a service makes them over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.api.client import Api
    from tests.receiver import Receiver

ENDPOINTS = "/webhook-endpoints"


def endpoint(api: Api, receiver: Receiver, path: str = "/hooks", *, code: str = "registry", **more: Any) -> str:
    response = api.v2(ENDPOINTS, {"url": f"{receiver.origin}{path}", **more}, code=code)
    assert response.status_code == 201, response.text
    return str(response.json["id"])  # type: ignore[index]


def secrets(api: Api, token: str) -> list[str]:
    return list(api.v2(f"{ENDPOINTS}/{token}/secret").json["secrets"])  # type: ignore[index]
