"""The doors to imports: how far one is, what came, what was left out and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request, url_for

from app.domain.import_run import RunState
from app.domain.permission import Permission
from app.queries import imports as import_queries
from app.web.address import KEY, key_in_query
from app.web.guards import needs
from app.web.htmx import render, see_other

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.models.import_batch import ImportBatch

blueprint = Blueprint("imports", __name__, url_prefix="/imports")

FIRST_WAIT_S, LONGEST_WAIT_S = 1, 5


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the imports, newest first."""
    before = key_in_query("before")
    rows, after = import_queries.latest(before)
    fragment = "imports/_rows.html" if before else "imports/index.html"
    return render("imports/index.html", fragment, rows=rows, after=after, left_out=left_out)


@blueprint.get(f"/<{KEY}:batch_id>")
@needs(Permission.VIEW)
def show(batch_id: int) -> Response:
    """Show one import: how far it is, or its result, the reasons, and the rows it brought."""
    fragment = "imports/_taken.html" if key_in_query("after") else "imports/show.html"
    return render("imports/show.html", fragment, **_shown(import_queries.one(batch_id), FIRST_WAIT_S))


@blueprint.get(f"/<{KEY}:batch_id>/progress")
@needs(Permission.VIEW)
def progress(batch_id: int) -> WerkzeugResponse:
    """Show how far an import is; each answer asks for the next one a little later, the last for none."""
    found = import_queries.one(batch_id)
    if found.state != RunState.RUNNING:
        return see_other(url_for("imports.show", batch_id=batch_id))
    wait_s = min(max(request.args.get("wait", FIRST_WAIT_S, type=int) + 1, FIRST_WAIT_S), LONGEST_WAIT_S)
    return render("imports/show.html", "imports/_progress.html", **_shown(found, wait_s))


def _shown(found: import_queries.Shown, wait_s: int) -> dict[str, Any]:
    batch = found.batch
    return {
        "batch": batch,
        "state": found.state,
        "told": found.progress,
        "wait_s": wait_s,
        "reasons": sorted(batch.counts.get("skipped", {}).items(), key=lambda each: (-each[1], each[0])),
        "left_out": left_out(batch),
        "taken": import_queries.taken(batch, key_in_query("after") or 0),
    }


def left_out(batch: ImportBatch) -> int:
    """Return how many rows of an import were not taken."""
    return sum(batch.counts.get("skipped", {}).values())
