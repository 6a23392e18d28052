"""The four figures on top: what came, what is owed, what is asked, what waits for a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.blueprints.overview import links
from app.queries.invoice_filter import LATE
from app.queries.money_moved import IN, MovedFilter
from app.web.filters import grouped, summed
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.queries.money_moved import DaySum
    from app.queries.overview import Approvals, OpenSum, Questions
    from app.web.tallinn import Month


class Figure(NamedTuple):
    """A figure with its rows behind it, a note, and a part of it with rows of its own."""

    label: str
    value: str
    address: str | None
    note: str = ""
    more: str = ""
    more_address: str = ""


def came(sums: Sequence[DaySum], month: Month, today: date) -> Figure:
    """Return what came in this month so far."""
    ours = [each for each in sums if each.day >= month.first]
    payments = sum(each.payments for each in ours)
    return Figure(
        _("In this month"),
        summed((each.minor, each.currency) for each in ours),
        links.moved(MovedFilter(month.first, today, direction=IN)),
        ngettext("%(many)s payment", "%(many)s payments", payments, many=grouped(payments)),
    )


def owed(sums: Sequence[OpenSum]) -> Figure:
    """Return what is owed, and how many invoices of it are overdue."""
    invoices = sum(each.invoices for each in sums)
    late = sum(each.invoices for each in sums if each.overdue)
    return Figure(
        _("Unpaid"),
        summed((each.minor, each.currency) for each in sums),
        links.open_invoices(),
        ngettext("%(many)s invoice", "%(many)s invoices", invoices, many=grouped(invoices)),
        _("%(many)s overdue", many=grouped(late)) if late else "",
        links.open_invoices(due=LATE),
    )


def asked(found: Questions, today: date) -> Figure:
    """Return how many questions wait for a person, and since when."""
    if not found.open or found.oldest is None:
        return Figure(_("Questions"), "0", links.place("review_items.index"), _("nothing waits"))
    days = (today - found.oldest).days
    return Figure(
        _("Questions"),
        grouped(found.open),
        links.place("review_items.index"),
        ngettext("the oldest waits %(num)d day", "the oldest waits %(num)d days", days) if days else _("all of today"),
    )


def to_approve(found: Sequence[Approvals]) -> Figure:
    """Return the refunds that wait for a second person."""
    number = sum(each.refunds for each in found)
    value = ngettext("%(num)d refund", "%(num)d refunds", number)
    note = summed((each.minor, each.currency) for each in found) if found else _("nothing waits")
    return Figure(_("To approve"), value, links.place("approvals.index"), note)
