"""`billing doctor`: is everything here that the system needs, and is it as it must be (reliability.md 3.14, 3.16)."""

from __future__ import annotations

import ctypes.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.config import SettingsFault, load_settings
from app.extensions import db
from app.queue import UnsupportedServer, server_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

CHECKOUT = Path(__file__).resolve().parents[2]
MUST_BE_ON = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")
CLOCK_LIMIT_S = 2.0
FONT = CHECKOUT / "app" / "static" / "fonts"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: fine when `fault` is empty; `fix` says what to do."""

    name: str
    fault: str = ""
    fix: str = ""

    def __str__(self) -> str:
        """Return one line for a terminal."""
        return f"ok     {self.name}" if not self.fault else f"FAULT  {self.name}: {self.fault}. {self.fix}"


def examine() -> bool:
    """Print a line for everything looked at and return whether all of it is fine."""
    findings = list(_all())
    print("\n".join(str(each) for each in findings))  # noqa: T201 - this is what it is for
    return not any(each.fault for each in findings)


def _all() -> Iterator[Finding]:
    try:
        settings = load_settings()
    except SettingsFault as fault:
        yield Finding("settings", str(fault), "See docs/configuration.md")
        return
    from app.factory import create_app  # noqa: PLC0415 - only with settings that hold

    app = create_app(settings)
    yield Finding("settings")
    yield from _database(app)
    yield from _redis(app)
    yield _pango()
    yield _fonts()


def _database(app: Flask) -> Iterator[Finding]:
    with app.app_context():
        try:
            with db.engine.connect() as connection:
                skew = connection.execute(
                    text("select abs(extract(epoch from clock_timestamp()) - :now)"), _now()
                ).scalar()
                off = [name for name in MUST_BE_ON if _setting(connection, name) in {"off", "local"}]
                version = connection.execute(text("select to_regclass('alembic_version')")).scalar()
                found = (
                    connection.execute(text("select version_num from alembic_version")).scalar() if version else None
                )
        except SQLAlchemyError as fault:
            yield Finding("database", str(fault).splitlines()[0], "Check DATABASE_URL and that PostgreSQL runs")
            return
    yield Finding("database")
    yield _migrations(found)
    yield Finding("database durability", f"{', '.join(off)} is off" if off else "", "Switch it on in postgresql.conf")
    apart = float(skew or 0)
    yield Finding(
        "clock", f"{apart:.1f} s away from the database's" if apart > CLOCK_LIMIT_S else "", "Run an NTP client"
    )


def _now() -> dict[str, float]:
    import time  # noqa: PLC0415 - one use, as late as possible

    return {"now": time.time()}


def _setting(connection: object, name: str) -> str:
    found = connection.execute(text("select current_setting(:name, true)"), {"name": name}).scalar()  # type: ignore[attr-defined]
    return str(found)


def _migrations(found: str | None) -> Finding:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - loads slowly

    head = ScriptDirectory(str(CHECKOUT / "migrations")).get_current_head()
    fault = "" if found == head else f"the database is at {found}, the program at {head}"
    return Finding("migrations", fault, "Run billing migrate")


def _redis(app: Flask) -> Iterator[Finding]:
    with app.app_context():
        try:
            faults = server_faults()
        except (RedisError, OSError) as fault:
            yield Finding("redis", type(fault).__name__, "Check REDIS_URL; until then work goes on without it, slower")
            return
        except UnsupportedServer as fault:
            yield Finding("redis", str(fault), "Upgrade it")
            return
    yield Finding("redis", "; ".join(faults), "Set maxmemory-policy noeviction")


def _pango() -> Finding:
    found = ctypes.util.find_library("pango-1.0")
    return Finding(
        "pango", "" if found else "not found, documents as PDF are off", "Install libpango-1.0-0 libpangoft2-1.0-0"
    )


def _fonts() -> Finding:
    ours = list(FONT.glob("*.woff2"))
    if not ours:
        return Finding("fonts", "the program's own fonts are missing", "Install the program again")
    lister = shutil.which("fc-list")
    if lister and not subprocess.run([lister], capture_output=True, check=False).stdout:
        return Finding("fonts", "fontconfig knows no font", "Install fonts-dejavu-core")
    return Finding("fonts")
