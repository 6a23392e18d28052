"""The doors to deposits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, render_template, request, url_for

from app.domain.deposit import DepositStatus
from app.domain.invoice import InvoiceStatus as S
from app.domain.permission import Permission
from app.queries import deposits
from app.queries.deposits import DepositFilter
from app.queries.paging import Cursor
from app.web import words
from app.web.address import KEY
from app.web.filters import counted
from app.web.guards import needs
from app.web.htmx import render
from app.web.translation import translate_count as ngettext
from app.web.translation import translate_later as _
from app.web.unknown_parameters import misread_words
from app.web.words import Word

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

blueprint = Blueprint("deposits", __name__, url_prefix="/deposits")

LONGEST = 80
# What the fields of the filter are called.
FIELD = {"q": _("Search"), "status": _("Deposit"), "money": _("Money")}
# What the auction says of a deposit.
STATUS: dict[str, Word] = {
    DepositStatus.PREPAYMENT: Word(_("Waits for payment"), "mute"),
    DepositStatus.PAID: Word(_("Deposited"), "good"),
    DepositStatus.RETURNED: Word(_("Returned, says the auction"), "off"),
}
# What became of the money.
MONEY = (S.UNPAID, S.PENDING, S.CHARGED_WITH_ERROR, S.PAID, S.PARTIALLY_REFUNDED, S.REFUNDED, S.IN_PROTEST,
         S.CHARGEBACK, S.CANCELLED)  # fmt: skip
HOLDING = {S.PAID, S.PARTIALLY_REFUNDED}


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the list, or only its rows."""
    wanted = _filter(request.args)
    cursor = Cursor.parse(request.args.get("after", ""))
    page = deposits.search(wanted, cursor)
    query = _query(wanted)
    return render(
        "deposits/index.html",
        "deposits/_rows.html" if cursor else "deposits/_results.html",
        address=None if cursor else url_for("deposits.index", **query),
        page=page,
        wanted=wanted,
        query=query,
        cursor=cursor,
        left_out=[] if cursor else misread_words(request.args, query, FIELD),
        status_words=STATUS,
        statuses=[(str(code), str(word.label)) for code, word in STATUS.items()],
        money_choices=[(str(code), str(words.INVOICE[code].label)) for code in MONEY],
        count_text=ngettext("%(many)s deposit", "%(many)s deposits", page.count.number, many=counted(page.count)),
    )


@blueprint.get(f"/<{KEY}:deposit_id>")
@needs(Permission.VIEW)
def show(deposit_id: int) -> str:
    """Show one deposit, its money, and this user's others for the same domain."""
    found = deposits.detail(deposit_id)
    return render_template(
        "deposits/show.html", found=found, status_words=STATUS, holds_money=found.invoice.status in HOLDING
    )


def _filter(args: MultiDict[str, str]) -> DepositFilter:
    statuses, money = args.getlist("status"), args.getlist("money")
    return DepositFilter(
        text="".join(letter for letter in args.get("q", "") if letter.isprintable()).strip()[:LONGEST],
        statuses=tuple(str(code) for code in STATUS if code in statuses),
        money=tuple(str(code) for code in MONEY if code in money),
    )


def _query(wanted: DepositFilter) -> dict[str, Any]:
    said = {"q": wanted.text, "status": list(wanted.statuses), "money": list(wanted.money)}
    return {name: value for name, value in said.items() if value}
