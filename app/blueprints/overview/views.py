"""The doors to the overview."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request

from app.blueprints.overview import links
from app.blueprints.overview.forms import (
    FIELD,
    months_understood,
    moves_understood,
    parse_cursor,
    parse_month,
    parse_moved,
)
from app.blueprints.overview.home import home
from app.blueprints.overview.month import as_csv, month_page
from app.blueprints.overview.month import payers as payers_of
from app.domain.permission import Permission
from app.queries import invoices, money_moved
from app.queries.paging import Cursor
from app.web.filters import grouped, summed
from app.web.guards import needs
from app.web.htmx import render
from app.web.service_names import choices
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext
from app.web.unknown_parameters import misread_words
from app.web.words import movement_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.queries.money_moved import Sum

blueprint = Blueprint("overview", __name__, url_prefix="/overview")


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> str:
    """Show what came, what is owed, what waits and how everything is doing."""
    return render_template("overview/index.html", home=home())


@blueprint.get("/month")
@needs(Permission.VIEW)
def month() -> str:
    """Show how much came in a month, from whom, and what is missing."""
    left_out = misread_words(request.args, months_understood(request.args), FIELD)
    return render_template("overview/month.html", page=month_page(parse_month(request.args)), left_out=left_out)


@blueprint.get("/payers")
@needs(Permission.VIEW)
def payers() -> Response:
    """Show of whom most came in a month; the page of the month fetches it after itself."""
    found = payers_of(parse_month(request.args), parse_cursor(request.args.get("after", "")))
    rows = "overview/_payers.html" if found.is_first else "overview/_payer_rows.html"
    return render("overview/payers.html", rows, found=found)


@blueprint.get("/month.csv")
@needs(Permission.EXPORT)
def month_csv() -> Response:
    """Return the month for a spreadsheet."""
    wanted = parse_month(request.args)
    response = Response(as_csv(wanted), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="month-{wanted.code}.csv"'
    return response


@blueprint.get("/movements")
@needs(Permission.VIEW)
def movements() -> Response:
    """List money that came and went: the rows behind the sums."""
    gateways, services = money_moved.gateways(), invoices.services()
    wanted = parse_moved(request.args, gateways, services)
    cursor = Cursor.parse(request.args.get("after", ""))
    totals, page = ([], money_moved.page(wanted, cursor)) if cursor else money_moved.first_page(wanted)
    return render(
        "overview/movements.html",
        "overview/_movements.html",
        page=page,
        wanted=wanted,
        cursor=cursor,
        gateways=gateways,
        services=choices(services),
        summary=_summary(totals),
        of_all=links.moved(replace(wanted, payer=None)),
        moved=links.moved,
        word=movement_word,
        left_out=[] if cursor else misread_words(request.args, moves_understood(request.args, wanted), FIELD),
    )


def _summary(totals: Sequence[Sum]) -> str:
    payments, returns = sum(each.payments for each in totals), sum(each.returns for each in totals)
    came = summed((each.in_minor, each.currency) for each in totals)
    back = summed((each.back_minor, each.currency) for each in totals)
    return _(
        "%(payments)s, %(came)s; %(returns)s, %(back)s",
        payments=ngettext("%(many)s payment", "%(many)s payments", payments, many=grouped(payments)),
        came=came,
        returns=ngettext("%(many)s return", "%(many)s returns", returns, many=grouped(returns)),
        back=back,
    )
