"""The simulated login service gives nobody a token who would get none from a real one, and fails as it is told to."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.integrations.tara.simulator import TaraConfig, create_simulator
from tests.integrations.everypay.test_simulator import BROKEN, at_once
from tests.integrations.live import served

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser
    from werkzeug.test import TestResponse

BACK = "http://w.test/cb"
CREDENTIALS = {"Authorization": "Basic " + base64.b64encode(b"simulated:simulated-secret").decode()}
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "client_id": "simulated", "redirect_uri": BACK, "response_type": "code", "scope": "openid", "state": "12345678",
    "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
}  # fmt: skip


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_simulator(TaraConfig(issuer="http://t.test", redirect_uri=BACK))


@pytest.fixture(autouse=True)
def _calm(app: Flask) -> None:
    put(app, "faults", [])
    put(app, "token_fault", {"fault": ""})


def put(app: Flask, path: str, body: Any) -> TestResponse:
    return app.test_client().put(f"/_sim/{path}", json=body)


def answer(app: Flask, *, without: str = "", **more: str) -> dict[str, str]:
    """Return what the client is told after the first persona was chosen, or the status when nobody is sent back."""
    asked = {name: value for name, value in (ASKED | more).items() if name != without}
    response = app.test_client().post(f"/oidc/authorize?{urlencode(asked)}", data={"subject": "EE60001019906"})
    if response.status_code != 303:
        return {"status": str(response.status_code)}
    assert response.headers["Location"].startswith(f"{BACK}?")
    return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


def exchange(app: Flask, *, without: str = "", code: str = "", **more: str) -> TestResponse:
    said = {
        "grant_type": "authorization_code",
        "code": code or answer(app)["code"],
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    sent = {name: value for name, value in (said | more).items() if name != without}
    return app.test_client().post("/oidc/token", data=sent, headers=CREDENTIALS)


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def keys(app: Flask) -> KeySet:
    return KeySet.import_key_set(json.loads(app.test_client().get("/oidc/jwks").text))


def test_a_person_gets_a_token(app: Flask):
    token = exchange(app).json["id_token"]  # type: ignore[index]
    assert jwt.decode(token, keys(app)).claims["sub"] == "EE60001019906"
    assert claims(token)["state"] == "12345678"


@pytest.mark.parametrize("grant", ["password", "refresh_token", "client_credentials", ""])
def test_only_a_code_is_exchanged(app: Flask, grant: str):
    refusal = exchange(app, grant_type=grant)
    assert (refusal.status_code, refusal.json) == (400, {"error": "unsupported_grant_type"})


def test_a_request_without_a_grant_is_refused(app: Flask):
    assert exchange(app, without="grant_type").json == {"error": "unsupported_grant_type"}


@pytest.mark.parametrize(
    "more",
    [{"code_challenge_method": "plain"}, {"code_challenge_method": "s256"}, {"code_challenge_method": ""},
     {"without": "code_challenge_method"}, {"without": "code_challenge"}, {"code_challenge": ""},
     {"code_challenge": "x" * 42}, {"code_challenge": "x" * 44}, {"code_challenge": "+" * 43}],
    ids=repr,
)  # fmt: skip
def test_a_challenge_is_s256_or_none(app: Flask, more: dict[str, Any]):
    assert (answer(app, **more).get("error"), "code" in answer(app, **more)) == ("invalid_request", False)


@pytest.mark.parametrize("verifier", ["", "x", "w" * 43, "é" * 43, VERIFIER + "v"])
def test_another_verifier_is_refused(app: Flask, verifier: str):
    assert exchange(app, code_verifier=verifier).json == {"error": "invalid_grant"}


@pytest.mark.parametrize("scope", ["openid", "openid idcard mid smartid eidas email phone", "openid eidas:country:lt"])
def test_a_scope_that_is_known_is_granted(app: Flask, scope: str):
    assert "code" in answer(app, scope=scope)


@pytest.mark.parametrize("scope", ["openid admin", "openid eidas:country:lithuania", "openid OPENID"])
def test_a_scope_that_is_unknown_is_told_to_the_client(app: Flask, scope: str):
    told = answer(app, scope=scope)
    assert (told["error"], told["state"]) == ("invalid_scope", "12345678")


@pytest.mark.parametrize(
    "more",
    [{"scope": "idcard"}, {"without": "scope"}, {"state": "1234567"}, {"without": "state"}, {"client_id": "x"},
     {"redirect_uri": "http://evil.test/cb"}, {"without": "redirect_uri"}, {"response_type": "token"}],
    ids=repr,
)  # fmt: skip
def test_nobody_is_sent_anywhere_on_a_wrong_request(app: Flask, more: dict[str, Any]):
    assert answer(app, **more) == {"status": "400"}


@pytest.mark.parametrize("round_", range(5))
def test_a_code_serves_once_however_many_use_it_at_once(app: Flask, round_: int):
    code = answer(app)["code"]
    assert sorted(at_once(6, lambda _: exchange(app, code=code).status_code)) == [200] + [400] * 5


def test_a_code_wrongly_used_is_used(app: Flask):
    code = answer(app)["code"]
    assert exchange(app, code=code, code_verifier="w" * 43).status_code == 400
    assert exchange(app, code=code).status_code == 400


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic é", "Basic ////", "Basic " + base64.b64encode(b"\xff:\xff").decode(), "Bearer x"]
)
def test_a_client_that_does_not_prove_itself_is_refused(app: Flask, header: str):
    response = app.test_client().post("/oidc/token", data={"code": "x"}, headers={"Authorization": header})
    assert (response.status_code, response.json) == (401, {"error": "invalid_client"})


def test_a_token_can_lack_its_subject(app: Flask):
    assert "sub" not in spoiled(app, "no_sub")


def test_a_token_can_belong_to_another_state(app: Flask):
    assert spoiled(app, "wrong_state")["state"] not in {"", "12345678"}


def spoiled(app: Flask, fault: str) -> dict[str, Any]:
    assert put(app, "token_fault", {"fault": fault}).status_code == 200
    return claims(exchange(app).json["id_token"])  # type: ignore[index]


def test_a_token_can_be_unsigned(app: Flask):
    put(app, "token_fault", {"fault": "alg_none"})
    token = exchange(app).json["id_token"]  # type: ignore[index]
    assert token.endswith(".")
    assert claims(token)["sub"] == "EE60001019906"
    with pytest.raises(JoseError):
        jwt.decode(token, keys(app))


@pytest.mark.parametrize("fault", ["explode", None, [], {}, 7])
def test_a_fault_that_is_none_is_refused(app: Flask, fault: Any):
    assert put(app, "token_fault", {"fault": fault}).status_code == 400


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("path", ["token_fault", "faults"])
def test_a_broken_script_is_refused(app: Flask, path: str, body: bytes):
    response = app.test_client().put(f"/_sim/{path}", data=body)
    assert 400 <= response.status_code < 500 or (path, body) == ("faults", b"[]")


@pytest.mark.parametrize(
    ("operation", "path"), [("discovery", "/.well-known/openid-configuration"), ("jwks", "/oidc/jwks")]
)
def test_what_the_service_says_of_itself_can_fail(app: Flask, operation: str, path: str):
    client = app.test_client()
    put(app, "faults", [{"operation": operation, "kind": "http", "status": 503, "retry_after": 7}])
    failed = client.get(path)
    assert (failed.status_code, failed.headers["Retry-After"]) == (503, "7")
    put(app, "faults", [{"operation": operation, "kind": "unknown_fields"}])
    assert client.get(path).json["x_nothing"] is None  # type: ignore[index]
    assert "x_nothing" not in client.get(path).json  # type: ignore[operator]


def test_every_request_is_written_down_and_no_secret_with_it():
    app = create_simulator(TaraConfig(issuer="http://t.test", redirect_uri=BACK))
    client = app.test_client()
    client.get("/.well-known/openid-configuration")
    client.get("/oidc/jwks")
    code = answer(app)["code"]
    exchange(app, code=code)
    exchange(app, code=code)
    client.post("/oidc/token", data={})
    client.get("/nowhere")
    received = client.get("/_sim/received").json
    assert [(each["what"], each["status"]) for each in received] == [  # type: ignore[union-attr]
        ("GET /.well-known/openid-configuration", 200),
        ("GET /oidc/jwks", 200),
        ("POST /oidc/authorize", 303),
        ("POST /oidc/token", 200),
        ("POST /oidc/token", 400),
        ("POST /oidc/token", 401),
        ("GET /nowhere", 404),
    ]
    assert json.loads(received[3]["body"])["code_verifier"] == VERIFIER  # type: ignore[index]
    assert "simulated-secret" not in json.dumps(received)
    assert CREDENTIALS["Authorization"] not in json.dumps(received)


def test_a_secret_in_a_form_is_not_written_down(app: Flask):
    said = {"client_id": "simulated", "client_secret": "simulated-secret", "code": "x"}
    assert app.test_client().post("/oidc/token", data=said | {"grant_type": "authorization_code"}).status_code == 400
    seen = app.test_client().get("/_sim/received").json
    assert json.loads(seen[-1]["body"])["client_id"] == "simulated"  # type: ignore[index]
    assert "simulated-secret" not in json.dumps(seen)


def test_hostile_requests_break_nothing(app: Flask):
    client = app.test_client()
    for _ in range(50):
        junk = secrets.token_bytes(40)
        assert client.get(b"/oidc/authorize?scope=%ff&x=".decode() + junk.hex()).status_code == 400
        assert client.post("/oidc/token", data=junk, headers=CREDENTIALS).status_code == 400


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_nothing_runs_over_the_edge(app: Flask, browser: Browser, scheme: str, width: int):
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
    page = context.new_page()
    with served(app) as url:
        for path in ("/", f"/oidc/authorize?{urlencode(ASKED)}", "/oidc/authorize"):
            page.goto(f"{url}{path}")
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
        context.close()
