"""Who calls: the only lock of the JSON API (eis.md 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flask import Response, current_app, g, jsonify, request

from app.services.initiators import AccessDenied, authenticate
from app.uow import end_reads
from app.web import problem
from app.web.guards import needed_by
from app.web.limits import READS, WRITES, check

if TYPE_CHECKING:
    from app.services.initiators import Caller

# With status 401: callers test the code.
DENIED = {"message": "Access denied", "code": "403"}
READING = {"GET", "HEAD"}


def require_caller() -> Response | None:
    """Let authenticated services pass whose key may do this, before anything of the body is read.

    Everybody else is answered alike. Raises MissingScope, which says what the key lacks, TooManyRequests.
    """
    try:
        g.caller = authenticate(_token())
    except AccessDenied:
        return _denied()
    finally:
        end_reads()  # the body comes as slowly as its sender likes, and the database ends who waits for it with a read
    app: Any = current_app
    scope = needed_by(app, str(request.endpoint))
    if scope is not None:
        caller().require(scope)
    rate = READS if request.method in READING else WRITES
    # Who calls version 1 knows of no limit and drops what was refused (eis.md 10.1): it has one where one is set.
    if problem.is_wanted() or rate.is_set():
        check(rate, f"{caller().tenant_id}:{caller().code}")
    return None


def caller() -> Caller:
    """Return the service that calls; only behind the guard."""
    return cast("Caller", g.caller)


def _token() -> str:
    """Return the second word of the Authorization header, whatever the first one is."""
    words = request.headers.get("Authorization", "").split()
    return words[1] if len(words) > 1 else ""


def _denied() -> Response:
    if problem.is_wanted():
        response = problem.problem(401, "No valid token")
    else:
        response = jsonify(DENIED)
        response.status_code = 401
    response.headers["WWW-Authenticate"] = "Bearer"
    return response
