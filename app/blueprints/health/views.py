"""`/health/live`, `/health/ready` (reliability.md 3.16), `/metrics`."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.queries import schema_version
from app.queries.writable import takes_writes
from app.queue import UnsupportedServer, server_faults

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.config import Settings

bp = Blueprint("health", __name__)
TOOK_WRITES, BELIEVED_S = "took_writes", 10


@bp.get("/health/live")
def live() -> dict[str, str]:
    """Answer that the process answers; asks nobody."""
    return {"status": "alive"}


@bp.get("/health/ready")
def ready() -> tuple[dict[str, Any], int]:
    """Answer whether requests can be served: by a database that takes writes and is not behind this program.

    Redis is reported and not needed.
    """
    fault = _database_fault()
    return {"status": "ready" if fault is None else fault, "redis": _redis_state()}, 503 if fault else 200


@bp.get("/metrics")
def metrics() -> Response:
    """Return this process's counters, to holders of METRICS_TOKEN; in development to everybody."""
    settings: Settings = current_app.extensions["settings"]
    expected = settings.metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    knows = bool(expected) and hmac.compare_digest(given.encode(), expected.encode())
    if not knows and not settings.development:
        abort(404)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _database_fault() -> str | None:
    try:
        connection = db.session.connection()
        if schema_version.is_behind(connection):
            return "the database is not at the version of this program: run billing migrate"
    except SQLAlchemyError:
        return "the database does not answer"
    try:
        return None if _takes_writes(connection) else "the database is read only"
    except SQLAlchemyError:
        return "the database cannot write: look whether its disk is full"


def _takes_writes(connection: Connection) -> bool:
    """Return whether the database takes writes; that it does is believed for a while, however often anybody asks."""
    now = time.monotonic()
    if now < current_app.extensions.get(TOOK_WRITES, 0):
        return True
    takes = takes_writes(connection)
    if takes:
        current_app.extensions[TOOK_WRITES] = now + BELIEVED_S
    return takes


def _redis_state() -> str:
    try:
        return "; ".join(server_faults()) or "fine"
    except (RedisError, UnsupportedServer) as fault:
        return f"away: {type(fault).__name__}"
