"""Errors as their receivers can use them: JSON for services, a page for people, a toast for htmx (eis.md 14)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast

import structlog
from flask import Response, current_app, g, jsonify, render_template, request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, default_exceptions

from app.domain.errors import BillingError, Conflict, Forbidden, Invalid, NotFound, Outcome, ProviderFailure
from app.domain.permission import MissingScope
from app.web import problem, request_id
from app.web.fault_words import fault
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from werkzeug.wrappers import Response as WerkzeugResponse

ViewT = TypeVar("ViewT", bound="Callable[..., Any]")
LOG = structlog.get_logger(__name__)
RETRY_S = 5
# Where a view says that its callers print `error` as it comes.
PRINTED = "printed"
FOR_MACHINES = ("/api/", "/health/", "/metrics")

STATUS: tuple[tuple[type[BillingError], int], ...] = (
    (NotFound, 404),
    (Invalid, 422),
    (Conflict, 409),
    (Forbidden, 403),
)
SENTENCES = {
    404: "There is nothing at this address",
    405: "This address does not take this method",
    413: "The request is too large",
    429: "Too many requests: wait a minute and try again",
}
# SQLSTATE classes that say "not now": no connection, no room, somebody intervened, a lock or a deadlock.
PASSING = {"08", "40", "53", "55", "57"}
AWAY = "The system is busy or being looked after: try again shortly"
# What may be otherwise a minute later, for the same question.
PASSES = {429, 500, 502, 503, 504}
# Written for machines; what a page says of its status in the reader's language says the same.
SAID_ANYWAY = {*SENTENCES.values(), AWAY, *(each.description for each in default_exceptions.values())}
GATEWAYS = {"everypay"}
DOES_NOT_ANSWER = "does not answer at the moment: try again shortly"
GATEWAY_AWAY = f"The payment gateway {DOES_NOT_ANSWER}"
GATEWAY_REFUSED = "The payment gateway refused this without saying why: try again, or tell us"


class Refusal(BillingError):
    """An answer that is exactly so on the wire, whatever others look like; raised, so that nothing is committed."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body.get("message", "")))
        self.status = status
        self.body = body


def install(app: Flask) -> None:
    """Register the handler of every error and the request's id."""
    request_id.install(app)
    app.register_error_handler(BillingError, _billing_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, _database_error)
    app.register_error_handler(Exception, _crash)


