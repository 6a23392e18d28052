"""Fixtures for the portal: a system with its login service, and a browser without scripts that checks every page."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from app.integrations.login import register_tara
from app.integrations.tara.simulator import TaraConfig
from app.integrations.tara.simulator import create_simulator as create_tara
from app.services import white_list
from app.web.extensions import oauth
from tests.system import build
from tests.web.browser import Portal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Databases
    from tests.web.browser import Browser

PERSONA = "EE60001019906"
# The second administrator, who is never signed in: the last one cannot be removed, and tests remove Mary.
KEEPER = "EE37605030299"


@contextmanager
def _running(database_url: str, redis_url: str) -> Iterator[Portal]:
    """Run the portal with its simulators, on a database where one person is listed."""
    system = build(database_url, redis_url)
    tara = create_tara(TaraConfig(issuer="http://tara.test", redirect_uri="http://localhost/auth/tara/callback"))
    portal = Portal(system, tara)
    _mount(portal)
    with system.app.app_context():
        white_list.add(PERSONA, name="Mary")
        white_list.add(KEEPER, name="Keeper")
    yield portal
    system.close()


def _mount(portal: Portal) -> None:
    """Let the one registry of login services, which all applications of this process share, lead to this portal's."""
    with portal.system.app.app_context():
        settings = portal.system.app.extensions["settings"]
        register_tara(oauth, settings, transport=httpx.WSGITransport(app=portal.tara))


@pytest.fixture(scope="module")
def shared_portal(databases: Databases, redis_url: str) -> Iterator[Portal]:
    """Return the portal that the tests of a module share."""
    with databases.clone() as url, _running(url, redis_url) as running:
        yield running


@pytest.fixture
def portal(shared_portal: Portal) -> Iterator[Portal]:
    """Return the shared portal; who was let in or thrown out by a test is forgotten after it."""
    _mount(shared_portal)
    yield shared_portal
    shared_portal.provider.token_fault = ""
    sql = shared_portal.system.sql
    sql("update operator_session set ended_at = now() where ended_at is null")
    sql("update white_code set revoked_at = now() where subject not in (:a, :b)", a=PERSONA, b=KEEPER)
    sql("update white_code set revoked_at = null, revoked_by = null where subject = :subject", subject=PERSONA)


@pytest.fixture
def own_portal(fresh_database: str, redis_url: str) -> Iterator[Portal]:
    """Return a portal of this test's own."""
    with _running(fresh_database, redis_url) as running:
        yield running


@pytest.fixture
def stranger(portal: Portal) -> Browser:
    """Return a browser nobody signed in with."""
    return portal.browser()


@pytest.fixture
def mary(portal: Portal) -> Browser:
    """Return a browser in which Mary is signed in; the login has tests of its own."""
    return _signed_in(portal)


@pytest.fixture
def own_mary(own_portal: Portal) -> Browser:
    """Return a browser in which Mary is signed in to a portal of this test's own."""
    return _signed_in(own_portal)


def _signed_in(portal: Portal) -> Browser:
    browser = portal.browser()
    browser.let_in(PERSONA)
    return browser
