"""`/health/live`, `/health/ready` (reliability.md 3.16), `/metrics`."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.queries import schema_version
from app.queue import UnsupportedServer, server_faults

if TYPE_CHECKING:
    from app.config import Settings

bp = Blueprint("health", __name__)


@bp.get("/health/live")
def live() -> dict[str, str]:
    """Answer that the process answers; asks nobody."""
    return {"status": "alive"}


@bp.get("/health/ready")
def ready() -> tuple[dict[str, Any], int]:
    """Answer whether requests can be served: the database not behind this program. Redis is reported and not needed."""
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
        behind = schema_version.is_behind(db.session.connection())
    except SQLAlchemyError:
        return "the database does not answer"
    return "the database is not at the version of this program: run billing migrate" if behind else None


def _redis_state() -> str:
    try:
        return "; ".join(server_faults()) or "fine"
    except (RedisError, UnsupportedServer) as fault:
        return f"away: {type(fault).__name__}"
