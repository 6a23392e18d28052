"""The whole login against the simulator (security T31, T53 to T56; protocols.md 7)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.flask_client import OAuth
from flask import Flask, jsonify
from joserfc.jwk import RSAKey

from app.config import Settings, load_settings
from app.domain.errors import ProviderFailure
from app.integrations.tara import login, oidc
from tests.integrations.simulated import Tara

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

ISSUER, BACK = "https://tara.example", "https://billing.example.ee/auth/tara/callback"


def settings(**changes: str) -> Settings:
    return load_settings(
        {
            "BILLING_DEVELOPMENT": "1", "DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis://x", "SECRET_KEY": "x",
            "TARA_ISSUER": ISSUER, "TARA_IDENTIFIER": "simulated", "TARA_SECRET": "simulated-secret",
            "TARA_REDIRECT_URI": BACK,
        } | changes
    )  # fmt: skip


@pytest.fixture
def tara() -> Tara:
    return Tara(ISSUER, BACK)


class Portal:
    """The smallest thing that signs people in, and one browser."""

    def __init__(self, tara: Tara, transport: httpx.BaseTransport | None = None, **changes: str) -> None:
        self.tara = tara
        self.left = 0
        app = Flask(__name__)
        app.secret_key = "x" * 32
        self.oauth = OAuth(app)
        login.register(
            self.oauth,
            settings(**changes),
            before_request=self._count,
            transport=transport or tara.transport,
        )
        app.add_url_rule("/login", "login", lambda: self.oauth.tara.authorize_redirect(BACK))
        app.add_url_rule("/auth/tara/callback", "callback", self._callback)
        app.testing = True
        self.browser = app.test_client()

    def _count(self) -> None:
        self.left += 1

    def _callback(self) -> Any:
        identity = self.oauth.tara.identity(once=lambda _state: True)
        return jsonify(subject=identity.subject, name=identity.family_name, acr=identity.acr)

    def begin(self) -> str:
        """Go to the login service; return where we were sent."""
        return str(self.browser.get("/login").headers["Location"])

    def choose(self, where: str, **form: str) -> str:
        """Press a button there; return where we are sent back to."""
        split = urlsplit(where)
        answer = self.tara.app.test_client().post(f"{split.path}?{split.query}", data=form)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def come_back(self, where: str) -> TestResponse:
        split = urlsplit(where)
        return self.browser.get(f"{split.path}?{split.query}")

    def sign_in(self, subject: str = "EE60001019906") -> TestResponse:
        return self.come_back(self.choose(self.begin(), subject=subject))


@pytest.fixture
def portal(tara: Tara) -> Portal:
    return Portal(tara)


def test_a_person_signs_in(portal: Portal):
    assert portal.sign_in().json == {"subject": "EE60001019906", "name": "O'Connež-Šuslik", "acr": "high"}


def test_every_request_passes_the_hook(portal: Portal):
    portal.sign_in()
    assert portal.left == 3  # discovery, token, keys


def test_the_login_asks_for_all_that_protects_it(portal: Portal):
    """T53"""
    asked = {name: value[0] for name, value in parse_qs(urlsplit(portal.begin()).query).items()}
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"] == BACK
    assert asked["code_challenge_method"] == "S256"
    assert asked["acr_values"] == "substantial"
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", asked["code_challenge"])


def test_explicit_addresses_do_without_discovery(tara: Tara):
    portal = Portal(tara, TARA_DISCOVERY="false", TARA_HOST=ISSUER)
    assert portal.sign_in().status_code == 200
    assert portal.left == 2


def test_keys_may_be_given(tara: Tara):
    keys = tara.app.test_client().get("/oidc/jwks").get_data(as_text=True)
    portal = Portal(tara, TARA_DISCOVERY="false", TARA_HOST=ISSUER, TARA_KEYS=keys)
    assert portal.sign_in().status_code == 200
    assert portal.left == 1


def test_a_secret_with_any_character_is_understood():
    tara = Tara(ISSUER, BACK, client_secret="a:b/c+d %&ä")
    assert Portal(tara, TARA_SECRET="a:b/c+d %&ä").sign_in().status_code == 200


def test_who_stops_has_stopped(portal: Portal):
    with pytest.raises(oidc.LoginCancelled):
        portal.come_back(portal.choose(portal.begin(), cancel="1"))


def test_a_weak_login_is_refused(portal: Portal):
    """T56"""
    with pytest.raises(oidc.WeakLogin):
        portal.sign_in("EE47101010033")


@pytest.mark.parametrize(
    "fault", ["wrong_nonce", "wrong_aud", "wrong_iss", "expired", "bad_signature", "unknown_kid", "no_acr"]
)
def test_a_wrong_token_is_refused(portal: Portal, fault: str):
    """T31, T53, T54"""
    portal.tara.spoil_token(fault)
    with pytest.raises(oidc.LoginRefused):
        portal.sign_in()


def test_a_code_serves_once(portal: Portal):
    """T53"""
    back = portal.choose(portal.begin(), subject="EE60001019906")
    assert portal.come_back(back).status_code == 200
    with pytest.raises(oidc.WrongToken):
        portal.come_back(back)


def test_a_login_begun_in_another_browser_is_refused(tara: Tara):
    """T53: login CSRF."""
    mine, theirs = Portal(tara), Portal(tara)
    back = theirs.choose(theirs.begin(), subject="EE60001019906")
    with pytest.raises(oidc.WrongToken):
        mine.come_back(back)
    mine.begin()
    with pytest.raises(oidc.WrongToken):
        mine.come_back(back)


@pytest.mark.parametrize("change", ["state=another", "state=", "code=another", "code="])
def test_a_changed_way_back_is_refused(portal: Portal, change: str):
    """T53"""
    back = portal.choose(portal.begin(), subject="EE60001019906")
    name = change.partition("=")[0]
    with pytest.raises(oidc.WrongToken):
        portal.come_back(re.sub(rf"{name}=[^&]*", change, back))


def test_a_way_back_without_anything_is_refused(portal: Portal):
    portal.begin()
    for query in ("", "?code=x", "?state=x", "?error=server_error&error_description=%0d%0aX"):
        with pytest.raises(oidc.WrongToken):
            portal.browser.get(f"/auth/tara/callback{query}")


def test_a_login_that_took_too_long_is_refused(portal: Portal, monkeypatch: pytest.MonkeyPatch):
    """T53"""
    back = portal.choose(portal.begin(), subject="EE60001019906")
    monkeypatch.setattr(login, "LONGEST_LOGIN_S", -1)
    with pytest.raises(oidc.TokenExpired):
        portal.come_back(back)


def test_a_provider_that_is_another_is_refused(tara: Tara):
    """T54"""
    portal = Portal(tara, TARA_ISSUER="https://tara-test.example")
    with pytest.raises(oidc.WrongIssuer):
        portal.begin()


def test_hmac_signed_tokens_are_refused(tara: Tara):
    """T31: the provider's public key is no HMAC secret, whatever its metadata allows."""
    honest = tara.transport
    public = RSAKey.import_key(json.loads(tara.app.test_client().get("/oidc/jwks").text)["keys"][0])

    def handle(request: httpx.Request) -> httpx.Response:
        answer = honest.handle_request(request)
        if request.url.path != "/oidc/token":
            return answer
        answer.read()
        body = answer.json()
        claims = body["id_token"].split(".")[1]
        head = b64(json.dumps({"alg": "HS256", "kid": public.kid}).encode())
        signed = f"{head}.{claims}"
        signature = hmac.new(public.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
        body["id_token"] = f"{signed}.{b64(signature)}"
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(body).encode()))

    with pytest.raises(oidc.WrongToken):
        Portal(tara, httpx.MockTransport(handle)).sign_in()


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def failing(path: str, answer: Any, tara: Tara) -> httpx.BaseTransport:
    """Return a transport that spoils one address of the provider."""
    inner = tara.transport

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path != path:
            return inner.handle_request(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer[0], stream=httpx.ByteStream(answer[1]))

    return httpx.MockTransport(handle)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/oidc/token", "/oidc/jwks"])
