"""What every route says of itself in the OpenAPI document: its errors are part of its contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from apiflask import APIBlueprint

from app.blueprints.api import schemas

if TYPE_CHECKING:
    from collections.abc import Callable

V = TypeVar("V", bound="Callable[..., Any]")

# Any call may end in one of these.
COMMON = (400, 401, 409, 413, 415, 422, 429, 500, 503)
SENTENCES = {
    400: "The body cannot be read",
    401: "No valid token",
    404: "There is no such invoice, or it is not yours",
    409: "The state of the invoice forbids it",
    413: "The body is larger than 256 KiB",
    415: "The body is neither JSON nor a form",
    422: "A field is missing or wrong; it is named",
    429: "Too many calls: wait",
    500: "A fault of ours, with an id to quote",
    501: "The range of numbers has ended",
    503: "Not possible at the moment: try again after Retry-After",
}
_doc = APIBlueprint("documents", __name__)


def documented(summary: str, *statuses: int) -> Callable[[V], V]:
    """Return a decorator that documents the route's summary and its errors."""
    responses: dict[int | str, Any] = {
        status: {
            "description": SENTENCES[status],
            "content": {
                "application/json": {"schema": schemas.DeniedAnswer if status == 401 else schemas.ErrorAnswer}  # noqa: PLR2004
            },
        }
        for status in sorted({*COMMON, *statuses})
    }

    def decorate(view: V) -> V:
        documented_view: V = _doc.doc(summary=summary, responses=responses)(view)
        return documented_view

    return decorate
