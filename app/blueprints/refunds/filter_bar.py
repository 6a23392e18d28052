"""What stands around the list of refunds: the choices of the filter, and the counts in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.blueprints.refunds.forms import FIRST, GATEWAY, LAST, LEAST, MOST, SEARCH, as_query
from app.queries import invoices
from app.services.refund_exports import FileWords
from app.web import refund_words, words
from app.web.filters import capitalised, money
from app.web.ranges import Range, ends
from app.web.service_names import choices
from app.web.translation import translate
from app.web.translation import translate_count as ngettext
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.queries.paging import Page
    from app.queries.refunds import RefundFilter, RefundRow

# What the fields of the filter are called.
FIELD = {
    "status": _("Status"),
    "service": _("Service"),
    SEARCH: _("Search"),
    GATEWAY: _("Gateway"),
    "created": _("Asked for"),
    "amount": _("Amount"),
}
NBSP = "\N{NO-BREAK SPACE}"


TITLES = {
    "id": _("Refund"),
    "number": _("Invoice"),
    "code": _("Service"),
    "gateway": _("Gateway"),
    "status": _("Status"),
    "payer": _("Payer"),
    "reference": _("Reference"),
    "reason": _("Reason"),
    "currency": _("Currency"),
    "amount_minor": _("Amount"),
    "created_at": _("Asked for"),
    "finished_at": _("Ended"),
    "made_outside_on": _("Transferred on"),
    "bank_reference": _("Bank's reference"),
}


class FilterBar(NamedTuple):
    """Choices as (value, words) pairs, ranges, the count as a sentence."""

    statuses: list[tuple[str, str]]
    services: list[tuple[str, str]]
    gateways: list[tuple[str, str]]
    ranges: list[Range]
    count_text: str


def filter_bar(
    services: Sequence[str], gateways: Sequence[str], found: Page[RefundRow], wanted: RefundFilter
) -> FilterBar:
    """Return the bar for a list that begins with these refunds."""
    query = as_query(wanted)
    many = f"{found.count.number:,}".replace(",", NBSP) + ("+" if found.count.is_capped else "")
    return FilterBar(
        statuses=[(str(status), str(word.label)) for status, word in refund_words.REFUND.items()],
        services=choices(services),
        gateways=[(code, capitalised(words.gateway(code))) for code in gateways],
        ranges=[
            Range(str(_("Asked for")), *ends(FIRST, LAST, query), "date"),
            Range(str(_("Amount")), *ends(LEAST, MOST, query), "amount"),
        ],
        count_text=_with_sums(
            _matching(found.count.number, many) if wanted else _all(found.count.number, many), found.sums
        ),
    )


def file_words() -> FileWords:
    """Return the titles of a file and the words for its codes, in the reader's language."""
    statuses = {str(status): str(word.label) for status, word in refund_words.REFUND.items()}
    names = dict(choices(invoices.services()))
    return FileWords({column: str(title) for column, title in TITLES.items()}, statuses, names)


def _with_sums(counted: str, sums: Sequence[tuple[str, int]]) -> str:
    if not sums:
        return counted
    added = ", ".join(money(minor, currency) for currency, minor in sums)
    return f"{counted}, {translate('%(sums)s in all', sums=added)}"


def _matching(number: int, many: str) -> str:
    return ngettext("%(many)s refund matches", "%(many)s refunds match", number, many=many)


def _all(number: int, many: str) -> str:
    return ngettext("%(many)s refund", "%(many)s refunds", number, many=many)
