"""The language of a page: asked for, remembered, or what the browser prefers."""

from __future__ import annotations

from flask import Flask, Response, has_request_context, request

from app.domain.tallinn import ZONE
from app.web.cookies import choice, put_choice
from app.web.extensions import babel

LANGUAGES = {"en": "English", "et": "Eesti", "ru": "Русский"}
DEFAULT = "en"


def install(app: Flask) -> None:
    """Translate every page, and remember a language chosen with `?lang=`."""
    babel.init_app(app, default_locale=DEFAULT, default_timezone=ZONE, locale_selector=current)
    app.context_processor(lambda: {"lang": current(), "languages": LANGUAGES})
    app.after_request(_remember)


def current() -> str:
    """Return the language of this request, one of LANGUAGES; English outside a request."""
    if not has_request_context():
        return DEFAULT
    for wish in (request.args.get("lang"), choice("lang")):
        if wish in LANGUAGES:
            return wish
    return request.accept_languages.best_match(LANGUAGES, DEFAULT) or DEFAULT


def _remember(response: Response) -> Response:
    asked = request.args.get("lang")
    if asked in LANGUAGES and asked != choice("lang"):
        put_choice(response, "lang", asked)
    return response
