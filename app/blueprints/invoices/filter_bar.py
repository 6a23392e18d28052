"""What stands around the list: the choices of the filter, and the counts in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flask import url_for

from app.blueprints.invoices.forms import CHOICES, PERIODS, as_query, as_view, whole_query
from app.models.invoice import KINDS
from app.queries import invoices
from app.queries.sorting import Sort
from app.web import words
from app.web.filters import money
from app.web.invoice_parameters import NAMES, as_switch, in_todays_names
from app.web.period_words import PERIOD
from app.web.ranges import Range, ends
from app.web.service_names import choices
from app.web.task_words import KIND_OF_INVOICE
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext
from app.web.translation import translate_later
from app.web.unknown_parameters import misread_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MultiDict

    from app.queries.invoice_filter import InvoiceFilter
    from app.queries.invoice_row import InvoiceRow
    from app.queries.paging import Count, Page
    from app.queries.saved_views import ViewRow

NBSP = "\N{NO-BREAK SPACE}"
# How the heading of each column orders the list when it is pressed first; pressed again it turns it.
FIRST_CLICKS = (
    Sort.NEWEST,
    Sort.DEAREST,
    Sort.PAID_LAST,
    Sort.DUE_FIRST,
    Sort.HIGHEST_NUMBER,
    Sort.FIRST_NAME,
)
COLUMN = {
    "email": translate_later("E-mail"),
    "description": translate_later("Description"),
    "kind": translate_later("Kind"),
    "reference": translate_later("Reference"),
    "due": translate_later("Due"),
    "paid": translate_later("Paid"),
    "received": translate_later("Received"),
    "owed": translate_later("Still owed"),
}


# What the fields of the filter are called, by the name or its beginning.
FIELD = {
    "q": translate_later("Search"),
    "status": translate_later("Status"),
    "service": translate_later("Service"),
    "kind": translate_later("Kind"),
    "number": translate_later("Number"),
    "reference_number": translate_later("Reference"),
    "customer_email": translate_later("E-mail"),
    "amount": translate_later("Amount"),
    "created": translate_later("Created"),
    "due": translate_later("Due"),
    "paid": translate_later("Paid"),
    "in_directo": translate_later("In Directo"),
    "e_invoice_sent": translate_later("E-invoice sent"),
}


class Group(NamedTuple):
    """Choices behind one button, as (value, words) pairs, and those that are chosen."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: Sequence[str]


class Order(NamedTuple):
    """Where the heading of a column leads, and how the list stands: ascending, descending or none."""

    address: str
    state: str


class Exact(NamedTuple):
    """What only an address asks for, no field of the bar: its name, its value, and both in words."""

    name: str
    value: str
    text: str


class FilterBar(NamedTuple):
    """What stands around the list; each count opens what it counted."""

    exact: list[Exact]
    groups: list[Group]
    ranges: list[Range]
    more_ranges: list[Range]
    more_groups: list[Group]
    columns: Group
    orders: dict[str, Order]
    count_text: str

    @property
    def more_said(self) -> str:
        """Return which of what stands behind the last button is chosen."""
        ranges = [each.label for each in self.more_ranges if each.said]
        return ", ".join(ranges + [each.label for each in self.more_groups if each.chosen])

    @staticmethod
    def kind_word(kind: str) -> str:
        """Return the word for a kind of invoice."""
        return str(KIND_OF_INVOICE.get(kind, kind))


class Unpaid(NamedTuple):
    """What is owed in a sentence, and where its rows are."""

    text: str
    address: str


class View(NamedTuple):
    """A saved view as it is offered; `owner` is who saved it."""

    id: int
    name: str
    is_own: bool
    owner: str
    address: str
    is_here: bool


class ViewBar(NamedTuple):
    """The saved views, and whether this list is worth a new one or its columns are worth remembering."""

    rows: list[View]
    is_new: bool
    columns_differ: bool


def left_out(args: MultiDict[str, str], wanted: InvoiceFilter) -> list[str]:
    """Return what was asked and not understood, in words."""
    return misread_words(in_todays_names(args), as_query(wanted), FIELD)


