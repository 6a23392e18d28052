"""The Idempotency-Key header on unsafe calls (reliability.md 3.6)."""

from __future__ import annotations

import json
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from app.domain.idempotency import check_key, fingerprint
from app.services.idempotency import Call, Reply, run
from app.web.api import caller

if TYPE_CHECKING:
    from collections.abc import Callable

    View = Callable[..., tuple[dict[str, Any], int]]

HEADER = "Idempotency-Key"


def idempotent(*, atomic: bool) -> Callable[[View], Callable[..., Response]]:
    """Make a view answer a repeated key with its first answer.

    `atomic=False` is for verbs that call the outside between two transactions; they repeat themselves safely.
    """

    def decorate(view: View) -> Callable[..., Response]:
        @wraps(view)
        def answer(*args: Any, **kwargs: Any) -> Response:
            key = request.headers.get(HEADER)
            if key is None:
                return _respond(Reply(*_turned(view(*args, **kwargs))))
            reply = run(_call(check_key(key)), lambda: Reply(*_turned(view(*args, **kwargs))), atomic=atomic)
            return _respond(reply)

        return answer

    return decorate


def _turned(answer: tuple[dict[str, Any], int]) -> tuple[int, dict[str, Any]]:
    body, status = answer
    return status, body


def _respond(reply: Reply) -> Response:
    response = jsonify(reply.body)
    response.status_code = reply.status
    if reply.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _call(key: str) -> Call:
    body = json.dumps(request.get_json(force=True), sort_keys=True, separators=(",", ":")).encode()
    who = caller()
    return Call(who.tenant_id, who.code, f"{request.method} {request.url_rule}", key, fingerprint(body))
