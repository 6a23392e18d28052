"""A body that breaks off is refused: half a form reads like a whole one (security.md T36, T92)."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from app.extensions import db
from app.web.complete_bodies import MOST_WAITING
from tests.api.client import DIRECTO, IMPORT_INVOICES, NUMBER, REFERENCE, REGISTER, V2, bearer, error_of
from tests.system import V1

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api

FORM = "application/x-www-form-urlencoded"
# What a server says that ends the body where its sender went away, or where a chunk could not be read.
ENDED = {"wsgi.input_terminated": True}


def sent(api: Api, path: str, body: bytes, kind: str, **more: Any) -> TestResponse:
    return api.system.app.test_client().post(
        f"{V1}{path}",
        input_stream=BytesIO(body),
        content_type=kind,
        headers={"Authorization": bearer(), **more.pop("headers", {})},
        environ_overrides={**ENDED, **more},
    )


class Slow(BytesIO):
    """A body that notes how many connections are out while it is waited for."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.out: list[int] = []

    def read(self, *size: Any) -> bytes:
        self.out.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return super().read(*size)

    def readinto(self, buffer: Any) -> int:
        self.out.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return super().readinto(buffer)


@pytest.mark.parametrize("path", [REGISTER, IMPORT_INVOICES, DIRECTO])
def test_no_connection_waits_for_a_body(api: Api, path: str) -> None:
    """The database ends a transaction that lies idle for ten seconds, and the call with it."""
    api.system.app.extensions.pop("key_ring", None)  # so that this call reads who may call
    body = Slow(b"[]" if path == IMPORT_INVOICES else b"{}")
    api.system.app.test_client().post(
        f"{V1}{path}",
        input_stream=body,
        content_length=2,
        content_type="application/json",
        headers={"Authorization": bearer()},
    )
    assert body.out
    assert set(body.out) == {0}


def test_half_a_form_makes_no_invoice(api: Api) -> None:
    whole = b"invoice_number=7&custom_field2=registry&transaction_amount=120.00"
    for half in (whole[:-4], whole[:-1], whole[:20], b""):
        before = api.count("invoice")
        response = sent(api, REGISTER, half, FORM, CONTENT_LENGTH=str(len(whole)))
        assert response.status_code == 400, half
        assert "broke off" in error_of(response)["message"]
        assert api.count("invoice") == before
    assert sent(api, REGISTER, whole, FORM, CONTENT_LENGTH=str(len(whole))).status_code == 201


@pytest.mark.parametrize("path", [REGISTER, IMPORT_INVOICES])
def test_nothing_is_no_empty_body_when_more_was_said(api: Api, path: str) -> None:
    response = sent(api, path, b"", "application/json", CONTENT_LENGTH="20")
    assert "broke off" in error_of(response)["message"]


def test_bytes_beyond_the_length_are_not_read(api: Api) -> None:
    body = json.dumps(api.registration()).encode()
    response = sent(api, REGISTER, body + b"GET / HTTP/1.1", "application/json", CONTENT_LENGTH=str(len(body)))
    assert response.status_code == 201


@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x"])
def test_a_form_without_a_length_is_refused_everywhere(api: Api, kind: str) -> None:
    chunked = {"Transfer-Encoding": "chunked"}
    response = sent(api, REGISTER, b"invoice_number=7&transaction_amount=12", kind, headers=chunked)
    assert response.status_code == 411
    assert "Content-Length" in error_of(response)["message"]
    newer = sent(api, REGISTER, b"number=7", kind, headers=chunked, PATH_INFO=f"{V2}/payments")
    assert (newer.status_code, newer.json and newer.json["code"]) == (411, "length_required")
    page = api.system.app.test_client().post(
        "/theme", input_stream=BytesIO(b"theme=dark"), content_type=kind, headers=chunked, environ_overrides=ENDED
    )
    assert (page.status_code, page.mimetype) == (411, "text/html")


def test_every_call_with_a_body_says_in_its_description_that_it_may_be_refused_so(api: Api) -> None:
    described = json.loads(api.get("/api/openapi.json").text)["paths"]
    writing = [
        (path, method, call)
        for path, calls in described.items()
        for method, call in calls.items()
        if "requestBody" in call
    ]
    assert len(writing) > 20
    assert [(path, method) for path, method, call in writing if "411" not in call["responses"]] == []