def body_of(sentence: str, fields: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return the one shape of an API error: the faulty fields, a code if there is one, and the sentence twice."""
    return {"error": {**(fields or {}), **more, "message": sentence}, "message": sentence}


def printed(view: ViewT) -> ViewT:
    """Say that the callers of this view print `error` as it comes: it is the sentence itself (eis.md 10.1.3, 14)."""
    setattr(view, PRINTED, True)
    return view


def page(status: int, sentence: str) -> Response:
    """Return the page, or for htmx the toast, that says what happened and what to do."""
    g.error_is_being_told = True
    template = "errors/_toast.html" if request.headers.get("HX-Request") else "errors/page.html"
    html = render_template(
        template,
        status=status,
        sentence=_more(status, sentence),
        request_id=request_id.current(),
        # A login service asks each of its answers to be brought once.
        passes=status in PASSES and request.method == "GET" and request.blueprint != "auth",
    )
    return Response(html, status=status, mimetype="text/html")


def is_being_told() -> bool:
    """Return whether this request has failed, and all that is left to do is to say so."""
    return bool(g.get("error_is_being_told"))


def _more(status: int, sentence: str) -> str:
    """Return what a page says beside the words of its status, in the reader's language."""
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _("Quote %(id)s when you ask about it.", id=request_id.current())
    return "" if sentence in SAID_ANYWAY else fault(sentence)


def _billing_error(error: BillingError) -> Response:
    if isinstance(error, Refusal):
        return _json(error.status, error.body)
    if isinstance(error, ProviderFailure):
        return _provider_failure(error)
    if isinstance(error, MissingScope):
        return _missing_scope(error)
    status = next((status for kind, status in STATUS if isinstance(error, kind)), None)
    if status is None:
        return _crash(error)
    if isinstance(error, Conflict):
        return _conflict(status, error)
    return _answer(status, str(error), error.fields if isinstance(error, Invalid) else None)


def _conflict(status: int, error: Conflict) -> Response:
    retry_after_s = error.data.get("retry_after_s")
    return _answer(status, str(error), error.data.get("fields"), retry_after_s=retry_after_s, code=error.code)


def _missing_scope(error: MissingScope) -> Response:
    """Say what the key lacks; callers of the old interface test the outer code (eis.md 4)."""
    more: dict[str, Any] = {"code": "missing_scope", "scope": str(error.scope)}
    if problem.is_wanted():
        return problem.problem(403, str(error), **more)
    return _json(403, body_of(str(error), **more) | {"code": "403"})


def _provider_failure(error: ProviderFailure) -> Response:
    """Pass the gateway's own refusal on with its code; hide everything else it said (eis.md 5.2, security.md T40)."""
    LOG.warning("provider.failed", provider=error.provider, outcome=error.outcome, code=error.code, detail=error.detail)
    if error.outcome is not Outcome.REFUSED or not error.permanent:
        away = GATEWAY_AWAY if error.provider in GATEWAYS else f"{error.provider} {DOES_NOT_ANSWER}"
        return _answer(503, error.told or away, retry_after_s=error.retry_after_s or RETRY_S)
    if error.code is None:
        return _answer(502, GATEWAY_REFUSED, retry_after_s=error.retry_after_s or RETRY_S)
    return _answer(422, error.detail, code=error.code)


def _http_error(error: HTTPException) -> WerkzeugResponse:
    if error.response is not None:
        return cast("WerkzeugResponse", error.response)
    status = error.code or 500
    sentence = SENTENCES.get(status) or error.description or HTTPStatus(status).phrase
    response = _answer(status, sentence)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            response.headers[name] = value
    return response


def _database_error(error: Exception) -> Response:
    """Ask to come back when the database is away or busy; a broken rule of its own is a bug."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    if not isinstance(error, OperationalError | PoolTimeout) and state[:2] not in PASSING:
        return _crash(error)
    LOG.error("database.away", sqlstate=state, error_class=type(error).__name__, path=request.path, alarm=True)
    return _answer(503, AWAY, retry_after_s=RETRY_S)


def _crash(error: Exception) -> Response:
    """Answer a bug: an id to quote and no trace; logged once."""
    quoted = request_id.current()
    LOG.error("crash", path=request.path, error_class=type(error).__name__, exc_info=error, alarm=True)
    return _answer(500, f"Something went wrong here. Quote {quoted} when you ask about it", request_id=quoted)


def _answer(
    status: int, sentence: str, fields: dict[str, Any] | None = None, *, retry_after_s: int | None = None, **more: Any
) -> Response:
    if problem.is_wanted():
        response = problem.problem(status, sentence, fields=fields, **{**more, "code": _code(more.get("code"))})
    elif f"{request.path}/".startswith(FOR_MACHINES):
        response = _json(status, body_of(sentence, fields, **more))
    else:
        response = page(status, sentence)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def _code(code: object) -> str | None:
    """Return the code of a problem: the gateway's own numbers say that it was the gateway's."""
    return None if code in {None, "conflict"} else f"gateway_{code}" if isinstance(code, int) else str(code)


def _json(status: int, body: dict[str, Any]) -> Response:
    response = jsonify(_sentence_first(body) if _is_printed() else body)
    response.status_code = status
    return response


def _is_printed() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, PRINTED, False))


def _sentence_first(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body with the sentence as its error; the faulty fields and a code stand in `details`."""
    error = body.get("error")
    if not isinstance(error, dict):
        return body
    details = {name: fault for name, fault in error.items() if name != "message"}
    return {**body, "error": error["message"], **({"details": details} if details else {})}
