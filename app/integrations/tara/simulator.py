"""The other side of a login: an OpenID provider as TARA is one (protocols.md 7), with one button per persona."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlencode

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey

from app.integrations import simulator_pages
from app.integrations.fault_dial import Fault, FaultDial, faulty
from app.integrations.simulator_pages import page

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

CODE_S, TOKEN_S = 30, 40
SHORTEST_STATE = 8


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody who can sign in."""

    subject: str
    given_name: str
    family_name: str
    born: str
    acr: str = "high"
    amr: str = "idcard"

    @property
    def label(self) -> str:
        """Return what the button says."""
        return f"{self.subject} {self.given_name} {self.family_name}"


PERSONAS = (
    Persona("EE60001019906", "Mary Änn", "O'Connež-Šuslik", "2000-01-01"),
    Persona("LT60001019906", "Marija", "Kazlauskaitė", "2000-01-01", amr="eIDAS"),
    Persona("EE38001085718", "Jaak-Kristjan", "Jõeorg", "1980-01-08", amr="smartid"),
    Persona("EE47101010033", "Mari-Liis", "Männik", "1971-01-01", acr="low", amr="mID"),
)
# What a script may ask to be wrong with the next ID tokens.
TOKEN_FAULTS = ("wrong_nonce", "wrong_aud", "wrong_iss", "expired", "no_acr", "bad_signature", "unknown_kid")


@dataclass(frozen=True, slots=True)
class TaraConfig:
    """The provider's address and its one client."""

    issuer: str
    client_id: str = "simulated"
    client_secret: str = "simulated-secret"  # noqa: S105 - a simulator's own
    redirect_uri: str = ""


class Provider:
    """Codes, keys and faults; nothing outlives the process, as with the real one."""

    def __init__(self, config: TaraConfig) -> None:
        self.config = config
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})
        self.codes: dict[str, dict[str, Any]] = {}
        self.dial = FaultDial()
        self.token_fault = ""


CHOOSE = """
<p>A login service for trying out. Choose who you are.</p>
<section><form method="post" action="/oidc/authorize?{{ query }}"><div class="row">
{% for p in personas %}<button name="subject" value="{{ p.subject }}">{{ p.label }}</button>{% endfor %}
</div></form></section>
<section><form method="post" action="/oidc/authorize?{{ query }}"><button name="cancel" value="1">Cancel</button></form></section>
<p>The third is on no list; the fourth signs in with a means of low assurance.</p>
"""


def create_simulator(config: TaraConfig) -> Flask:
    """Return the provider as a WSGI application; `app.extensions["provider"]` is its state."""
    app = Flask(__name__)
    provider = Provider(config)
    app.extensions["provider"] = provider
    simulator_pages.install(app)
    _register_documents(app, provider)
    _register_flow(app, provider)
    _register_script(app, provider)
    return app


def _register_documents(app: Flask, provider: Provider) -> None:
    @app.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        issuer = provider.config.issuer
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/oidc/authorize",
            token_endpoint=f"{issuer}/oidc/token",
            jwks_uri=f"{issuer}/oidc/jwks",
            userinfo_endpoint=f"{issuer}/oidc/profile",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            scopes_supported=["openid", "idcard", "mid", "smartid", "eidas", "email", "phone"],
            acr_values_supported=["low", "substantial", "high"],
            token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
            code_challenge_methods_supported=["S256"],
        )

    @app.get("/oidc/jwks")
    def jwks() -> Response:
        return jsonify(keys=[provider.key.as_dict(private=False)])

    @app.get("/")
    def home() -> Response:
        return page("TARA", "Login service", "<p>Open the portal and sign in; you will be sent here.</p>")


def _register_flow(app: Flask, provider: Provider) -> None:
    @app.route("/oidc/authorize", methods=["GET", "POST"])
    def authorize() -> BaseResponse:
        fault = _authorize_fault(provider)
        if fault:
            return page("TARA", "This login cannot begin", "<p>{{ fault }}</p>", fault=fault, status=400)
        if request.method == "GET":
            query = request.query_string.decode("ascii", errors="replace")
            return page("TARA", "Who are you?", CHOOSE, personas=PERSONAS, query=query)
        return _chosen(provider)

    @app.post("/oidc/token")
    @faulty(provider.dial, "token")
    def token() -> Response:
        return _token(provider)


def _authorize_fault(provider: Provider) -> str:
    said = request.args
    if said.get("client_id") != provider.config.client_id:
        return "The client is not known."
    if provider.config.redirect_uri and said.get("redirect_uri") != provider.config.redirect_uri:
        return "The return address is not registered."
    if said.get("response_type") != "code" or "openid" not in said.get("scope", "").split():
        return "A code for the scope openid must be asked for."
    if len(said.get("state", "")) < SHORTEST_STATE:
        return "The state is missing or too short."
    return ""


