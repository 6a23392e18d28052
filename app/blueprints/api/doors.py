"""How a route of the API is declared: what it takes, what it gives, what may go wrong, and that it may be repeated."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import request

from app.blueprints.api.guard import caller
from app.services.idempotency import Call, Reply, run, run_outside
from app.web.api import documented
from app.web.errors import printed as errors_printed
from app.web.guards import needs
from app.web.idempotency import fingerprint_of, given_key, replay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from apiflask import APIBlueprint
    from pydantic import BaseModel

    from app.domain.permission import Permission
    from app.web.idempotency import Replay

    View = Callable[[Any], dict[str, Any]]


def door(
    bp: APIBlueprint,
    path: str,
    *,
    takes: type[BaseModel],
    gives: type[BaseModel],
    summary: str,
    scope: Permission,
    status: int = 201,
    methods: Sequence[str] = ("POST",),
    faults: Sequence[int] = (),
    shapes: Mapping[int, type[BaseModel]] | None = None,
    outside: bool = False,
    printed: bool = False,
) -> Callable[[View], View]:
    """Return a decorator that hangs a view into the blueprint; the view takes the body and returns the answer's body.

    `scope` is what a limited key must hold to call it.
    `outside` says that the verb calls somebody between two transactions of its own; every other verb runs in one
    transaction with the answer kept for its Idempotency-Key.
    `printed` says that its callers print `error` as it comes, so that it is the sentence and no object.
    """

    def hang(view: View) -> View:
        answering = bp.output(gives, status_code=status)(_repeatable(view, status, run_outside if outside else run))
        reading = bp.input(takes, location="json_or_form", arg_name="body")(
            documented(summary, *faults, scope=scope, shapes=shapes, printed=printed)(answering)
        )
        said = errors_printed(reading) if printed else reading
        bp.route(path, methods=[*methods])(needs(scope)(said))
        return view

    return hang


def _repeatable(
    view: View, status: int, once: Callable[[Call, Callable[[], Reply]], Reply]
) -> Callable[..., dict[str, Any] | Replay]:
    @wraps(view)
    def answer(*, body: BaseModel) -> dict[str, Any] | Replay:
        return answer_once(lambda: fingerprint_of(body), lambda: Reply(status, view(body)), once)

    return answer


def answer_once(
    fingerprint: Callable[[], bytes],
    execute: Callable[[], Reply],
    once: Callable[[Call, Callable[[], Reply]], Reply] = run,
) -> dict[str, Any] | Replay:
    """Return the answer, under an Idempotency-Key the first one; without a key nobody asks for the fingerprint."""
    key = given_key()
    if key is None:
        return execute().body
    who = caller()
    call = Call(who.tenant_id, who.code, f"{request.method} {request.endpoint}", key, fingerprint())
    reply = once(call, execute)
    return replay(reply.status, reply.body) if reply.replayed else reply.body
