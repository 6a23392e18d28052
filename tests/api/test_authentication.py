"""Who may call (eis.md 4, A.1; security.md T30, T31, T83)."""

from __future__ import annotations

import base64
import json
import math
import string
import time
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from flask import session
from pydantic import SecretStr

from app.integrations import sign_token
from app.services.initiator_keys import issue_key, revoke_key
from tests.api.client import NUMBER, REGISTER, ROUTES, bearer
from tests.system import SECRET, V1

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.api.client import Api

HEADER = "eyJhbGciOiJIUzI1NiJ9"
GOOD = {
    "registry": "eyJpbml0aWF0b3IiOiJyZWdpc3RyeSJ9.oq2EX0KvKrMrH6aUFIzDjmO6ZhYf_DFE9fpx2DhYonI",
    "auction": "eyJpbml0aWF0b3IiOiJhdWN0aW9uIn0.BxbygFbyg2WOjV-lzmjvrYiFWBHPnw252InbPLkztaQ",
    "eeid": "eyJpbml0aWF0b3IiOiJlZWlkIn0.H6Y_dAhd9b667xWnu5Lcs6d9OnWSietky6qzmB7qZh0",
    "business_registry": "eyJpbml0aWF0b3IiOiJidXNpbmVzc19yZWdpc3RyeSJ9.QrXeypoGZoiBoeAutivO4vJxcLrBJLP4xtROTgK8KnA",
}
BAD = {
    "regis": "eyJpbml0aWF0b3IiOiJyZWdpcyJ9.--ZswSprxo76vuJv7BaFio5VGGojaOnrD6V66cTtevY",
    "billing": "eyJpbml0aWF0b3IiOiJiaWxsaW5nIn0.eGuk8HuteATcqhpxPQBpvSb7pBL2QQry_DYYEeQTLmc",
}


@pytest.fixture
def vector_api(own_api: Api) -> Api:
    """Return an API whose shared secret is the vectors' own."""
    app = own_api.system.app
    app.extensions["settings"] = app.extensions["settings"].model_copy(update={"billing_secret": SecretStr("secret")})
    app.extensions.pop("key_ring", None)
    return own_api


def ask(api: Api, header: str | None, path: str = NUMBER) -> TestResponse:
    headers = {} if header is None else {"Authorization": header}
    return api.system.app.test_client().open(f"{V1}{path}", method=ROUTES[path], headers=headers)


def assert_denied(response: TestResponse) -> None:
    assert response.status_code == 401
    assert response.json == {"message": "Access denied", "code": "403"}
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("code", GOOD)
def test_the_known_tokens_are_accepted(vector_api: Api, code: str) -> None:
    assert ask(vector_api, f"Bearer {HEADER}.{GOOD[code]}").status_code == 201


@pytest.mark.parametrize("code", BAD)
def test_a_signed_token_of_nobody_we_serve_is_refused(vector_api: Api, code: str) -> None:
    assert_denied(ask(vector_api, f"Bearer {HEADER}.{BAD[code]}"))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token", "JWT", "x"])
def test_any_scheme_word_will_do(api: Api, scheme: str) -> None:
    assert ask(api, bearer().replace("Bearer", scheme)).status_code == 201


