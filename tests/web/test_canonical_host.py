"""Behind a proxy that speaks TLS a request says neither our scheme nor our name: `BASE_URL` does (T44, T50)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.application import application, release
from tests.test_config import PRODUCTION
from tests.web.page import form_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

# How a request arrives from the proxy: in plain http, with the name the browser asked for.
PROXY = "http://billing.example.ee"


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    app = application(PRODUCTION)
    yield app.test_client()
    release(app)


def chosen(client: FlaskClient, origin: str, **headers: str) -> int:
    token = form_token(client.get("/sign_in", base_url=PROXY).text)
    said = {"Origin": origin} | {name.replace("_", "-"): value for name, value in headers.items()}
    data = {"csrf_token": token, "theme": "dark"}
    return client.post("/theme", data=data, headers=said, base_url=PROXY).status_code


@pytest.mark.parametrize("origin", ["https://billing.example.ee", "https://billing.example.ee:443"])
def test_what_htmx_sends_over_tls_comes_from_us(client: FlaskClient, origin: str) -> None:
    assert chosen(client, origin, Sec_Fetch_Site="same-origin", HX_Request="true") in {204, 303}


@pytest.mark.parametrize(
    "origin",
    [
        "http://billing.example.ee",
        "https://billing.example.ee:8443",
        "https://evil.example",
        "https://billing.example.ee.evil.example",
        "https://evil.example@billing.example.ee",
        "null",
    ],
)
def test_what_comes_from_elsewhere_does_not(client: FlaskClient, origin: str) -> None:
    assert chosen(client, origin) == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "10.0.0.7:8000", "billing.example.ee.evil.example", "billing.example.ee:8443", "a b", ""]
)
def test_a_page_under_another_name_is_refused(client: FlaskClient, host: str) -> None:
    for path in ("/sign_in", "/auth/tara", "/invoices", "/"):
        answer = client.get(path, environ_overrides={"HTTP_HOST": host})
        assert (answer.status_code, answer.headers.get("Location")) == (400, None), path
    assert "another address" in answer.text


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "billing-web", "evil.example"])
def test_machines_call_by_the_name_they_have(client: FlaskClient, host: str) -> None:
    said = {"HTTP_HOST": host}
    assert client.get("/health/live", environ_overrides=said).status_code == 200
    assert client.get("/api/v1/callback_handler/callback", environ_overrides=said).status_code == 422
