"""A browser for tests: keeps cookies, follows what it is told to, and refuses pages that break a rule of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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
        """Return a form token of this browser's session."""
        # To whoever is signed in any page gives one; the lightest is of an address where nothing is.
        found = form_token(self.client.get("/sign_in").text) or form_token(self.client.get("/nothing/here").text)
        assert found
        return found

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

    def _checked(self, response: TestResponse) -> TestResponse:
        assert response.headers["Content-Security-Policy"] == CSP
        if response.mimetype == "text/html" and "<html" in response.text and response.status_code != 303:
            faults = faults_of_whole(response.text)
            assert not faults, f"{response.request.path}: {faults}"
        return response
