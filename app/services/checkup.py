"""Is everything there that this system needs? One finding for each thing, with the cure for a fault."""

from __future__ import annotations

import ctypes.util
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from redis.exceptions import RedisError
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.models.initiator import Initiator, InitiatorKey
from app.models.webhook import WebhookEndpoint
from app.queries import schema_version
from app.queue import UnsupportedServer, server_faults
from app.services.vault import SealedFor, unsealed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from app.integrations import Integrations

OLDEST_POSTGRES = 15
SKEW_LIMIT_S = 2.0
# reliability.md 3.14; every one is a promise that what was committed is on the disk and can be recovered.
DURABLE = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on"}, "data_checksums": {"on"}}
RECOVERABLE = {"wal_level": {"replica", "logical"}}
EXTENSIONS = {"pg_trgm", "unaccent", "btree_gin", "btree_gist"}
FONTS = Path(__file__).resolve().parents[1] / "static" / "fonts"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `fault` is empty when all is well, and says what to do otherwise."""

    what: str
    seen: str
    fault: str = ""

    def __str__(self) -> str:
        """Return the line for the terminal."""
        verdict = (
            f"FAULT  {self.what:<12} {self.seen}: {self.fault}" if self.fault else f"ok     {self.what:<12} {self.seen}"
        )
        return verdict.rstrip()


class Probe(NamedTuple):
    """A question to the database, asked together with the clock of this machine."""

    before: float
    there: float
    after: float

    @property
    def skew_s(self) -> float:
        """Return by how many seconds the two clocks differ at least; the way there and back explains the rest."""
        return max(0.0, self.before - self.there, self.there - self.after)


def of_system(integrations: Integrations, *, development: bool) -> Iterator[Finding]:
    """Yield what the running application needs of its servers and its settings."""
    yield from _database(development=development)
    yield from _initiators(integrations)
    yield from _secrets()
    yield _redis()


def of_machine() -> Iterator[Finding]:
    """Yield what this machine must have, whatever the settings."""
    yield _pango()
    yield _fonts()


def _database(*, development: bool) -> Iterator[Finding]:
    try:
        with db.engine.connect() as connection:
            yield from _server(connection)
            yield _tables(connection)
            yield _role(connection, development=development)
            yield _clock(connection)
    except SQLAlchemyError as fault:
        words = str(getattr(fault, "orig", fault)).strip().splitlines()[0]
        yield Finding("database", "not reached", f"{words}; check DATABASE_URL and that the server runs")


def _server(connection: Connection) -> Iterator[Finding]:
    version = int(connection.scalar(text("show server_version_num")) or 0) // 10_000
    too_old = f"PostgreSQL {OLDEST_POSTGRES} or newer is needed" if version < OLDEST_POSTGRES else ""
    yield Finding("database", f"PostgreSQL {version}", too_old)
    for name, wanted in (DURABLE | RECOVERABLE).items():
        value = str(connection.scalar(text("select current_setting(:name)"), {"name": name}))
        cure = (
            "make the cluster anew with initdb --data-checksums" if name == "data_checksums" else "set it in the server"
        )
        yield Finding("database", f"{name} {value}", "" if value in wanted else f"must be {min(wanted)}; {cure}")
    there = set(connection.scalars(text("select name from pg_available_extensions")))
    missing = sorted(EXTENSIONS - there)
    yield Finding("database", "extensions", f"install {', '.join(missing)} (postgresql-contrib)" if missing else "")


def _tables(connection: Connection) -> Finding:
    there = schema_version.current(connection)
    cure = "" if there == schema_version.head() else f"this program needs {schema_version.head()}: run billing migrate"
    if schema_version.is_newer(there):
        cure = f"of a newer version than this program, which knows them up to {schema_version.head()}: upgrade it"
    return Finding("tables", f"at {there}" if there else "none", cure)


def _role(connection: Connection, *, development: bool) -> Finding:
    name = str(connection.scalar(text("select current_user")))
    powerful = connection.scalar(text("select rolsuper from pg_roles where rolname = current_user"))
    fault = "is a superuser; give the application a role of its own" if powerful and not development else ""
    return Finding("role", name, fault)


def _clock(connection: Connection) -> Finding:
    before = time.time()
    there = connection.scalar(text("select extract(epoch from clock_timestamp())::float8"))
    skew_s = Probe(before, there or 0.0, time.time()).skew_s
    fault = "" if skew_s < SKEW_LIMIT_S else f"more than {SKEW_LIMIT_S:g} s apart: let NTP set both"
    return Finding("clock", f"{skew_s:.3f} s between here and the database", fault)


def _initiators(integrations: Integrations) -> Iterator[Finding]:
    """Yield the services that are never told of a payment, which may be what is wanted."""
    try:
        with db.engine.connect() as connection:
            told = connection.scalars(select(Initiator.code).where(Initiator.enabled, Initiator.accepts_shared_secret))
            deaf = sorted(code for code in told if not integrations.initiators.has_endpoint(code))
    except SQLAlchemyError:
        return
    if deaf:
        yield Finding("initiators", f"hear nothing of their payments, no address is set: {', '.join(deaf)}")


def _secrets() -> Iterator[Finding]:
    """Yield whether what is sealed in the database opens with the SECRET_KEY of today."""
    sealed = {
        SealedFor.INITIATOR_KEYS: select(InitiatorKey.secret_sealed).where(InitiatorKey.revoked_at.is_(None)),
        SealedFor.WEBHOOKS: select(WebhookEndpoint.secret_sealed).where(WebhookEndpoint.enabled),
    }
    try:
        with db.engine.connect() as connection:
            found = {purpose: list(connection.scalars(question)) for purpose, question in sealed.items()}
    except SQLAlchemyError:
        return
    shut = {purpose: sum(unsealed(purpose, each) is None for each in rows) for purpose, rows in found.items()}
    seen = ", ".join(f"{len(found[each]) - shut[each]} of {len(found[each])} {each} readable" for each in found)
    cure = "bring back the SECRET_KEY they were sealed under, or make each of them anew"
    yield Finding("secrets", seen, cure if any(shut.values()) else "")


def _redis() -> Finding:
    try:
        faults = server_faults()
    except UnsupportedServer as fault:
        return Finding("redis", "too old", str(fault))
    except (RedisError, OSError) as fault:
        return Finding(
            "redis",
            "not reached",
            f"{type(fault).__name__}; check REDIS_URL, its password too, and that the server runs",
        )
    return Finding("redis", "6.2 or newer, evicts nothing" if not faults else "answers", "; ".join(faults))


def _pango() -> Finding:
    found = ctypes.util.find_library("pango-1.0")
    cure = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; until then there are no PDFs"
    return Finding("pango", found or "not found", "" if found else cure)


def _fonts() -> Finding:
    own = sorted(FONTS.glob("*.woff2"))
    if not own:
        return Finding("fonts", str(FONTS), "the checkout is not complete: its fonts are missing")
    config = shutil.which("fc-match") or ctypes.util.find_library("fontconfig")
    return Finding("fonts", f"{len(own)} of our own", "" if config else "apt-get install fontconfig")
