"""Light, dark, or as the system is: remembered in a cookie and written into the page, so that nothing flashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.cookies import choice

if TYPE_CHECKING:
    from flask import Flask

THEMES = ("system", "light", "dark")


def install(app: Flask) -> None:
    """Give every template the variable `theme`."""
    app.context_processor(lambda: {"theme": current()})


def current() -> str:
    """Return the chosen theme, one of THEMES."""
    chosen = choice("theme")
    return chosen if chosen in THEMES else "system"
