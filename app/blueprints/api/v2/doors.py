"""How a route of version 2 is declared: what it asks, takes and gives, what may go wrong, and how it is rehearsed."""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from flask import request

from app.blueprints.api.guard import caller
from app.blueprints.api.v2 import serializers
from app.blueprints.api.v2.fields import HIGHEST_NUMBER
from app.blueprints.api.v2.requests import RehearsalQuery
from app.domain.errors import NotFound
from app.domain.permission import Permission
from app.services.idempotency import Call, Reply, run, run_outside
from app.services.rehearsals import rehearse, together
from app.web.api import READING, WRITING, documented_2
from app.web.guards import needs
from app.web.idempotency import fingerprint_of, given_key, replay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from apiflask import APIBlueprint
    from pydantic import BaseModel

    from app.web.idempotency import Replay

    View = Callable[..., dict[str, Any]]

REHEARSED = 200


def reads(
    bp: APIBlueprint,
    path: str,
    *,
    asks: type[BaseModel],
    gives: type[BaseModel],
    summary: str,
    scope: Permission = Permission.VIEW,
    faults: Sequence[int] = (),
) -> Callable[[View], View]:
    """Return a decorator that hangs a view into the blueprint which takes `asked` and the parts of its path.

    `scope` is what a limited key must hold to call it.
    """

    def hang(view: View) -> View:
        answering = bp.output(gives)(_known(view))
        documenting = documented_2(summary, *READING, *_missing(path), *faults, scope=scope)(answering)
        asking = bp.input(asks, location="query", arg_name="asked")(documenting)
        bp.route(path, methods=["GET"])(needs(scope)(asking))
        return view

    return hang


def writes(
    bp: APIBlueprint,
    path: str,
    *,
    takes: type[BaseModel],
    gives: type[BaseModel],
    summary: str,
    scope: Permission,
    status: int = 201,
    method: str = "POST",
    faults: Sequence[int] = (),
    rehearsal: View | None = None,
) -> Callable[[View], View]:
    """Return a decorator that hangs a view into the blueprint which takes `body` and the parts of its path.

    A view runs in one transaction with the answer kept for its Idempotency-Key, and `?dry_run=true` undoes that
    transaction. A view that calls somebody between transactions of its own names its `rehearsal`, which calls nobody.
    """

    def hang(view: View) -> View:
        once = _real(view, status, outside=rehearsal is not None)
        answering = bp.output(gives, status_code=status)(_known(_or_rehearsed(once, rehearsal or view)))
        rehearsed = gives.__name__ if status != REHEARSED else ""
        documenting = documented_2(summary, *WRITING, *_missing(path), *faults, scope=scope, rehearsed=rehearsed)(
            answering
        )
        asking = bp.input(RehearsalQuery, location="query", arg_name="asked")(documenting)
        bp.route(path, methods=[method])(needs(scope)(bp.input(takes, location="json", arg_name="body")(asking)))
        return view

    return hang


def _missing(path: str) -> tuple[int, ...]:
    return (404,) if "<" in path else ()


def _known(view: View) -> View:
    """Return the view behind a check that its number can be one."""

    @wraps(view)
    def checked(**where: Any) -> dict[str, Any]:
        number = where.get("number")
        if isinstance(number, int) and not 1 <= number <= HIGHEST_NUMBER:
            raise NotFound("invoice", number)
        return view(**where)

    return checked


def _or_rehearsed(once: View, rehearsal: View) -> View:
    @wraps(once)
    def answer(*, asked: RehearsalQuery, **given: Any) -> Any:
        if not asked.dry_run:
            return once(**given)
        result, followed = rehearse(partial(rehearsal, **given), caller().owns)
        return {**result, "rehearsal": serializers.rehearsal(followed)}, REHEARSED

    return answer


def _real(view: View, status: int, *, outside: bool) -> View:
    @wraps(view)
    def answer(*, body: BaseModel, **where: Any) -> Any:
        key = given_key()
        verb = partial(view, body=body, **where)
        if key is None:
            return verb() if outside else together(verb)
        return _kept(key, body, verb, status, outside=outside)

    return answer


def _kept(
    key: str, body: BaseModel, verb: Callable[[], dict[str, Any]], status: int, *, outside: bool
) -> dict[str, Any] | Replay:
    who = caller()
    call = Call(who.tenant_id, who.code, f"{request.method} {request.path}", key, fingerprint_of(body))
    once = run_outside if outside else run
    reply = once(call, lambda: Reply(status, verb()))
    return replay(reply.status, reply.body) if reply.replayed else reply.body