@pytest.mark.parametrize(
    "header", [None, "", " ", "Bearer", "Bearer ", "Bearer  ", "Bearer null", bearer().removeprefix("Bearer "), "Ä ä"]
)
def test_a_header_without_a_token_is_refused(api: Api, header: str | None) -> None:
    assert_denied(ask(api, header))


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def crafted() -> list[str]:
    """Return two hundred tokens nobody honest sends."""
    dice = Random(7)
    good = sign_token({"initiator": "registry"}, SECRET)
    head, claims, mac = good.split(".")
    tokens = [
        f"{encoded({'alg': alg})}.{claims}.{rest}"
        for alg in ("none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", "", None, ["HS256"], {"a": 1}, 256)
        for rest in ("", mac)
    ]
    tokens += [
        f"{encoded({'alg': 'HS256', name: value})}.{claims}.{mac}"
        for name in ("kid", "jku", "x5u", "jwk", "crit", "b64", "typ")
        for value in ("../../etc/passwd", "' or 1=1 --", "http://evil.test/keys", ["exp"], {"k": "c2VjcmV0"}, False)
    ]
    tokens += [sign_token({"initiator": who}, SECRET) for who in ("", "REGISTRY", "registry ", "admin", "billing")]
    tokens += [
        sign_token(claims_, SECRET)
        for claims_ in (
            {},
            {"initiator": None},
            {"initiator": ["registry"]},
            {"initiator": {"registry": 1}},
            {"initiator": 1},
            {"initiator": "registry", "exp": 1},
            {"initiator": "registry", "exp": "never"},
            {"initiator": "registry", "nbf": 99999999999},
            {"initiator": "registry", "aud": "another"},
        )
    ]
    tokens += [sign_token({"initiator": "registry"}, wrong) for wrong in ("", "x", SECRET + " ", SECRET.upper())]
    tokens += [f"{head}.{claims}", f"{head}.{claims}.{mac}.", f"{head}.{claims}.{mac}.{mac}", "..", ".", "a.b.c"]
    tokens += [f"{head}.{claims}.{mac}=", f"{head}={'.'}{claims}.{mac}", good * 200, "A" * 5000, "%00", "\u00e4.b.c"]
    while len(tokens) < 200:
        place = dice.randrange(len(good))
        changed = dice.choice(string.ascii_letters + string.digits + "-_.")
        if changed != good[place]:
            tokens.append(good[:place] + changed + good[place + 1 :])
    return tokens


def test_two_hundred_crafted_tokens_are_refused_alike(api: Api) -> None:
    for token in crafted():
        response = ask(api, f"Bearer {token}")
        assert response.status_code == 401, token[:100]
        assert response.json == {"message": "Access denied", "code": "403"}


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_asks_who_calls_before_it_reads_the_body(api: Api, path: str) -> None:
    for body in (b"{not json", b"\xff", b"x" * 300_000):
        response = api.system.app.test_client().open(
            f"{V1}{path}", method=ROUTES[path], data=body, content_type="application/json"
        )
        assert_denied(response)


def test_a_key_speaks_for_its_owner_whatever_the_token_claims(own_api: Api) -> None:
    with own_api.system.app.app_context():
        key = issue_key("auction")
    claiming = sign_token({"initiator": "registry"}, key.secret, kid=key.kid)
    number = ask(own_api, f"Bearer {claiming}").json["invoice_number"]  # type: ignore[index]
    body = {"invoice_number": number, "transaction_amount": "1", "custom_field2": "registry"}
    refused = own_api.system.app.test_client().post(
        f"{V1}{REGISTER}", json=body, headers={"Authorization": f"Bearer {claiming}"}
    )
    assert refused.status_code == 422
    assert "custom_field2" in refused.json["error"]  # type: ignore[index]


def test_a_revoked_key_opens_nothing(own_api: Api) -> None:
    with own_api.system.app.app_context():
        key = issue_key("auction")
    assert ask(own_api, f"Bearer {key.token}").status_code == 201
    with own_api.system.app.app_context():
        revoke_key(key.kid)
    assert_denied(ask(own_api, f"Bearer {key.token}"))


def test_a_token_that_was_good_a_moment_ago_is_refused_once_it_has_expired(own_api: Api) -> None:
    app = own_api.system.app
    now = time.time()
    token = sign_token({"initiator": "registry", "exp": int(now) + 10}, SECRET)
    assert ask(own_api, f"Bearer {token}").status_code == 201
    # The very keys that found it good are still the ones asked.
    app.extensions["key_ring"] = replace(app.extensions["key_ring"], read_at=math.inf)
    assert token in app.extensions["key_ring"].verified
    assert ask(own_api, f"Bearer {token}").status_code == 201
    with time_machine.travel(now + 80, tick=False):
        assert_denied(ask(own_api, f"Bearer {token}"))


def test_no_token_is_remembered_that_was_never_good(own_api: Api) -> None:
    assert ask(own_api, f"Bearer {HEADER}.{GOOD['registry']}").status_code == 401
    assert own_api.system.app.extensions["key_ring"].verified == {}


def test_callers_have_no_session_to_lose(own_api: Api) -> None:
    app = own_api.system.app
    with app.test_request_context(f"{V1}{NUMBER}"), pytest.raises(RuntimeError):
        session["flow"] = "x"
    with app.test_request_context("/auth/sign-in"):
        session["flow"] = "x"
