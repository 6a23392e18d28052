"""What an error looks like, whoever asks (eis.md 14; security.md T37, T40)."""

from __future__ import annotations

import logging
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from app.services import invoices, numbering, status_reports
from tests.api.client import LARGE, NUMBER, REGISTER, ROUTES, STATUS, bearer, error_of
from tests.system import V1

if TYPE_CHECKING:
    from types import ModuleType

    from tests.api.client import Api

CANARY = "select secret_canary from nowhere"


class Broken(RuntimeError):
    pass


def broken(*_: Any) -> Any:
    raise Broken(CANARY)


def away(*_: Any) -> Any:
    raise OperationalError(CANARY, {}, Exception("server closed the connection"))


@pytest.mark.parametrize("address", ["/api", "/api/", "/api/v1/", f"{V1}/nothing", "/api/v3/x", f"{V1}{NUMBER}/x"])
def test_an_address_without_anything_is_said_in_json(api: Api, address: str) -> None:
    response = api.get(address)
    assert response.status_code == 404
    assert error_of(response)["message"] == "There is nothing at this address"


@pytest.mark.parametrize(
    "spelling", ["/{}", "{}/", "//{}", "{}//", "/api//v1/invoice_generator/invoice_number_generator", "{}.json/"]
)
def test_a_base_address_that_ends_in_a_slash_leads_to_the_same_route(api: Api, spelling: str) -> None:
    path = spelling.format(f"{V1}{NUMBER}")
    response = api.system.app.test_client().post(
        "/", environ_overrides={"PATH_INFO": path}, json=None, headers={"Authorization": bearer()}
    )
    assert (response.status_code, response.mimetype) == (201, "application/json")


@pytest.mark.parametrize("path", ["//api/v2/invoices", "/api/v2//invoices/", "/api//v2/invoices//"])
def test_version_2_is_found_with_more_slashes_too(api: Api, path: str) -> None:
    headers = {"Authorization": bearer()}
    response = api.system.app.test_client().get("/", environ_overrides={"PATH_INFO": path}, headers=headers)
    assert (response.status_code, response.mimetype) == (200, "application/json")


def test_a_path_of_more_slashes_that_leads_nowhere_is_said_in_json(api: Api) -> None:
    path = "//api//v2//nothing//"
    response = api.system.app.test_client().post("/", environ_overrides={"PATH_INFO": path})
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ROUTES)
def test_a_wrong_method_is_said_in_json(api: Api, path: str) -> None:
    response = api.send(path, method="DELETE")
    assert response.status_code == 405
    assert ROUTES[path] in response.headers["Allow"]
    assert error_of(response)["message"] == "This address does not take this method"


@pytest.mark.parametrize("path", sorted(set(ROUTES) - LARGE))
def test_a_large_body_is_refused(api: Api, path: str) -> None:
    body = b'{"x": "' + b"a" * 262_144 + b'"}'
    response = api.raw(path, body)
    assert response.status_code == 413
    error_of(response)


def test_a_large_body_of_unknown_length_is_not_cut_but_refused(api: Api) -> None:
    response = api.system.app.test_client().post(
        f"{V1}{NUMBER}",
        input_stream=BytesIO(b"x=1&" * 100_000),
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": bearer()},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == 413


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "image/png"])
def test_another_type_of_content_is_refused(api: Api, path: str, kind: str) -> None:
    response = api.raw(path, b"<a/>", kind)
    assert response.status_code == 415
    error_of(response)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "x"])
def test_a_compressed_body_is_not_unpacked(api: Api, encoding: str) -> None:
    response = api.raw(NUMBER, b"\x1f\x8b\x08\0", Content_Encoding=encoding)
    assert response.status_code == 415


def test_a_bug_is_answered_with_an_id_and_without_a_trace(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(numbering, "take_invoice_number", broken)
    with structlog.testing.capture_logs() as said, caplog.at_level(logging.ERROR):
        response = api.send(NUMBER)
    assert response.status_code == 500
    error = error_of(response)
    assert error["request_id"] == response.headers["X-Request-Id"]
    assert error["request_id"] in error["message"]
    assert all(word not in response.text for word in ("canary", "Traceback", "Broken", ".py", "select"))
    assert [line["event"] for line in said if line["log_level"] == "error"] == ["crash"]
    assert not caplog.records


@pytest.mark.parametrize(
    ("path", "verbs", "verb"), [(REGISTER, invoices, "register"), (STATUS, status_reports, "change_status")]
)
def test_a_database_that_is_away_asks_to_come_back(
    api: Api, monkeypatch: pytest.MonkeyPatch, path: str, verbs: ModuleType, verb: str
) -> None:
    monkeypatch.setattr(verbs, verb, away)
    response = api.send(path, {"invoice_number": 1, "transaction_amount": "1", "status": "paid"})
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "canary" not in response.text


@pytest.mark.parametrize("address", ["/api/openapi.json", "/health/live", "/nothing", f"{V1}/nothing", "/"])
def test_every_answer_has_an_id(api: Api, address: str) -> None:
    first, second = api.get(address), api.get(address)
    assert len(first.headers["X-Request-Id"]) == 32
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


def test_a_proxy_may_name_the_request(api: Api) -> None:
    name = "0123456789abcdef-0123"
    assert api.get("/health/live", X_Request_Id=name).headers["X-Request-Id"] == name
    for strange in ("short", "a" * 65, "<script>alert(1)</script>", "a\u00e4" * 10):
        assert api.get("/health/live", X_Request_Id=strange).headers["X-Request-Id"] != strange


def test_people_get_a_page_and_htmx_a_toast(api: Api) -> None:
    page = api.get("/nothing")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "<h1" in page.text
    toast = api.get("/nothing", HX_Request="true")
    assert (toast.status_code, toast.mimetype) == (404, "text/html")
    assert "<html" not in toast.text


def test_json_says_so(api: Api) -> None:
    for response in (api.send(NUMBER), api.get(f"{V1}/nothing"), api.get(f"{V1}{NUMBER}")):
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
