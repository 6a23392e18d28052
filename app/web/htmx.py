"""One answer for a page and its fragment; the only place that reads what htmx says of itself (front-end.md 4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Flask, Response, make_response, redirect, render_template

from app.web.extensions import htmx

if TYPE_CHECKING:
    from typing import Any

    from werkzeug.wrappers import Response as WerkzeugResponse

# Nothing is evaluated, nothing is stored, nothing leaves our origin. Form faults (422) stay in their form, every other
# refusal becomes a toast. What comes is in place at once: focused a moment later it would take the keyboard from who
# types already.
CONFIG = {
    "allowEval": False,
    "allowScriptTags": False,
    "includeIndicatorStyles": False,
    "defaultSettleDelay": 0,
    "historyCacheSize": 0,
    "refreshOnHistoryMiss": True,
    "historyRestoreAsHxRequest": False,
    "selfRequestsOnly": True,
    "methodsThatUseUrlParams": ["get"],
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "422", "swap": True},
        {"code": "[45]..", "swap": True, "error": True, "target": "#toasts", "swapOverride": "beforeend"},
    ],
}


def install(app: Flask) -> None:
    """Bind the extension and give templates the settings of the script."""
    htmx.init_app(app)
    app.jinja_env.globals["wants_fragment"] = wants_fragment
    app.jinja_env.globals["htmx_config"] = json.dumps(CONFIG, separators=(",", ":"))
    app.after_request(_vary)


def wants_fragment() -> bool:
    """Return whether a part of the page is wanted and not the whole."""
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render(page: str, fragment: str, /, *, address: str | None = None, **context: Any) -> Response:
    """Return the page, or only its fragment when htmx asks for a part.

    `address` is what the address bar shall say after the swap, where that is not what was asked for.
    """
    if not wants_fragment():
        return make_response(render_template(page, **context))
    response = make_response(render_template(fragment, **context))
    if address is not None:
        response.headers["HX-Push-Url"] = address
    return response


def see_other(location: str) -> WerkzeugResponse:
    """Return the redirect after a change: 303, or what htmx follows with the whole page."""
    if not wants_fragment():
        return redirect(location, 303)
    return Response(status=204, headers={"HX-Redirect": location})


def _vary(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("HX-Request")
    return response
