"""Everything the pages need, in one call of the factory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web import (
    address,
    assets,
    csrf,
    directions,
    document_words,
    event_words,
    fault_words,
    filters,
    headers,
    htmx,
    import_words,
    kept_words,
    language,
    navigation,
    page_sessions,
    paper,
    payment_letter,
    roles,
    task_words,
    theme,
    translation,
    vat_words,
)

if TYPE_CHECKING:
    from flask import Flask

PARTS = (
    headers,
    assets,
    page_sessions,
    csrf,
    document_words,
    event_words,
    fault_words,
    htmx,
    import_words,
    kept_words,
    language,
    translation,
    directions,
    navigation,
    paper,
    payment_letter,
    theme,
    filters,
    address,
    roles,
    task_words,
    vat_words,
)


def install(app: Flask) -> None:
    """Install headers, static files, form protection, languages, themes and the helpers of the templates."""
    for part in PARTS:
        part.install(app)
