"""`/health/live`, `/health/ready` (reliability.md 3.16)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from apiflask import APIBlueprint
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.queue import server_faults

bp = APIBlueprint("health", __name__, url_prefix="/health", enable_openapi=False)
MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"


@bp.get("/live")
def live() -> dict[str, str]:
    """Answer that the process answers; asks nobody."""
    return {"status": "alive"}


@bp.get("/ready")
def ready() -> tuple[dict[str, Any], int]:
    """Answer whether requests can be served: the database at head. Redis is reported and not needed."""
    fault = _database_fault()
    return {"status": "ready" if fault is None else fault, "redis": _redis_state()}, 503 if fault else 200


def _database_fault() -> str | None:
    try:
        with db.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError:
        return "the database does not answer"
    head = current_app.extensions.setdefault("head", _head())
    return None if current == head else "the database is not at the version of this program: run billing migrate"


def _head() -> str | None:
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _redis_state() -> str:
    try:
        return "; ".join(server_faults()) or "fine"
    except (RedisError, RuntimeError) as fault:
        return f"away: {type(fault).__name__}"
