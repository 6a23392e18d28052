"""Where somebody is: to come back to after a choice, and to see in another language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request, url_for
from werkzeug.routing import IntegerConverter

if TYPE_CHECKING:
    from flask import Flask

# Pages of a login carry its one-time values in their address; nobody comes back to those.
PASSING = "auth."
# The largest number the database can keep; in a route, a larger one is an address that leads nowhere.
MOST = 2**63 - 1
KEY = f"int(max={MOST})"


class PlainNumber(IntegerConverter):
    """A number in its one spelling: ASCII digits without zeros before them, so that a page has one address."""

    regex = "(?:0|[1-9][0-9]*)"


def install(app: Flask) -> None:
    """Read numbers in addresses in one way, and give templates `here()`; before any route is made."""
    app.url_map.converters["int"] = PlainNumber
    app.jinja_env.globals["here"] = here


def key_in_query(name: str) -> int | None:
    """Return a key of the query, such as where a list goes on; None for none and for what can be none."""
    found = request.args.get(name, type=int)
    return found if found is not None and 0 <= found <= MOST else None


def here() -> str:
    """Return the path of this page with its query, or of the sign-in page where there is nothing to come back to."""
    endpoint = request.endpoint
    if endpoint is None or request.method != "GET" or endpoint.startswith(PASSING):
        return url_for("auth.sign_in")
    query = {name: values for name, values in request.args.lists() if name != "lang"}
    return url_for(endpoint, **(query | (request.view_args or {})))
