"""JSON as callers know it: fields in the order the contract shows them, and nothing after the last brace (eis.md 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flask.json.provider import DefaultJSONProvider

if TYPE_CHECKING:
    from flask import Flask, Response


class WireJson(DefaultJSONProvider):
    """Writes an answer as its view or its schema puts it."""

    sort_keys = False
    compact = True

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the answer, without the line feed Flask would add."""
        answer = cast("Response", super().response(*args, **kwargs))
        answer.set_data(answer.get_data().removesuffix(b"\n"))
        return answer


def install(app: Flask) -> None:
    """Let the application answer so."""
    app.json = WireJson(app)