def _chosen(provider: Provider) -> BaseResponse:
    said = request.args
    if request.form.get("cancel"):
        answer = {"error": "user_cancel", "error_description": "User canceled the login process"}
    else:
        persona = next((each for each in PERSONAS if each.subject == request.form.get("subject")), None)
        if persona is None:
            return page("TARA", "Nobody was chosen", "<p>Go back and choose.</p>", status=400)
        code = secrets.token_urlsafe(24)
        provider.codes[code] = {
            "persona": persona,
            "nonce": said.get("nonce"),
            "state": said["state"],
            "challenge": said.get("code_challenge"),
            "redirect_uri": said["redirect_uri"],
            "until": time.time() + CODE_S,
        }
        answer = {"code": code}
    return redirect(f"{said['redirect_uri']}?{urlencode(answer | {'state': said['state']})}", 303)


def _token(provider: Provider) -> Response:
    if not _client_is_known(provider):
        return _refused("invalid_client", 401)
    grant = provider.codes.pop(request.form.get("code", ""), None)
    if grant is None or grant["until"] < time.time() or grant["redirect_uri"] != request.form.get("redirect_uri"):
        return _refused("invalid_grant", 400)
    if grant["challenge"] and _challenge(request.form.get("code_verifier", "")) != grant["challenge"]:
        return _refused("invalid_grant", 400)
    access = secrets.token_urlsafe(24)
    return jsonify(
        access_token=access,
        token_type="bearer",
        expires_in=TOKEN_S,
        id_token=_id_token(provider, grant, access),
    )


def _id_token(provider: Provider, grant: dict[str, Any], access: str) -> str:
    persona: Persona = grant["persona"]
    now = int(time.time())
    claims: dict[str, Any] = {
        "jti": secrets.token_hex(16),
        "iss": provider.config.issuer,
        "aud": provider.config.client_id,
        "iat": now,
        "nbf": now,
        "exp": now + TOKEN_S,
        "sub": persona.subject,
        "profile_attributes": {
            "given_name": persona.given_name,
            "family_name": persona.family_name,
            "date_of_birth": persona.born,
        },
        "amr": [persona.amr],
        "acr": persona.acr,
        "state": grant["state"],
        # Standard alphabet, as the real one sends it.
        "at_hash": base64.b64encode(hashlib.sha256(access.encode()).digest()[:16]).decode(),
    }
    if grant["nonce"]:
        claims["nonce"] = grant["nonce"]
    fault = provider.token_fault
    wrong: dict[str, dict[str, Any]] = {
        "wrong_nonce": {"nonce": "another"},
        "wrong_aud": {"aud": "another"},
        "wrong_iss": {"iss": "https://another.example"},
        "expired": {"iat": now - 4000, "nbf": now - 4000, "exp": now - 3600},
    }
    claims |= wrong.get(fault, {})
    if fault == "no_acr":
        del claims["acr"]
    kid = "nobody" if fault == "unknown_kid" else str(provider.key.kid)
    key = RSAKey.generate_key(2048) if fault == "bad_signature" else provider.key
    return jwt.encode({"alg": "RS256", "kid": kid}, claims, key)


def _client_is_known(provider: Provider) -> bool:
    """Accept Basic with form-encoded parts, or both in the form (protocols.md 7)."""
    client, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        client, secret = unquote_plus(client), unquote_plus(secret)
    expected = (provider.config.client_id, provider.config.client_secret)
    return all(hmac.compare_digest(a.encode(), b.encode()) for a, b in zip((client, secret), expected, strict=True))


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _refused(error: str, status: int) -> Response:
    response = jsonify(error=error)
    response.status_code = status
    return response


def _register_script(app: Flask, provider: Provider) -> None:
    @app.route("/_sim/token_fault", methods=["GET", "PUT"])
    def token_fault() -> Response:
        if request.method == "PUT":
            wanted = request.get_json(force=True).get("fault", "")
            if wanted and wanted not in TOKEN_FAULTS:
                return _refused(f"fault must be one of {', '.join(TOKEN_FAULTS)}", 400)
            provider.token_fault = wanted
        return jsonify(fault=provider.token_fault)

    @app.put("/_sim/keys")
    def rotate() -> Response:
        provider.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})
        return jsonify(kid=provider.key.kid)

    @app.route("/_sim/faults", methods=["GET", "PUT"])
    def faults() -> Response:
        if request.method == "PUT":
            try:
                provider.dial.turn([Fault.read(each) for each in request.get_json(force=True)])
            except (ValueError, TypeError) as fault:
                return _refused(str(fault), 400)
        return jsonify(provider.dial.shown())