@pytest.mark.parametrize(
    "answer",
    [httpx.ConnectError("down"), httpx.ReadTimeout("slow"), (500, b"{}"), (503, b"<html>"), (200, b"<html>")],
    ids=["down", "slow", "500", "503", "html"],
)
def test_a_provider_that_does_not_answer_is_a_failure_of_the_provider(tara: Tara, path: str, answer: Any):
    with pytest.raises(ProviderFailure):
        Portal(tara, failing(path, answer, tara)).sign_in()


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/oidc/jwks"])
@pytest.mark.parametrize("answer", [(200, b"[]"), (200, b"{}"), (200, b'{"keys":7}'), (404, b"{}"), (302, b"{}")])
def test_a_provider_that_answers_nonsense_lets_nobody_in(tara: Tara, path: str, answer: Any):
    with pytest.raises((ProviderFailure, oidc.LoginRefused)):
        Portal(tara, failing(path, answer, tara)).sign_in()


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"id_token":7}', b'{"id_token":"a.b.c","access_token":"x"}', b'{"access_token":"x"}']
)
def test_a_token_answer_without_a_token_lets_nobody_in(tara: Tara, body: bytes):
    with pytest.raises(oidc.LoginRefused):
        Portal(tara, failing("/oidc/token", (200, body), tara)).sign_in()