def filter_bar(
    services: Sequence[str], found: Page[InvoiceRow], wanted: InvoiceFilter, sort: Sort, columns: Sequence[str]
) -> FilterBar:
    """Return the bar for a list that begins with these invoices."""
    query = as_query(wanted)
    amounts = ends(NAMES["least_minor"], NAMES["most_minor"], query)
    return FilterBar(
        exact=_exact(query),
        groups=[
            Group(
                "status",
                _("Status"),
                [(str(key), str(word.label)) for key, word in words.INVOICE.items()],
                wanted.statuses,
            ),
            Group("service", _("Service"), choices(services), wanted.services),
        ],
        ranges=[_days(_("Created"), "created", query), Range(_("Amount"), *amounts, "amount")],
        more_ranges=[_days(_("Paid"), "paid", query), _days(_("Due"), "due", query)],
        more_groups=_more(wanted),
        columns=Group("column", _("Columns"), [(each, str(COLUMN[each])) for each in CHOICES], columns),
        orders=_orders(wanted, sort, columns),
        count_text=_matching(found.count, found.sums) if wanted else _all(found.count),
    )


def _chosen(switch: bool | None) -> list[str]:  # noqa: FBT001 - the value of a filter
    said = as_switch(switch)
    return [said] if said else []


def _exact(query: dict[str, str]) -> list[Exact]:
    """Return what only an address can ask: no field of the page has it."""
    names = (NAMES[part] for part in ("number", "reference", "email"))
    return [
        Exact(name, query[name], _("%(field)s “%(value)s”", field=FIELD[name], value=query[name]))
        for name in names
        if name in query
    ]


def _days(label: str, name: str, query: dict[str, Any]) -> Range:
    periods = tuple((str(each), str(PERIOD[each])) for each in PERIODS[name])
    return Range(label, *ends(f"{name}_from", f"{name}_to", query), "date", name, periods, query.get(name, ""))


def _more(wanted: InvoiceFilter) -> list[Group]:
    either = [(as_switch(True), _("yes")), (as_switch(False), _("no"))]  # noqa: FBT003 - the value of a filter
    return [
        Group("kind", _("Kind"), [(kind, str(KIND_OF_INVOICE[kind])) for kind in KINDS], wanted.kinds),
        Group(NAMES["in_directo"], _("In Directo"), either, _chosen(wanted.in_directo)),
        Group(NAMES["e_invoice_sent"], _("E-invoice sent"), either, _chosen(wanted.e_invoice_sent)),
    ]


def _orders(wanted: InvoiceFilter, sort: Sort, columns: Sequence[str]) -> dict[str, Order]:
    found = {}
    for first in FIRST_CLICKS:
        here = first.by == sort.by
        wish = sort.turned() if here else first
        state = ("descending" if sort.falls else "ascending") if here else "none"
        found[first.by] = Order(url_for("invoices.index", **as_query(wanted), **as_view(wish, tuple(columns))), state)
    return found


def _matching(found: Count, sums: Sequence[tuple[str, int]]) -> str:
    said = ngettext("%(many)s invoice matches", "%(many)s invoices match", found.number, many=_written(found))
    return ", ".join([said, _("%(sums)s in all", sums=_added(sums))]) if sums else said


def _added(sums: Sequence[tuple[str, int]]) -> str:
    return ", ".join(money(minor, currency) for currency, minor in sums)


def _all(found: Count) -> str:
    return ngettext("%(many)s invoice", "%(many)s invoices", found.number, many=_written(found))


def unpaid() -> Unpaid:
    """Return how many invoices are unpaid and for how much; the sum is left out where they are too many to add up."""
    found = invoices.owed(invoices.OPEN)
    wanted = invoices.OPEN
    address = url_for("invoices.index", status=wanted.statuses, kind=wanted.kinds, column=["reference", "owed"])
    if not found.many.number:
        return Unpaid(_("Nothing is unpaid"), address)
    if found.many.is_capped:
        return Unpaid(_unpaid(found.many), address)
    return Unpaid(
        ngettext(
            "%(many)s invoice is unpaid, for %(sums)s",
            "%(many)s invoices are unpaid, for %(sums)s",
            found.many.number,
            many=_written(found.many),
            sums=_added(found.sums),
        ),
        address,
    )


def view_bar(
    saved: Sequence[ViewRow], wanted: InvoiceFilter, sort: Sort, columns: tuple[str, ...], usual: tuple[str, ...]
) -> ViewBar:
    """Return the saved views beside a list; the one that is shown is known by its address."""
    here = whole_query(wanted, sort, columns)
    rows = [
        View(
            each.id, each.name, each.is_own, each.owner, f"{url_for('invoices.index')}?{each.query}", each.query == here
        )
        for each in saved
    ]
    asks = bool(wanted) or sort is not Sort.NEWEST or columns != usual
    return ViewBar(rows, asks and not any(each.is_here for each in rows), columns != usual)


def _unpaid(found: Count) -> str:
    return ngettext("%(many)s invoice is unpaid", "%(many)s invoices are unpaid", found.number, many=_written(found))


def _written(found: Count) -> str:
    return f"{found.number:,}".replace(",", NBSP) + ("+" if found.is_capped else "")
