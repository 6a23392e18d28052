"""Errors as their receivers can use them: JSON for services, a page for people, a fragment for htmx."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from apiflask.exceptions import HTTPError
from flask import Response, g, jsonify, render_template, request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.domain.errors import BillingError, Conflict, Forbidden, Invalid, NotFound, Outcome, ProviderFailure
from app.domain.numbering import NumberRangeExhausted
from app.services.idempotency import StillRunning
from app.services.initiators import AccessDenied

if TYPE_CHECKING:
    from apiflask import APIFlask

LOG = structlog.get_logger(__name__)
DENIED = {"message": "Access denied", "code": "403"}  # with status 401: callers test the code (eis.md 4)
RETRY_S = 5

STATUS: tuple[tuple[type[BillingError], int], ...] = (
    (AccessDenied, 401),
    (NotFound, 404),
    (Invalid, 422),
    (NumberRangeExhausted, 501),
    (Conflict, 409),
    (Forbidden, 403),
    (ProviderFailure, 502),
)
WORDS = {
    "Field required": "is missing",
    "Input should be a valid dictionary or instance": "must be an object",
}


def install(app: APIFlask) -> None:
    """Register every handler and the request's id."""
    app.before_request(_name_request)
    app.after_request(_show_name)
    app.register_error_handler(BillingError, _billing_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, _database_error)
    app.register_error_handler(Exception, _crash)
    app.error_processor(_validation_error)


def body_of(sentence: str, fields: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return the one shape of an API error: `error.message` always, the faulty fields beside it (eis.md 14)."""
    return {"error": {**(fields or {}), "message": sentence, **more}, "message": sentence}


def _name_request() -> None:
    g.request_id = uuid4().hex


def _show_name(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response


def _is_api() -> bool:
    return request.path.startswith("/api/") or request.path == "/api"


def _billing_error(error: BillingError) -> Response:
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    if isinstance(error, ProviderFailure):
        return _provider_failure(error)
    if not _is_api():
        return page(status, str(error))
    if isinstance(error, AccessDenied):
        return _json(401, DENIED)
    fields = error.fields if isinstance(error, Invalid) else None
    more = {"code": error.code} if isinstance(error, Conflict) else {}
    response = _json(status, body_of(str(error), fields, **more))
    if isinstance(error, StillRunning):
        response.headers["Retry-After"] = str(RETRY_S)
    return response


def _provider_failure(error: ProviderFailure) -> Response:
    """The gateway's own refusal passes through with its code; everything else asks to come back later."""
    if error.outcome is Outcome.REFUSED and error.permanent:
        more: dict[str, Any] = {} if error.code is None else {"code": error.code}
        return _json(422, body_of(error.detail, **more)) if _is_api() else page(422, error.detail)
    sentence = "The payment gateway does not answer at the moment: try again shortly"
    response = _json(503, body_of(sentence)) if _is_api() else page(503, sentence)
    response.headers["Retry-After"] = str(error.retry_after_s or RETRY_S)
    return response


def _validation_error(error: HTTPError) -> tuple[dict[str, Any], int, Any]:
    """Give what a schema found the shape of every other error."""
    detail: dict[str, Any] = error.detail if isinstance(error.detail, dict) else {}
    found = next((part for part in detail.values() if isinstance(part, dict)), {})
    fields = {
        ("body" if name == "_schema" else name): [_words(each) for each in faults] for name, faults in found.items()
    }
    sentence = "; ".join(f"{name} {', '.join(faults)}" for name, faults in fields.items()) or str(error.message)
    return body_of(sentence, fields), error.status_code, error.headers


def _words(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return next((ours for theirs, ours in WORDS.items() if message.startswith(theirs)), message)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < HTTPStatus.BAD_REQUEST and error.response is None:  # a redirect
        return Response(status=status, headers=error.get_headers())
    sentence = error.description or HTTPStatus(status).phrase
    response = _json(status, body_of(sentence)) if _is_api() else page(status, sentence)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _database_error(error: Exception) -> Response:
    """Ask to come back when the database is away or busy; a broken rule of its own is a bug."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    away = isinstance(error, (OperationalError, PoolTimeout)) or state[:2] in {"08", "53", "57", "40", "55"}
    if not away:
        return _crash(error)
    LOG.error("database.away", sqlstate=state, error_class=type(error).__name__, alarm=True)
    sentence = "The system is busy or being looked after: try again shortly"
    response = _json(503, body_of(sentence)) if _is_api() else page(503, sentence)
    response.headers["Retry-After"] = str(RETRY_S)
    return response


def _crash(error: Exception) -> Response:
    """Answer a bug: an id to quote, no trace; logged once."""
    request_id = g.get("request_id", "")
    LOG.error("crash", request_id=request_id, exc_info=error, path=request.path)
    sentence = f"Something went wrong here. Quote {request_id} when you ask about it"
    return _json(500, body_of(sentence, request_id=request_id)) if _is_api() else page(500, sentence)


def _json(status: int, body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response


def page(status: int, sentence: str) -> Response:
    """Return the page, or for htmx the toast, that says what happened and what to do."""
    template = "errors/_toast.html" if request.headers.get("HX-Request") else "errors/page.html"
    phrase = HTTPStatus(status).phrase
    html = render_template(template, status=status, phrase=phrase, sentence=sentence, request_id=g.get("request_id"))
    return Response(html, status=status, mimetype="text/html")
