"""The doors to invoices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request, url_for

from app.blueprints.invoices.answer import answer
from app.blueprints.invoices.exchanges import exchanges
from app.blueprints.invoices.filter_bar import filter_bar, left_out, unpaid, view_bar
from app.blueprints.invoices.forms import (
    USUAL,
    as_amount,
    as_query,
    as_view,
    in_todays_words,
    parse_columns,
    parse_filter,
    parse_sort,
)
from app.domain.permission import Permission
from app.queries import invoice_papers, invoices, one_invoice, paper, saved_views
from app.queries.sorting import Mark
from app.queries.typed_amount import whole_amount_of
from app.queries.why_not_paid import why_not_paid
from app.web import paper as on_paper
from app.web.address import KEY
from app.web.guards import needs, operator
from app.web.htmx import render, wants_fragment
from app.web.trail import trail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MultiDict
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.queries.saved_views import ViewRow

blueprint = Blueprint("invoices", __name__, url_prefix="/invoices")


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the list, or only its rows."""
    args: MultiDict[str, str] = request.args
    services = invoices.services()
    wanted = parse_filter(args, services)
    after = Mark.parse(args.get("after", ""))
    usual = _usual_columns()
    sort, columns = parse_sort(args), parse_columns(args, usual)
    query = as_query(wanted) | as_view(sort, columns, usual)
    found = invoices.search(wanted, after, sort=sort)
    fragment = "invoices/_rows.html" if after else "invoices/_results.html"
    return render(
        "invoices/index.html",
        fragment,
        address=None if after else url_for("invoices.index", **query),
        page=found,
        bar=filter_bar(services, found, wanted, sort, columns),
        views=view_bar(_saved(services), wanted, sort, columns, usual) if after is None else None,
        unpaid=None if wants_fragment() else unpaid(),
        left_out=[] if after else left_out(args, wanted),
        wanted=wanted,
        amount=as_amount(whole_amount_of(wanted.text)),
        query=query,
        cursor=after,
        sort=sort,
        columns=columns,
    )


@blueprint.get(f"/<{KEY}:number>")
@needs(Permission.VIEW)
def show(number: int) -> str:
    """Show one invoice: the answer in a sentence, the money trail, facts, lines, books and deliveries."""
    found = one_invoice.detail(number)
    return render_template(
        "invoices/show.html",
        found=found,
        answer=answer(found, why_not_paid(found.invoice)),
        trail=trail(found),
        papers=invoice_papers.of_invoice(found.invoice.id, found.payments),
    )


@blueprint.get(f"/<{KEY}:number>/exchanges")
@needs(Permission.VIEW)
def exchanges_index(number: int) -> str:
    """Show what was said between us and the outside about this invoice, or about one part of it, as it was said."""
    found = one_invoice.detail(number)
    papers = invoice_papers.of_invoice(found.invoice.id, found.payments)
    said = exchanges(found, papers.documents)
    of = request.args.get("of", "")
    wanted = [each for each in said if each.of == of]
    return render_template("invoices/exchanges.html", found=found, exchanges=wanted or said, is_part=bool(wanted))


@blueprint.get(f"/<{KEY}:number>/pdf")
@needs(Permission.VIEW)
def download(number: int) -> WerkzeugResponse:
    """Show the invoice as it is given to its payer."""
    return on_paper.invoice(paper.of_invoice(number), back=url_for("invoices.show", number=number))


def _saved(services: Sequence[str]) -> list[ViewRow]:
    """Return the views this person may open, those that were saved long ago in the words of today, too."""
    return [
        replace(each, query=in_todays_words(each.query, services))
        for each in saved_views.offered_to(operator().operator_id)
    ]


def _usual_columns() -> tuple[str, ...]:
    """Return the columns of an address that says none: those this person likes, or ours."""
    liked = saved_views.columns_of(operator().operator_id)
    return USUAL if liked is None else liked
