"""The doors to saved views of the list, and to the columns somebody likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import Response, flash, request, url_for
from werkzeug.datastructures import MultiDict

from app.blueprints.invoices.forms import USUAL, as_query, as_view, parse_columns, parse_filter, parse_sort, whole_query
from app.blueprints.invoices.views import blueprint
from app.domain.permission import Permission
from app.queries import invoices, saved_views
from app.services import saved_views as verbs
from app.services.saved_views import NameTaken, TooManyViews
from app.web.address import KEY
from app.web.guards import needs, operator
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

LONGEST_NAME = 60
LONGEST_QUERY = 4000


@blueprint.get("/views/new")
@needs(Permission.VIEW)
def new_view() -> Response:
    """Ask for the name of the list that is shown."""
    return _form(None, {"query": _query(request.args)}, {})


@blueprint.post("/views")
@needs(Permission.VIEW)
def create_view() -> WerkzeugResponse:
    """Keep the list under a name."""
    typed = Typed(request.form)
    name = typed.text("name", least=1, most=LONGEST_NAME)
    said = MultiDict(parse_qsl(request.form.get("query", "")[:LONGEST_QUERY]))
    query, is_shared = _query(said), "shared" in request.form
    values = {"name": typed.value("name"), "query": query, "shared": is_shared}
    if typed.faults:
        return _form(None, values, typed.faults)
    try:
        verbs.save(operator().operator_id, name, query, is_shared=is_shared)
    except NameTaken:
        return _form(None, values, {"name": _("You have another view of this name")}, 409)
    except TooManyViews:
        return _form(None, values, {"name": _("You have too many views: take one away first")}, 409)
    flash(_("The view “%(name)s” is saved.", name=name))
    return see_other(_address(query))


@blueprint.get(f"/views/<{KEY}:view_id>/edit")
@needs(Permission.VIEW)
def edit_view(view_id: int) -> Response:
    """Ask for another name of one's own view, or take it away."""
    view = saved_views.own(operator().operator_id, view_id)
    return _form(view_id, {"name": view.name, "query": view.query, "shared": view.is_shared}, {})


@blueprint.post(f"/views/<{KEY}:view_id>")
@needs(Permission.VIEW)
def update_view(view_id: int) -> WerkzeugResponse:
    """Give one's own view another name, or show it to everybody or to nobody else."""
    view = saved_views.own(operator().operator_id, view_id)
    typed = Typed(request.form)
    name, is_shared = typed.text("name", least=1, most=LONGEST_NAME), "shared" in request.form
    values = {"name": typed.value("name"), "query": view.query, "shared": is_shared}
    if typed.faults:
        return _form(view_id, values, typed.faults)
    try:
        verbs.change(operator().operator_id, view_id, name, is_shared=is_shared)
    except NameTaken:
        return _form(view_id, values, {"name": _("You have another view of this name")}, 409)
    flash(_("The view “%(name)s” is saved.", name=name))
    return see_other(_address(view.query))


@blueprint.post(f"/views/<{KEY}:view_id>/retirement")
@needs(Permission.VIEW)
def create_retirement(view_id: int) -> WerkzeugResponse:
    """Take one's own view away; the message that says so brings it back."""
    name = verbs.retire(operator().operator_id, view_id)
    flash(
        _("The view “%(name)s” is taken away.", name=name),
        category=url_for("invoices.create_restoration", view_id=view_id),
    )
    return see_other(url_for("invoices.index"))


@blueprint.post(f"/views/<{KEY}:view_id>/restoration")
@needs(Permission.VIEW)
def create_restoration(view_id: int) -> WerkzeugResponse:
    """Bring one's own view back."""
    verbs.restore(operator().operator_id, view_id)
    view = saved_views.own(operator().operator_id, view_id)
    flash(_("The view “%(name)s” is back.", name=view.name))
    return see_other(_address(view.query))


@blueprint.post("/columns")
@needs(Permission.VIEW)
def update_columns() -> WerkzeugResponse:
    """Remember the columns that are shown as those this person likes to see."""
    columns = parse_columns(request.form)
    verbs.remember_columns(operator().operator_id, columns)
    flash(_("These columns are shown from now on."))
    asked = parse_filter(request.form, invoices.services())
    return see_other(
        url_for("invoices.index", **as_query(asked), **as_view(parse_sort(request.form), columns, columns))
    )


def _query(args: MultiDict[str, str]) -> str:
    """Return the list an address shows in the one way to write it."""
    usual = saved_views.columns_of(operator().operator_id)
    columns = parse_columns(args, USUAL if usual is None else usual)
    return whole_query(parse_filter(args, invoices.services()), parse_sort(args), columns)


def _address(query: str) -> str:
    return f"{url_for('invoices.index')}?{query}"


def _form(view_id: int | None, values: dict[str, Any], faults: dict[str, str], status: int = 422) -> Response:
    response = render(
        "invoices/view.html",
        "invoices/_view.html",
        view_id=view_id,
        values=values,
        faults=faults,
        back=_address(values["query"]),
    )
    response.status_code = status if faults else 200
    return response
