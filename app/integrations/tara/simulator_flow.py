"""A login at the simulated service: its page, its codes, and the exchange of a code for a token (protocols.md 7)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlencode

from flask import Flask, Response, jsonify, redirect, request

from app.integrations.simulator_faults import faulty
from app.integrations.simulator_pages import page
from app.integrations.simulator_requests import refused
from app.integrations.tara.simulator_provider import PERSONAS
from app.integrations.tara.simulator_token import TOKEN_S, id_token

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from app.integrations.tara.simulator_provider import Provider

CODE_S = 30
SHORTEST_STATE = 8
SCOPE = re.compile(r"openid|idcard|mid|smartid|eidas|eidasonly|eidas:country:[a-z]{2}|email|phone")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
CHOOSE = """
<p>A login service for trying out. Choose who you are.</p>
<section><form method="post" action="/oidc/authorize?{{ query }}"><div class="row">
{% for p in personas %}<button name="subject" value="{{ p.subject }}">{{ p.label }}</button>{% endfor %}
</div></form></section>
<section><form method="post" action="/oidc/authorize?{{ query }}"><button name="cancel" value="1">Cancel the login</button></form></section>
<p>The third is on no list; the fourth signs in with a means of low assurance.</p>
"""


def register(app: Flask, provider: Provider) -> None:
    """Add the page of a login and the exchange of its code."""

    @app.route("/oidc/authorize", methods=["GET", "POST"])
    def authorize() -> BaseResponse:
        fault = _client_fault(provider)
        if fault:
            return page("TARA", "This login cannot begin", "<p>{{ fault }}</p>", fault=fault, status=400)
        error = _request_error()
        if error:
            return _back({"error": error[0], "error_description": error[1]})
        if request.method == "GET":
            query = request.query_string.decode("ascii", errors="replace")
            title = "Who are you, once more?" if request.args.get("prompt") else "Who are you?"
            return page("TARA", title, CHOOSE, personas=PERSONAS, query=query)
        return _chosen(provider)

    @app.post("/oidc/token")
    @faulty(provider.dial, "token")
    def token() -> Response:
        return _token(provider)


def _client_fault(provider: Provider) -> str:
    """Return why nobody may be sent anywhere: what is wrong with the client, its address or its state."""
    said = request.args
    if said.get("client_id") != provider.config.client_id:
        return "The client is not known."
    if not said.get("redirect_uri") or said["redirect_uri"] != (provider.config.redirect_uri or said["redirect_uri"]):
        return "The return address is not registered."
    if said.get("response_type") != "code" or "openid" not in said.get("scope", "").split():
        return "A code for the scope openid must be asked for."
    if len(said.get("state", "")) < SHORTEST_STATE:
        return "The state is missing or too short."
    return ""


def _request_error() -> tuple[str, str] | None:
    """Return what is said to the client that it asked wrongly: error and description."""
    said = request.args
    strange = [each for each in said["scope"].split() if not SCOPE.fullmatch(each)]
    if strange:
        return "invalid_scope", f"There is no scope {strange[0]}"
    if said.get("prompt", "login") != "login" or not said.get("max_age", "0").isdecimal():
        return "invalid_request", "The only prompt there is is login, and max_age is a number"
    challenge, method = said.get("code_challenge"), said.get("code_challenge_method")
    if (challenge is None) != (method is None) or method not in {None, "S256"}:
        return "invalid_request", "A code_challenge goes with the method S256"
    if challenge is not None and not CHALLENGE.fullmatch(challenge):
        return "invalid_request", "The code_challenge is no SHA-256"
    return None


def _chosen(provider: Provider) -> BaseResponse:
    said = request.args
    if request.form.get("cancel"):
        return _back({"error": "user_cancel", "error_description": "User canceled the login process"})
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
    return _back({"code": code})


def _back(answer: dict[str, str]) -> BaseResponse:
    url, said = request.args["redirect_uri"], urlencode(answer | {"state": request.args["state"]})
    return redirect(f"{url}{'&' if '?' in url else '?'}{said}", 303)


def _token(provider: Provider) -> Response:
    if not _client_is_known(provider):
        return refused("invalid_client", 401)
    if request.form.get("grant_type") != "authorization_code":
        return refused("unsupported_grant_type", 400)
    # Taken out before anything else is looked at: a code serves once, rightly used or not.
    grant = provider.codes.pop(request.form.get("code", ""), None)
    if grant is None or grant["until"] < time.time() or grant["redirect_uri"] != request.form.get("redirect_uri"):
        return refused("invalid_grant", 400)
    if not _verifies(grant, request.form.get("code_verifier", "")):
        return refused("invalid_grant", 400)
    access = secrets.token_urlsafe(24)
    return jsonify(
        access_token=access,
        token_type="bearer",
        expires_in=TOKEN_S,
        id_token=id_token(provider, grant, access),
    )


def _verifies(grant: dict[str, Any], verifier: str) -> bool:
    """Return whether the verifier is the challenge's; without a challenge there must be none."""
    if grant["challenge"] is None:
        return not verifier
    digest = hashlib.sha256(verifier.encode(errors="replace")).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return VERIFIER.fullmatch(verifier) is not None and hmac.compare_digest(challenge, grant["challenge"])


def _client_is_known(provider: Provider) -> bool:
    """Accept Basic with form-encoded parts, or both in the form (protocols.md 7)."""
    client, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return False
        client, secret = unquote_plus(client), unquote_plus(secret)
    expected = (provider.config.client_id, provider.config.client_secret)
    return all(
        hmac.compare_digest(a.encode(errors="replace"), b.encode())
        for a, b in zip((client, secret), expected, strict=True)
    )
