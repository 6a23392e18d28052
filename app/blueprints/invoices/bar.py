"""What stands around the list: the choices of the filter, and the counts in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flask import url_for

from app.queries import invoices
from app.queries.invoices import InvoiceFilter
from app.web import words
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.queries.paging import Count

NBSP = "\N{NO-BREAK SPACE}"


class FilterBar(NamedTuple):
    """Choices as (value, words) pairs, counts as sentences; each count opens what it counted."""

    statuses: list[tuple[str, str]]
    services: list[tuple[str, str]]
    count_text: str
    unpaid_text: str
    unpaid_address: str


def filter_bar(services: Sequence[str], found: Count, wanted: InvoiceFilter) -> FilterBar:
    """Return the bar for a list of which `found` invoices match."""
    unpaid = tuple(map(str, invoices.UNPAID))
    return FilterBar(
        statuses=[(str(status), str(word.label)) for status, word in words.INVOICE.items()],
        services=[(code, code) for code in services],
        count_text=_matching(found) if wanted else _all(found),
        unpaid_text=_unpaid(invoices.count(InvoiceFilter(statuses=unpaid))),
        unpaid_address=url_for("invoices.index", status=unpaid),
    )


def _matching(found: Count) -> str:
    return ngettext("%(many)s invoice matches", "%(many)s invoices match", found.number, many=_written(found))


def _all(found: Count) -> str:
    return ngettext("%(many)s invoice", "%(many)s invoices", found.number, many=_written(found))


def _unpaid(found: Count) -> str:
    if not found.number:
        return _("Nothing is unpaid")
    return ngettext("%(many)s invoice is unpaid", "%(many)s invoices are unpaid", found.number, many=_written(found))


def _written(found: Count) -> str:
    return f"{found.number:,}".replace(",", NBSP) + ("+" if found.is_capped else "")
