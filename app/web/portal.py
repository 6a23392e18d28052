"""Everything the pages need, in one call of the factory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web import address, assets, csrf, filters, headers, htmx, language, navigation, roles, task_words, theme

if TYPE_CHECKING:
    from flask import Flask


def install(app: Flask) -> None:
    """Install headers, static files, form protection, languages, themes and the helpers of the templates."""
    parts = (headers, assets, csrf, htmx, language, navigation, theme, filters, address, roles, task_words)
    for part in parts:
        part.install(app)
