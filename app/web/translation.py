"""Every word for people passes here: translated by Flask-Babel, and typed, which that package is not."""

from __future__ import annotations

from typing import Any

import flask_babel
from flask_babel import LazyString

from app.web.directions import isolated_parts


def translate(text: str, /, **parts: Any) -> str:
    """Return the text in the language of the request, with its `%(name)s` parts filled in."""
    return str(flask_babel.gettext(text, **isolated_parts(parts)))


def translate_count(one: str, many: str, number: int, /, **parts: Any) -> str:
    """Return the form of the text that fits the number, which is `%(num)s` in it."""
    return str(flask_babel.ngettext(one, many, number, **isolated_parts(parts)))


def translate_later(text: str) -> LazyString:
    """Return the text to be translated when it is shown, for tables made at import."""
    return flask_babel.lazy_gettext(text)


def as_it_is(text: str) -> str:
    """Return the text unchanged: it is for translators to find, and is translated where it is shown."""
    return text
