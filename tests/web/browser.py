"""A browser for tests: keeps cookies, follows what it is told to, and refuses pages that break a rule of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask.sessions import SecureCookieSessionInterface

from app.domain.ports import Identity
from app.integrations.tara.simulator_provider import PERSONAS
from app.services.operator_sessions import open_session
from app.web import cookies
from app.web.headers import CSP
from tests.web.page import Page, faults_of_whole, form_token, parsed

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from app.integrations.tara.simulator import Provider
    from tests.system import System


@dataclass(frozen=True)
class Portal:
    """The portal, and the login service beside it."""

    system: System
    tara: Flask

    @property
    def provider(self) -> Provider:
        """Return the login service's state."""
        provider: Provider = self.tara.extensions["provider"]
        return provider

    def browser(self) -> Browser:
        """Return a browser with no cookies."""
        return Browser(self)


class Browser:
    """A browser without scripts; every answer passes the rules before a test sees it."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.client = portal.system.app.test_client()
        self._token: tuple[tuple[str | None, str | None], str] | None = None

    def get(self, path: str, **headers: str) -> TestResponse:
        """Fetch a page."""
        return self._checked(self.client.get(path, headers={name.replace("_", "-"): v for name, v in headers.items()}))

    def fragment(self, path: str) -> TestResponse:
        """Fetch as htmx does."""
        return self.get(path, HX_Request="true")

    def post(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        """Send a form as a browser does, with the token of the portal's own pages."""
        sent = {"csrf_token": self.token()} | (data or {})
        named = {"Sec-Fetch-Site": "same-origin", "Origin": "null"} | {
            n.replace("_", "-"): v for n, v in headers.items()
        }
        return self._checked(self.client.post(path, data=sent, headers=named))

    def page(self, path: str) -> Page:
        """Return a page that is there."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        return parsed(response.text)

    def token(self) -> str:
        """Return a form token of this browser's session, asked for once as long as the session is the same."""
        if self._token is None or self._token[0] != self._session():
            # To whoever is signed in any page gives one; the lightest is of an address where nothing is.
            where = "/nothing/here" if self._signed_in_as() else "/sign_in"
            found = form_token(self.client.get(where).text) or form_token(self.client.get("/nothing/here").text)
            assert found
            self._token = self._session(), found
        return self._token[1]

    def _session(self) -> tuple[str | None, str | None]:
        """Return what a form token holds for: who is signed in, and the secret in the cookie of the framework."""
        app = self.portal.system.app
        kept = self.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        signed = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signed
        return self._signed_in_as(), signed.loads(kept.value).get("csrf_token") if kept and kept.value else None

    def _signed_in_as(self) -> str | None:
        return self.cookie(cookies.name_of(cookies.SESSION, development=True))

    def cookie(self, name: str) -> str | None:
        """Return the value of a cookie."""
        found = self.client.get_cookie(name)
        return found.value if found else None

    def begin(self, after: str = "") -> str:
        """Begin a login and return the address of the login service."""
        response = self.client.get(f"/auth/tara?next={after}" if after else "/auth/tara")
        assert response.status_code == 302, response.text
        return str(response.location)

    def choose(self, address: str, subject: str | None) -> str:
        """Choose a person at the login service, or cancel; return where it sends the browser."""
        parts = urlsplit(address)
        form = {"subject": subject} if subject else {"cancel": "1"}
        answer = self.portal.tara.test_client().post(f"{parts.path}?{parts.query}", data=form)
        assert answer.status_code == 303, answer.text
        return str(answer.location).removeprefix("http://localhost")

    def sign_in(self, subject: str | None, after: str = "") -> TestResponse:
        """Go all the way through the login and return the portal's answer."""
        return self.get(self.choose(self.begin(after), subject))

    def let_in(self, subject: str) -> None:
        """Sign a person in as the end of the login does, where the login is not what a test is about."""
        who = next(each for each in PERSONAS if each.subject == subject)
        identity = Identity(subject, who.given_name, who.family_name, who.acr, (who.amr,))
        with self.portal.system.app.test_request_context():
            token = open_session(identity, ip="127.0.0.1", user_agent=str(self.client.environ_base["HTTP_USER_AGENT"]))
        self.client.set_cookie(cookies.name_of(cookies.SESSION, development=True), token)

    def _checked(self, response: TestResponse) -> TestResponse:
        assert response.headers["Content-Security-Policy"] == CSP
        if response.mimetype == "text/html" and "<html" in response.text and response.status_code != 303:
            faults = faults_of_whole(response.text)
            assert not faults, f"{response.request.path}: {faults}"
        return response
