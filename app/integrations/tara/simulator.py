"""The other side of a login: an OpenID provider as TARA is one (protocols.md 7), with one button per persona."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request

from app.integrations import simulator_faults, simulator_pages, simulator_requests
from app.integrations.simulator_faults import faulty
from app.integrations.simulator_pages import page
from app.integrations.simulator_requests import read_object, refused
from app.integrations.tara import simulator_flow
from app.integrations.tara.simulator_provider import Provider, TaraConfig
from app.integrations.tara.simulator_token import FAULTS

__all__ = ["Provider", "TaraConfig", "create_simulator"]


def create_simulator(config: TaraConfig) -> Flask:
    """Return the provider as a WSGI application; `app.extensions["provider"]` is its state."""
    app = Flask(__name__)
    provider = Provider(config)
    app.extensions["provider"] = provider
    simulator_pages.install(app)
    simulator_requests.install(app, provider.store)
    simulator_faults.install(app, provider.dial)
    _register_documents(app, provider)
    simulator_flow.register(app, provider)
    _register_script(app, provider)
    return app


def _register_documents(app: Flask, provider: Provider) -> None:
    @app.get("/.well-known/openid-configuration")
    @faulty(provider.dial, "discovery")
    def discovery() -> Response:
        issuer = provider.config.issuer
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/oidc/authorize",
            token_endpoint=f"{issuer}/oidc/token",
            jwks_uri=f"{issuer}/oidc/jwks",
            userinfo_endpoint=f"{issuer}/oidc/profile",
            response_types_supported=["code"],
            grant_types_supported=["authorization_code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            scopes_supported=["openid", "idcard", "mid", "smartid", "eidas", "eidasonly", "email", "phone"],
            acr_values_supported=["low", "substantial", "high"],
            token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
            code_challenge_methods_supported=["S256"],
        )

    @app.get("/oidc/jwks")
    @faulty(provider.dial, "jwks")
    def jwks() -> Response:
        return jsonify(keys=[provider.key.as_dict(private=False)])

    @app.get("/")
    def home() -> Response:
        return page("TARA", "Login service", "<p>Open the portal and sign in; you will be sent here.</p>")


def _register_script(app: Flask, provider: Provider) -> None:
    @app.route("/_sim/token_fault", methods=["GET", "PUT"])
    def token_fault() -> Response:
        if request.method == "PUT":
            wanted = read_object().get("fault", "")
            if wanted not in ("", *FAULTS):
                return refused(f"fault must be one of {', '.join(FAULTS)}, or empty")
            provider.token_fault = wanted
        return jsonify(fault=provider.token_fault)

    @app.put("/_sim/keys")
    def rotate() -> Response:
        provider.rotate()
        return jsonify(kid=provider.key.kid)
