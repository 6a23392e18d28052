"""Static files under a path that carries the hash of all of them, so that browsers may keep them for ever.

The hash stands in the path and not in a query, because style sheets name fonts and modules name each other by relative
addresses: those carry it too, without a build.
"""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Response, request, send_from_directory, url_for

if TYPE_CHECKING:
    from typing import Any

    from flask import Flask

STATIC = Path(__file__).parent.parent / "static"
BEFORE = ["layers", "reset", "tokens", "fonts", "base", "layout"]
AFTER = ["utilities", "print"]
SHEET = "css/portal.css"
IMMUTABLE = "public, max-age=31536000, immutable"

# The table of the operating system may lack these, and nosniff makes a wrong type an unused file.
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")


def install(app: Flask) -> None:
    """Serve the static files; the app must be made with `static_folder=None`, because we bring our own route."""
    current = fingerprint(STATIC)
    sheet = joined()

    @app.get("/static/<version>/<path:filename>", endpoint="static")
    def serve(version: str, filename: str) -> Response:
        response = _styled(sheet) if filename == SHEET else send_from_directory(STATIC, filename, conditional=True)
        # A page of the previous release still gets its files during a rollout, but nobody may keep those.
        response.headers["Cache-Control"] = IMMUTABLE if version == current else "no-cache"
        return response

    @app.url_defaults
    def stamp(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("version", current)

    app.jinja_env.globals["asset"] = asset


def asset(filename: str) -> str:
    """Return the address of a static file, such as `css/base.css`."""
    return url_for("static", filename=filename)


def fingerprint(folder: Path) -> str:
    """Return twelve hex digits that change with any byte or name below the folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def stylesheets() -> list[str]:
    """Return the style sheets in the order of their layers; every component brings its own."""
    components = sorted(path.stem for path in (STATIC / "css" / "components").glob("*.css"))
    names = [*BEFORE, *(f"components/{name}" for name in components), *AFTER]
    return [f"css/{name}.css" for name in names]


def joined() -> bytes:
    """Return all style sheets as one: each component brings its own, and thirty requests a page cost every browser."""
    return b"".join((STATIC / name).read_bytes() for name in stylesheets())


def _styled(sheet: bytes) -> Response:
    response = Response(sheet, mimetype="text/css")
    response.add_etag()
    response.make_conditional(request)
    return response
