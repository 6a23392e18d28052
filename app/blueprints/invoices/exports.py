"""The doors to exports: what will be written, and writing it at once or as a task."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Response, request, stream_with_context, url_for

from app.blueprints.invoices.selections import address, as_fields, key_of_form, parse_selection
from app.blueprints.invoices.views import blueprint
from app.domain.errors import Invalid
from app.domain.permission import Permission
from app.domain.tallinn import TALLINN
from app.domain.task import TaskKind
from app.queries import invoice_selection, invoices
from app.queries.concerned_payers import ConcernedPayers, concerned_payers
from app.queries.invoice_export import COLUMNS
from app.services import exports, sheet_parquet, tasks
from app.web import typed, words
from app.web.guards import needs, operator
from app.web.htmx import render, see_other
from app.web.limits import EXPORTS, check
from app.web.service_names import choices
from app.web.task_words import EXPORT_TITLES, KIND_OF_INVOICE
from app.web.translation import translate as _

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.queries.invoice_selection import Selection

FORMATS = {
    "csv;": (exports.CSV, ";"),
    "csv,": (exports.CSV, ","),
    "xlsx": (exports.XLSX, ""),
    "parquet": (exports.PARQUET, ""),
}


@blueprint.get("/exports/new")
@needs(Permission.EXPORT)
def new_export() -> Response:
    """Ask how the invoices of this list are to be written."""
    selection = parse_selection(request.args)
    found = invoice_selection.count(selection)
    return render(
        "invoices/new_export.html",
        "invoices/_export.html",
        fields=as_fields(selection),
        found=found,
        concerned=ConcernedPayers() if found.is_capped else concerned_payers(selection),
        at_once=not found.is_capped and found.number <= exports.AT_ONCE_ROWS,
        back=address(selection),
        key=typed.new_key(),
        has_parquet=sheet_parquet.is_installed(),
    )


@blueprint.post("/exports")
@needs(Permission.EXPORT)
def create_export() -> WerkzeugResponse:
    """Send a small CSV at once; begin a task for everything else. Raises Invalid for a format we do not write."""
    selection = parse_selection(request.form)
    chosen = FORMATS.get(request.form.get("format", ""))
    if chosen is None:
        raise Invalid.field("format", _("is none of those offered"))
    if chosen[0] == exports.PARQUET and not sheet_parquet.is_installed():
        raise Invalid.field("format", _("needs the package pyarrow, which is not installed here"))
    who, key = operator(), key_of_form()
    check(EXPORTS, str(who.session_id))
    form, separator = chosen
    wish = _wish(selection, form, separator)
    found = invoice_selection.count(selection)
    if form == exports.CSV and not found.is_capped and found.number <= exports.AT_ONCE_ROWS:
        response = Response(
            stream_with_context(exports.stream(wish, operator_id=who.operator_id)),
            content_type="text/csv; charset=utf-8",
        )
        response.headers["Content-Disposition"] = f'attachment; filename="{wish["file"]}.csv"'
        return response
    task = tasks.start(TaskKind.EXPORT, wish, operator_id=who.operator_id, key=key, total=found.number)
    return see_other(url_for("tasks.show", task_id=task))


def _wish(selection: Selection, form: str, separator: str) -> dict[str, Any]:
    """Return what is asked for, frozen with its words: who writes it later speaks no language."""
    statuses = {status: str(word.label) for status, word in words.INVOICE.items()}
    kinds = {kind: str(word) for kind, word in KIND_OF_INVOICE.items()}
    names = {f"service:{code}": name for code, name in choices(invoices.services())}
    return {
        "selection": selection.said(),
        "address": address(selection),
        "format": form,
        "separator": separator,
        "title": _("Invoices"),
        "file": f"invoices-{datetime.now(UTC).astimezone(TALLINN):%Y-%m-%d-%H%M}",
        "titles": [str(EXPORT_TITLES[each]) for each in COLUMNS],
        "words": sheet_parquet.WORDS
        if form == exports.PARQUET
        else statuses | kinds | names | {"yes": _("yes"), "no": _("no")},
    }
