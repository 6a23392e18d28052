"""The portal in this process, served to a real browser: every state a page can show, without a system to start.

The walks of a payer and of services need real processes (`tests.live`); what a person does at the desk does not, and
here every queue is worked when a test says so.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.ports import Identity
from app.extensions import db
from app.integrations.tara.simulator import TaraConfig
from app.integrations.tara.simulator import create_simulator as create_tara
from app.services import operator_sessions, white_list
from app.web.translation import translate
from tests.sockets import closing, listening
from tests.system import build
from tests.web.browser import Portal
from tests.web.conftest import _mount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from playwright.sync_api import BrowserContext

    from tests.system import System
    from tests.web.browser import Browser

MARY, JAAN = "EE60001019906", "EE38001085718"
NAMES = {MARY: ("Mary Änn", "O'Connež-Šuslik"), JAAN: ("Jaan", "Kask")}


@dataclass(frozen=True)
class Desk:
    """The portal at an address of its own."""

    portal: Portal
    url: str
    login: str

    @property
    def system(self) -> System:
        """Return the application with everything around it."""
        return self.portal.system

    def mount(self) -> None:
        """Let the one registry of login services of this process lead to this portal's."""
        _mount(self.portal)

    def session_of(self, subject: str = MARY) -> str:
        """Return the token of a new session, without the walk through the login service, which has tests of its own."""
        given, family = NAMES[subject]
        who = Identity(subject, given, family, "high")
        with self.system.app.app_context():
            return operator_sessions.open_session(who, ip="127.0.0.1", user_agent="Chrome on Linux")

    def sign_in(self, context: BrowserContext, subject: str = MARY, lang: str = "en") -> None:
        """Let somebody be signed in to this browser."""
        self.speak(context, lang)
        token = self.session_of(subject)
        context.add_cookies([{"name": "sid", "value": token, "url": self.url, "httpOnly": True, "sameSite": "Lax"}])

    def by_hand(self, subject: str = MARY) -> Browser:
        """Return a browser without scripts in which somebody is signed in, to arrange things with."""
        browser = self.portal.browser()
        browser.client.set_cookie("sid", self.session_of(subject))
        return browser

    def speak(self, context: BrowserContext, lang: str) -> None:
        """Let the portal speak a language to this browser."""
        context.add_cookies([{"name": "lang", "value": lang, "url": self.url, "httpOnly": True, "sameSite": "Lax"}])

    def say(self, lang: str, text: str, **values: object) -> str:
        """Return a text of the portal in a language, as its catalogue has it."""
        with self.system.app.test_request_context(f"/?lang={lang}"):
            return translate(text, **values)

    def forget_languages(self) -> None:
        """Let nobody have chosen a language: whoever signs in again would be spoken to in that of another test."""
        self.system.sql("update operator set locale = null where locale is not null")

    def expire(self) -> None:
        """Let every session end by its time, as over lunch."""
        self.system.sql("update operator_session set last_seen_at = now() - interval '2 days' where ended_at is null")


@contextmanager
def served(database_url: str, redis_url: str) -> Iterator[Desk]:
    """Serve the portal and its login service on ports of their own."""
    with listening(_nothing) as web, listening(_nothing) as login:
        url, issuer = (f"http://127.0.0.1:{each.port}" for each in (web, login))
        callback = f"{url}/auth/tara/callback"
        system = build(database_url, redis_url, TARA_ISSUER=issuer, TARA_REDIRECT_URI=callback, BASE_URL=url)
        portal = Portal(system, create_tara(TaraConfig(issuer=issuer, redirect_uri=callback)))
        _mount(portal)
        web.app, login.app = closing(system.app), closing(portal.tara)
        with system.app.app_context():
            for subject, (given, _family) in NAMES.items():
                white_list.add(subject, name=given)
        yield Desk(portal, url, issuer)
    with system.app.app_context():
        db.session.remove()
        db.engine.dispose()


def _nothing(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    """Answer nothing yet: the address must be known before the portal is made."""
    return []