def test_so_is_one_over_http_2_which_needs_to_say_nothing_of_pieces(api: Api) -> None:
    body, over = b"invoice_number=7&transaction_amount=12", {"SERVER_PROTOCOL": "HTTP/2", "CONTENT_LENGTH": None}
    assert sent(api, REGISTER, body, FORM, **over).status_code == 411
    assert sent(api, NUMBER, b"", FORM, SERVER_PROTOCOL="HTTP/1.1", CONTENT_LENGTH=None).status_code == 201


def test_json_without_a_length_is_read_to_its_end(api: Api) -> None:
    body = json.dumps(api.registration()).encode()
    chunked = {"Transfer-Encoding": "chunked"}
    assert sent(api, REGISTER, body, "application/json", headers=chunked).status_code == 201
    assert sent(api, REGISTER, body[:-1], "application/json", headers=chunked).status_code == 400


def test_pieces_that_come_to_nothing_are_no_empty_body(api: Api) -> None:
    """Where the first piece cannot be read the server gives an empty body: its fields would be left out in silence."""
    chunked = {"Transfer-Encoding": "chunked"}
    before = api.count("reference")
    for empty in (b"", b"\r\n"):
        answer = sent(api, REFERENCE, empty, "application/json", headers=chunked)
        assert answer.status_code == 400
        assert "Content-Length" in error_of(answer)["message"]
    assert api.count("reference") == before


@pytest.mark.parametrize("path", [REGISTER, DIRECTO])
def test_pieces_are_read_up_to_the_limit_and_refused_beyond(api: Api, path: str) -> None:
    """A body of unknown length is cut at the limit without a word: what is left of it may be good JSON (T37)."""
    limit = 16 * 1024 * 1024 if path == DIRECTO else 256 * 1024
    body = json.dumps({"invoice_data": [], **api.registration()}).encode()
    chunked = {"Transfer-Encoding": "chunked"}
    whole = body + b" " * (limit - len(body) - 1)
    assert sent(api, path, whole, "application/json", headers=chunked).status_code == 201
    for beyond in (b" ", b" " * 4096 + b"not json"):
        before = api.count("invoice")
        answer = sent(api, path, whole + beyond, "application/json", headers=chunked)
        assert answer.status_code == 413, beyond[:3]
        assert api.count("invoice") == before


class Dripping(BytesIO):
    """A body whose sender takes their time."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.asked, self.sent = threading.Event(), threading.Event()

    def read(self, *size: Any) -> bytes:
        self.asked.set()
        assert self.sent.wait(30)
        return super().read(*size)


CALLBACK = f"{V1}/callback_handler/callback"


def told(api: Api, body: BytesIO) -> TestResponse:
    return api.system.app.test_client().post(
        CALLBACK, input_stream=body, content_length=2, content_type="application/json"
    )


def test_slow_bodies_leave_threads_for_what_has_none(api: Api) -> None:
    slow = [Dripping(b"{}") for _ in range(MOST_WAITING)]
    post = partial(told, api)
    with ThreadPoolExecutor(MOST_WAITING) as senders:
        answers = [senders.submit(post, body) for body in slow]
        try:
            assert all(body.asked.wait(30) for body in slow)
            refused = post(BytesIO(b"{}"))
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
            assert api.get("/health/live").status_code == 200
            news = f"{CALLBACK}?payment_reference={'a' * 64}&event_name=voided"
            bare = {**ENDED, "CONTENT_LENGTH": ""}  # as it comes from a server
            assert api.system.app.test_client().get(news, environ_overrides=bare).status_code == 200
        finally:
            for body in slow:
                body.sent.set()
        assert [each.result().status_code for each in answers] == [422] * MOST_WAITING
    assert post(BytesIO(b"{}")).status_code == 422


class Prompt(BytesIO):
    """A body that is there, read while others are."""

    def read(self, *size: Any) -> bytes:
        time.sleep(0.01)
        return super().read(*size)


def test_many_bodies_that_are_there_are_all_read(api: Api) -> None:
    with ThreadPoolExecutor(3 * MOST_WAITING) as senders:
        answers = list(senders.map(partial(told, api), [Prompt(b"{}") for _ in range(10 * MOST_WAITING)]))
    assert {answer.status_code for answer in answers} == {422}


def test_a_body_that_says_that_it_is_too_large_is_not_read(api: Api) -> None:
    body = Slow(b"{}")
    answer = api.system.app.test_client().post(
        f"{V1}{REGISTER}",
        input_stream=body,
        content_type="application/json",
        headers={"Authorization": bearer()},
        environ_overrides={"CONTENT_LENGTH": str(10**9)},
    )
    assert (answer.status_code, body.out) == (413, [])
