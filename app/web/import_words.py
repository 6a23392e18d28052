"""What people read about imports: what was brought, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from flask import Flask

    from app.models.import_batch import ImportBatch

NAME = {"invoices": _("Import of invoices"), "references": _("Import of references")}
MOVE = _("the move from the system before")


def install(app: Flask) -> None:
    """Give templates the words."""
    for each in (import_name, brought_by):
        app.jinja_env.filters[each.__name__] = each


def import_name(kind: str) -> str:
    """Return what an import is called."""
    return str(NAME.get(kind, kind))


def brought_by(batch: ImportBatch) -> str:
    """Return who brought it: a service by its code."""
    return str(MOVE) if batch.source == "legacy" else batch.actor.partition(":")[2]
