"""What the filter bar of the list may say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.invoice import InvoiceStatus
from app.queries.invoices import InvoiceFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MultiDict

LONGEST = 80


def parse_filter(args: MultiDict[str, str], services: Sequence[str]) -> InvoiceFilter:
    """Return what is asked for; words that mean nothing to us ask for nothing."""
    statuses = set(args.getlist("status"))
    return InvoiceFilter(
        text=_clean(args.get("q", "")),
        statuses=tuple(str(status) for status in InvoiceStatus if status in statuses),
        services=tuple(code for code in services if code in args.getlist("service")),
    )


def as_query(wanted: InvoiceFilter) -> dict[str, Any]:
    """Return the filter as the parameters of an address, without the empty ones."""
    said = {
        "q": wanted.text,
        "status": list(wanted.statuses),
        "service": list(wanted.services),
    }
    return {name: value for name, value in said.items() if value}


def _clean(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:LONGEST]
