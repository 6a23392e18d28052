"""Pages on paper as PDF, drawn here by WeasyPrint: with our own fonts, and nothing fetched from anywhere (T72)."""

from __future__ import annotations

import atexit
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any

from flask import Response

from app.uow import assert_no_transaction

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
FONTS = {f"font:{each.name}": each for each in (ROOT / "static/fonts").glob("*.woff2")}
STYLE = ROOT / "templates/pdf/paper.css"
# Pango and fontconfig are not for several threads at once; and it is Python that draws.
ONE_AT_A_TIME = Lock()
# One is drawn and two wait: the threads of a process are for callbacks too (security.md T73).
ROOM = BoundedSemaphore(3)
# Where an endless word may go on in the next line is looked for letter by letter: a hundred of 2,000 took 38 seconds.
ENDLESS = re.compile(r"<[^>]*>|[^\s<>]{100,}")
PIECE = re.compile(r"(?:&[#\w]+;|[^&]){20}")


class PaperOff(Exception):
    """Pango is missing, without which nothing can be drawn: `billing doctor` says what to install."""


class PaperBusy(Exception):
    """Others are being drawn, and as many wait as may: ask again in a moment."""


def answer(html: str, name: str) -> Response:
    """Return the page as a PDF to look at or to keep; no transaction is open while it is drawn.

    Raises PaperOff, PaperBusy.
    """
    assert_no_transaction()
    response = Response(drawn(html), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


def drawn(html: str) -> bytes:
    """Return the page as a tagged PDF. Raises PaperOff, PaperBusy."""
    if not ROOM.acquire(blocking=False):
        raise PaperBusy
    try:
        with ONE_AT_A_TIME:
            page, style, fonts, fetcher = _tools()
            made: bytes = page(string=ENDLESS.sub(_breakable, html), url_fetcher=fetcher).write_pdf(
                stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1"
            )
            return made
    finally:
        ROOM.release()


def _breakable(found: re.Match[str]) -> str:
    """Let an endless word go on in the next line after twenty letters; tags stay as they are."""
    return found[0] if found[0].startswith("<") else PIECE.sub("\\g<0>\N{ZERO WIDTH SPACE}", found[0])


@cache
def _tools() -> tuple[Callable[..., Any], Any, Any, Any]:
    """Return what draws: loaded when the first page is drawn, for it takes half a second and needs Pango."""
    try:
        weasyprint = import_module("weasyprint")
    except OSError as missing:
        raise PaperOff from missing
    urls, text = import_module("weasyprint.urls"), import_module("weasyprint.text.fonts")

    class OwnFonts(urls.URLFetcher):  # type: ignore[misc, name-defined]
        """Gives our fonts and refuses everything else."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            """Return a font of ours. Raises ValueError."""
            if url not in FONTS:
                raise ValueError("papers hold nothing from elsewhere")
            return urls.URLFetcherResponse(
                url, FONTS[url].read_bytes(), {"Content-Type": "font/woff2"} | (headers or {})
            )

    atexit.register(_tools.cache_clear)  # the fonts it unpacked go while there is still something to remove them with
    fonts, fetcher = text.FontConfiguration(), OwnFonts(allowed_protocols=())
    style = weasyprint.CSS(string=STYLE.read_text(encoding="utf-8"), font_config=fonts, url_fetcher=fetcher)
    return weasyprint.HTML, style, fonts, fetcher
