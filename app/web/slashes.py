"""Addresses for machines, written as a base URL and a path put together may come out: `//api/v1//x/` is `/api/v1/x`.

What a router does otherwise is send the caller to the other spelling, which callers that POST do not follow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

SEVERAL = re.compile("/{2,}")


class SingleSlashes:
    """Hands requests on with the slashes of their path put right, where it begins with one of `prefixes`."""

    def __init__(self, application: WSGIApplication, prefixes: tuple[str, ...]) -> None:
        self._application = application
        self._prefixes = prefixes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request."""
        path = environ.get("PATH_INFO", "")
        if "//" in path or path.endswith("/"):
            mended = SEVERAL.sub("/", path).rstrip("/")
            if f"{mended}/".startswith(self._prefixes):
                environ["PATH_INFO"] = mended
        return self._application(environ, start_response)


def install(app: Flask, prefixes: tuple[str, ...]) -> None:
    """Put it before the routes."""
    app.wsgi_app = SingleSlashes(app.wsgi_app, prefixes)  # type: ignore[method-assign]