def test_new_keys_of_the_provider_are_fetched(portal: Portal):
    assert portal.sign_in().status_code == 200
    portal.tara.rotate_keys()
    assert portal.sign_in().status_code == 200


STRANGE_KEYS = [
    {"kty": "AKP", "alg": "ML-DSA-65", "kid": "later", "pub": "AQAB"},
    {"kty": "EC", "crv": "P-999", "x": "a", "y": "b"},
    {"kty": "RSA", "kid": "half"},
    {"kty": "RSA", "n": "!!", "e": "AQAB"},
    {"kty": "RSA", "n": 5, "e": ["AQAB"]},
    {"kty": "RSA", "n": "AQ", "e": "AQ"},
    {"kty": ["RSA"]},
    {"kty": {}},
    {},
    [],
    "RSA",
    7,
    None,
]


def keys_beside(tara: Tara, *strange: Any) -> bytes:
    said = json.loads(tara.app.test_client().get("/oidc/jwks").text)
    return json.dumps({"keys": [*strange, *said["keys"]]}).encode()


def test_keys_that_cannot_be_read_are_passed_over(tara: Tara):
    portal = Portal(tara, failing("/oidc/jwks", (200, keys_beside(tara, *STRANGE_KEYS)), tara))
    assert portal.sign_in().status_code == 200


@pytest.mark.parametrize("strange", STRANGE_KEYS, ids=str)
def test_nothing_but_keys_that_cannot_be_read_is_a_failure_of_the_provider(tara: Tara, strange: Any):
    answer = (200, json.dumps({"keys": [strange]}).encode())
    with pytest.raises(ProviderFailure):
        Portal(tara, failing("/oidc/jwks", answer, tara)).sign_in()


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/oidc/jwks"])
def test_one_bad_answer_is_not_remembered(tara: Tara, path: str):
    spoiled = iter([True])
    bad, good = failing(path, (200, b'{"keys":7}'), tara), tara.transport

    def handle(request: httpx.Request) -> httpx.Response:
        transport = bad if request.url.path == path and next(spoiled, False) else good
        return transport.handle_request(request)

    portal = Portal(tara, httpx.MockTransport(handle))
    with pytest.raises((ProviderFailure, oidc.LoginRefused)):
        portal.sign_in()
    assert portal.sign_in().status_code == 200


def test_a_second_application_has_a_client_of_its_own(tara: Tara):
    oauth = OAuth(Flask(__name__))
    login.register(oauth, settings(), transport=tara.transport)
    first = oauth.tara
    login.register(oauth, settings(TARA_IDENTIFIER="second"), transport=tara.transport)
    assert oauth.tara is not first
    assert oauth.tara.client_id == "second"
