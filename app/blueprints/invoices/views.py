"""The doors to invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request, url_for

from app.blueprints.invoices.answer import answer
from app.blueprints.invoices.bar import filter_bar
from app.blueprints.invoices.exchanges import exchanges
from app.blueprints.invoices.forms import as_query, as_view, parse_columns, parse_filter, parse_sort
from app.blueprints.invoices.trail import trail
from app.domain.permission import Permission
from app.queries import invoices
from app.queries.sorting import Mark
from app.queries.why_not_paid import why_not_paid
from app.web.address import KEY
from app.web.guards import needs
from app.web.htmx import render

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

blueprint = Blueprint("invoices", __name__, url_prefix="/invoices")


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the list, or only its rows."""
    args: MultiDict[str, str] = request.args
    services = invoices.services()
    wanted = parse_filter(args, services)
    after = Mark.parse(args.get("after", ""))
    sort, columns = parse_sort(args), parse_columns(args)
    query = as_query(wanted) | as_view(sort, columns)
    found = invoices.search(wanted, after, sort=sort)
    fragment = "invoices/_rows.html" if after else "invoices/_results.html"
    return render(
        "invoices/index.html",
        fragment,
        address=None if after else url_for("invoices.index", **query),
        page=found,
        bar=filter_bar(services, found.count, wanted, sort, columns),
        wanted=wanted,
        query=query,
        cursor=after,
        sort=sort,
        columns=columns,
    )


@blueprint.get(f"/<{KEY}:number>")
@needs(Permission.VIEW)
def show(number: int) -> str:
    """Show one invoice: the answer in a sentence, the money trail, facts, lines, books and deliveries."""
    found = invoices.detail(number)
    return render_template(
        "invoices/show.html", found=found, answer=answer(found, why_not_paid(found.invoice)), trail=trail(found)
    )


@blueprint.get(f"/<{KEY}:number>/exchanges")
@needs(Permission.VIEW)
def exchanges_index(number: int) -> str:
    """Show what was said between us and the outside about this invoice, as it was said."""
    found = invoices.detail(number)
    return render_template("invoices/exchanges.html", found=found, exchanges=exchanges(found))
