"""Which invoices a form is about: what was picked in the list, or all that match its filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request, url_for

from app.blueprints.invoices.forms import USUAL, as_query, as_view, parse_filter, parse_sort
from app.domain.errors import Invalid
from app.queries import invoices
from app.queries.invoice_selection import Selection
from app.web.invoice_parameters import NAMES, in_todays_names
from app.web.translation import translate as _
from app.web.unknown_parameters import misread

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

MOST_PICKED = 500
LONGEST_KEY = 64
NUMBER = NAMES["number"]


def parse_selection(args: MultiDict[str, str]) -> Selection:
    """Return what is meant. Raises Invalid for what cannot have come from our list.

    Numbers are those that were picked; a list of one number has nothing else to pick from.
    """
    asked = in_todays_names(args)
    said = asked.poplist(NUMBER)
    wanted = parse_filter(asked, invoices.services())
    for name in misread(asked, {*as_query(wanted), "to"}):
        raise Invalid.field(name, _("is not understood, and without it more would be meant than you see"))
    if len(said) > MOST_PICKED:
        raise Invalid.field("number", _("are more than can be picked one by one: narrow the filter instead"))
    if not all(each.isascii() and each.isdigit() and len(each) < 19 for each in said):  # noqa: PLR2004 - a bigint
        raise Invalid.field("number", _("is not a number of an invoice"))
    return Selection(wanted, tuple(dict.fromkeys(map(int, said))), parse_sort(args))


def as_fields(selection: Selection) -> list[tuple[str, Any]]:
    """Return the selection as hidden fields of a form."""
    pairs = [(name, each) for name, value in _query(selection).items() for each in _listed(value)]
    return [*pairs, *(("number", each) for each in selection.numbers)]


def address(selection: Selection) -> str:
    """Return where the list shows what the selection was taken from."""
    return url_for("invoices.index", **_query(selection))


def key_of_form() -> str:
    """Return the key of the form that was sent. Raises Invalid when it is none of ours."""
    key = request.form.get("key", "")
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid.field("key", _("is missing: go back, reload the page and send it again"))
    return key


def _query(selection: Selection) -> dict[str, Any]:
    return as_query(selection.wanted) | as_view(selection.sort, USUAL)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
