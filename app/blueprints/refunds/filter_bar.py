"""What stands around the list of refunds: the choices of the filter, and the counts in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from app.web import refund_words
from app.web.ranges import Range, ends
from app.web.service_names import choices
from app.web.translation import translate_count as ngettext
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.queries.paging import Count
    from app.queries.refunds import RefundFilter

# What the fields of the filter are called.
FIELD = {
    "status": _("Status"),
    "service": _("Service"),
    "since": _("Asked for"),
    "until": _("Asked for"),
    "least": _("Amount"),
    "most": _("Amount"),
}
NBSP = "\N{NO-BREAK SPACE}"


class FilterBar(NamedTuple):
    """Choices as (value, words) pairs, ranges, the count as a sentence."""

    statuses: list[tuple[str, str]]
    services: list[tuple[str, str]]
    ranges: list[Range]
    count_text: str


def filter_bar(services: Sequence[str], found: Count, wanted: RefundFilter, query: Mapping[str, Any]) -> FilterBar:
    """Return the bar for a list of which `found` refunds match."""
    many = f"{found.number:,}".replace(",", NBSP) + ("+" if found.is_capped else "")
    return FilterBar(
        statuses=[(str(status), str(word.label)) for status, word in refund_words.REFUND.items()],
        services=choices(services),
        ranges=[
            Range(str(_("Asked for")), *ends("since", "until", query), "date"),
            Range(str(_("Amount")), *ends("least", "most", query), "amount"),
        ],
        count_text=_matching(found.number, many) if wanted else _all(found.number, many),
    )


def _matching(number: int, many: str) -> str:
    return ngettext("%(many)s refund matches", "%(many)s refunds match", number, many=many)


def _all(number: int, many: str) -> str:
    return ngettext("%(many)s refund", "%(many)s refunds", number, many=many)
