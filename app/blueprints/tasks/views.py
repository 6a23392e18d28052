"""The doors to long work: everybody sees their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, render_template, request, stream_with_context, url_for
from werkzeug.exceptions import Gone

from app.domain.permission import Permission
from app.domain.task import ENDED
from app.queries import tasks as task_queries
from app.services import tasks
from app.web.address import KEY, key_in_query
from app.web.guards import needs, operator
from app.web.htmx import render, see_other
from app.web.task_words import VERDICT
from app.web.translation import translate as _

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.models.task import Task

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FIRST_WAIT_S, LONGEST_WAIT_S = 1, 5


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show what the person has started, newest first."""
    before = key_in_query("before")
    rows, after = task_queries.of_operator(operator().operator_id, before)
    fragment = "tasks/_rows.html" if before else "tasks/index.html"
    return render("tasks/index.html", fragment, rows=rows, after=after, has_file=task_queries.has_file)


@blueprint.get(f"/<{KEY}:task_id>")
@needs(Permission.VIEW)
def show(task_id: int) -> str:
    """Show one task: how far it is, what it made, what became of each invoice."""
    return render_template("tasks/show.html", **_shown(task_id, FIRST_WAIT_S))


@blueprint.get(f"/<{KEY}:task_id>/progress")
@needs(Permission.VIEW)
def progress(task_id: int) -> WerkzeugResponse:
    """Show how far a task is; each answer asks for the next one a little later, the last for none."""
    wait_s = min(max(request.args.get("wait", FIRST_WAIT_S, type=int) + 1, FIRST_WAIT_S), LONGEST_WAIT_S)
    shown = _shown(task_id, wait_s)
    if shown["ended"]:
        return see_other(url_for("tasks.show", task_id=task_id))
    return render("tasks/show.html", "tasks/_progress.html", **shown)


@blueprint.get(f"/<{KEY}:task_id>/results")
@needs(Permission.VIEW)
def results(task_id: int) -> Response:
    """Show what became of each invoice, or of those that ended one way."""
    return render("tasks/show.html", "tasks/_results.html", **_shown(task_id, FIRST_WAIT_S))


@blueprint.post(f"/<{KEY}:task_id>/stops")
@needs(Permission.VIEW)
def create_stop(task_id: int) -> WerkzeugResponse:
    """Stop a task of one's own after the part it is at."""
    tasks.stop(task_id, operator().operator_id)
    flash(_("It stops after the part it is at. What is done stays done."))
    return see_other(url_for("tasks.show", task_id=task_id))


@blueprint.get(f"/<{KEY}:task_id>/file")
@needs(Permission.EXPORT)
def download(task_id: int) -> Response:
    """Send the file of a task, piece by piece. Raises Gone when its time is over."""
    task = task_queries.one(task_id, operator().operator_id)
    if not task_queries.has_file(task):
        raise Gone(_("This file is not kept any more, or was never made. Start the export again."))
    response = Response(stream_with_context(task_queries.content(task_id)), content_type=MEDIA[task.request["format"]])
    response.headers["Content-Disposition"] = f'attachment; filename="{task.file_name}"'
    if task.file_bytes is not None:
        response.content_length = task.file_bytes
    return response


def _shown(task_id: int, wait_s: int) -> dict[str, Any]:
    task: Task = task_queries.one(task_id, operator().operator_id)
    verdict = request.args.get("verdict")
    verdict = verdict if verdict in VERDICT else None
    found, after = task_queries.results(task_id, verdict, key_in_query("after") or 0)
    return {
        "task": task,
        "wait_s": wait_s,
        "ended": task.state in ENDED,
        "has_file": task_queries.has_file(task),
        "verdict": verdict,
        "verdicts": task_queries.verdicts(task_id),
        "verdict_words": VERDICT,
        "results": found,
        "results_after": after,
    }
