"""The doors to imports: what came, what was left out and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from app.domain.permission import Permission
from app.queries import imports as questions
from app.web.address import KEY
from app.web.guards import needs
from app.web.htmx import render

if TYPE_CHECKING:
    from app.models.import_batch import ImportBatch

blueprint = Blueprint("imports", __name__, url_prefix="/imports")


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the imports, newest first."""
    before = request.args.get("before", type=int)
    rows, after = questions.latest(before)
    fragment = "imports/_rows.html" if before else "imports/index.html"
    return render("imports/index.html", fragment, rows=rows, after=after, left_out=left_out)


@blueprint.get(f"/<{KEY}:batch_id>")
@needs(Permission.VIEW)
def show(batch_id: int) -> Response:
    """Show one import: its result, the reasons, and the rows it brought."""
    batch, after = questions.one(batch_id), request.args.get("after", 0, type=int)
    reasons = sorted(batch.counts.get("skipped", {}).items(), key=lambda each: (-each[1], each[0]))
    fragment = "imports/_taken.html" if after else "imports/show.html"
    taken = questions.taken(batch, after)
    return render("imports/show.html", fragment, batch=batch, reasons=reasons, left_out=left_out(batch), taken=taken)


def left_out(batch: ImportBatch) -> int:
    """Return how many rows of an import were not taken."""
    return sum(batch.counts.get("skipped", {}).values())
