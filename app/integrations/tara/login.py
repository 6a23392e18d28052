"""The login as a flow: Authlib's client, with our own way of leaving the process and stricter about what comes back."""

from __future__ import annotations

import base64
import io
import json
import time
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client.apps import FlaskOAuth2App
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from flask import request, session
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from requests.adapters import BaseAdapter

from app.domain.errors import Outcome, ProviderFailure
from app.integrations.http import Caller, Profile
from app.integrations.tara.oidc import (
    SKEW_S,
    LoginCancelled,
    StateUsed,
    TokenExpired,
    WrongIssuer,
    WrongToken,
    check_claims,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from authlib.integrations.flask_client import OAuth

    from app.config import Settings, TaraSettings
    from app.domain.ports import Identity

NAME = "tara"
READ = Profile(connect_s=2, read_s=5, total_s=7, repeats=1)
TOKEN = Profile(connect_s=2, read_s=5, total_s=7)  # a code serves once: never repeated
LONGEST_LOGIN_S = 600
PARALLEL = 4
CANCELLED = {"user_cancel", "access_denied"}


def register(
    oauth: OAuth,
    settings: Settings,
    *,
    before_request: Callable[[], None] = lambda: None,
    transport: httpx.BaseTransport | None = None,
) -> None:
    """Make the client `oauth.tara`: addresses by discovery, or written out as EIS did.

    The login itself is two calls: `oauth.tara.authorize_redirect(uri)` and, on the way back, `oauth.tara.identity()`.
    """
    tara = settings.tara
    caller = Caller(
        NAME,
        parallel=PARALLEL,
        allow_private=settings.development,
        before_request=before_request,
        transport=transport,
    )
    oauth._clients.pop(NAME, None)  # noqa: SLF001 - the registry outlives one application and would keep the first
    oauth.register(
        NAME,
        client_cls=TaraApp,
        tara=tara,
        caller=caller,
        client_id=tara.identifier,
        client_secret=tara.secret.get_secret_value(),
        client_auth_methods=[("form_encoded_basic", _form_encoded_basic)],
        client_kwargs={
            "scope": " ".join(tara.scope),
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "form_encoded_basic",
        },
        authorize_params={"acr_values": tara.acr},
        **_places(tara),
    )


class TaraApp(FlaskOAuth2App):  # type: ignore[misc]
    """Authlib's client of one provider, pinned to one issuer, one algorithm and our own transport."""

    def __init__(self, framework: Any, name: str, *, tara: TaraSettings, caller: Caller, **said: Any) -> None:
        super().__init__(framework, name, **said)
        self._tara = tara
        self.client_cls = partial(TaraSession, caller)

    def identity(self, *, once: Callable[[str], bool], fresh: bool = False) -> Identity:
        """Return who came back from the login service with this request.

        With `fresh` a service that remembers people must say that they really signed in just now; TARA remembers
        nobody and says nothing about it (protocols.md 7).

        Raises LoginRefused, by name for each fault, or ProviderFailure when the service cannot be asked. State and
        nonce serve once: `once` says whether a state comes for the first time, as a cookie can be kept and sent again.
        """
        state = request.args.get("state", "")
        begun = self.framework.get_state_data(session, state) or {}
        if begun and not once(state):
            raise StateUsed
        try:
            answer = self.authorize_access_token(claims_cls=IdToken, leeway=SKEW_S)
        except AuthlibBaseError as fault:
            raise LoginCancelled if fault.error in CANCELLED else WrongToken from fault
        except (JoseError, ValueError, KeyError, RuntimeError) as fault:
            raise WrongToken from fault
        now = int(time.time())
        if now - int(begun.get("begun_at", 0)) > LONGEST_LOGIN_S:
            raise TokenExpired
        return check_claims(
            dict(answer.get("userinfo") or {}),
            issuer=self._tara.issuer,
            audience=self._tara.identifier,
            nonce=str(begun.get("nonce") or ""),
            acr_minimum=self._tara.acr,
            amr_allowed=self._tara.amr,
            now=now,
            auth_within_s=LONGEST_LOGIN_S if fresh else None,
        )

    def save_authorize_data(self, **data: Any) -> None:
        """Keep state, nonce and verifier in the browser's session, with the time."""
        super().save_authorize_data(begun_at=int(time.time()), **data)

    def load_server_metadata(self) -> dict[str, Any]:
        """Return what the provider says of itself. Raises WrongIssuer when it is another one than configured."""
        metadata: dict[str, Any] = super().load_server_metadata()
        if metadata.get("issuer") != self._tara.issuer:
            metadata.pop("_loaded_at", None)  # else one bad answer would be believed until the next start
            raise WrongIssuer
        metadata["id_token_signing_alg_values_supported"] = ["RS256"]
        return metadata

    def fetch_jwk_set(self, *, force: bool = False) -> dict[str, Any]:
        """Return those of the provider's keys that can be read: the others are to be passed over (RFC 7517 section 5).

        Raises ProviderFailure when there is none; the next login asks again.
        """
        said: dict[str, Any] = super().fetch_jwk_set(force=force)
        listed = said.get("keys")
        keys = [each for each in listed if _is_rsa(each)] if isinstance(listed, list) else []
        if not keys:
            self.server_metadata.pop("jwks", None)
            raise ProviderFailure(NAME, "answered no keys", outcome=Outcome.REFUSED)
        return said | {"keys": keys}


class TaraSession(OAuth2Session):  # type: ignore[misc]
    """Authlib's session over our caller; nothing of the environment or of requests' own networking is used."""

    def __init__(self, caller: Caller, *said: Any, **named: Any) -> None:
        super().__init__(*said, **named)
        self.trust_env = False
        self.max_redirects = 0
        self.mount("https://", CallerAdapter(caller))
        self.mount("http://", CallerAdapter(caller))


class CallerAdapter(BaseAdapter):
    """Lets `requests` send through a Caller."""

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self._caller = caller

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Return the answer. Raises ProviderFailure where there is none, or nothing but an error of the service."""
        method, body = str(request.method), request.body
        content = body.encode() if isinstance(body, str) else None
        answer = self._caller.exchange(
            method,
            str(request.url),
            profile=READ if method == "GET" else TOKEN,
            content=content,
            headers={name: str(value) for name, value in request.headers.items()},
        )
        good = answer.status == HTTPStatus.OK and isinstance(answer.body, dict)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or (method == "GET" and not good):
            raise ProviderFailure(
                NAME, f"answered {answer.status}", outcome=Outcome.REFUSED, status=answer.status, permanent=False
            )
        response = requests.Response()
        response.status_code = answer.status
        response.url = str(request.url)
        response.request = request
        response.raw = io.BytesIO(json.dumps(answer.body, default=str).encode())
        return response

    def close(self) -> None:
        """Leave the connections open: they are the caller's."""


class IdToken(CodeIDToken):  # type: ignore[misc]
    """An ID token as TARA writes it."""

    def validate_at_hash(self) -> None:
        """Accept: TARA writes it in another alphabet than the standard says, and we use no access token."""


def _is_rsa(key: Any) -> bool:
    """Return whether this is a whole key of the one kind a token may be signed with."""
    try:
        return key["kty"] == "RSA" and bool(RSAKey.import_key(key))
    except (JoseError, ValueError, LookupError, TypeError, AttributeError):
        return False


def _places(tara: TaraSettings) -> dict[str, Any]:
    host = tara.host.rstrip("/")
    if tara.discovery:
        return {"server_metadata_url": f"{host or tara.issuer.rstrip('/')}/.well-known/openid-configuration"}
    places = {
        "issuer": tara.issuer,
        "authorize_url": f"{host}/oidc/authorize",
        "access_token_url": f"{host}/oidc/token",
        "jwks_uri": tara.jwks_uri or f"{host}/oidc/jwks",
    }
    return places | ({"jwks": json.loads(tara.keys)} if tara.keys else {})


def _form_encoded_basic(client: Any, _method: str, uri: str, headers: dict[str, str], body: Any) -> tuple[Any, ...]:
    """Authenticate as RFC 6749 2.3.1 really says: both parts form-encoded before they are joined."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return uri, headers, body
