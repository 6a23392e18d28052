"""Every word for people passes here, in the language Flask-Babel found; typed, which that package is not."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flask_babel
from babel.support import Translations
from flask import g
from flask_babel import LazyString

from app.web.directions import isolated_parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from gettext import NullTranslations

    from flask import Flask

# A page says two hundred texts, and Flask-Babel would look for the request three times for each.
FOLDER = Path(__file__).parents[1] / "translations"


def install(app: Flask) -> None:
    """Let templates read the catalogues from here, too; call it when Flask-Babel has been installed."""
    environment: Any = app.jinja_env
    environment.install_gettext_callables(
        lambda text: _catalogue().gettext(text),
        lambda one, many, number: _catalogue().ngettext(one, many, number),
        newstyle=True,
    )


def spoken() -> str:
    """Return the language of the moment, such as `et`: of the request, or of the paper being written; else nothing."""
    try:
        return str(g.spoken)
    except AttributeError:
        g.spoken = flask_babel.get_locale().language
        return str(g.spoken)
    except RuntimeError:  # a command, which no one asked for in a language
        return ""


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say everything in this language meanwhile, whichever the request has."""
    before = spoken()
    with flask_babel.force_locale(language):  # noqa: TID251 - here, and nowhere else
        g.spoken = language
        try:
            yield
        finally:
            g.spoken = before


def translate(text: str, /, **parts: Any) -> str:
    """Return the text in the language of the request, with its `%(name)s` parts filled in."""
    said = _catalogue().gettext(text)
    return said % isolated_parts(parts) if parts else said


def translate_count(one: str, many: str, number: int, /, **parts: Any) -> str:
    """Return the form of the text that fits the number, which is `%(num)s` in it."""
    return _catalogue().ngettext(one, many, number) % {"num": number, **isolated_parts(parts)}


def translate_later(text: str) -> LazyString:
    """Return the text to be translated when it is shown, for tables made at import."""
    return LazyString(translate, text)


def as_it_is(text: str) -> str:
    """Return the text unchanged: it is for translators to find, and is translated where it is shown."""
    return text


@cache
def _texts(language: str) -> NullTranslations:
    return Translations.load(FOLDER, [language])


def _catalogue() -> NullTranslations:
    """Return the texts of the language of the moment; as they are where nothing is spoken."""
    return _texts(spoken())
