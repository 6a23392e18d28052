"""Where a figure leads: to exactly the rows it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from app.queries.invoices import OPEN
from app.web.navigation import allowed_endpoint

if TYPE_CHECKING:
    from datetime import date

    from app.queries.money_moved import MovedFilter


def moved(wanted: MovedFilter, **narrower: str) -> str:
    """Return where the movements of this filter are listed; `narrower` are more parts of it."""
    said: dict[str, Any] = {
        "from": wanted.first.isoformat(),
        "to": wanted.last.isoformat(),
        "gateway": wanted.gateway,
        "service": wanted.service,
        "direction": wanted.direction,
    } | narrower
    named = {name: value for name, value in said.items() if value or name == "payer"}
    if wanted.payer is not None:
        named.setdefault("payer", wanted.payer)
    return url_for("overview.movements", **named)


def open_invoices(
    first: date | None = None,
    last: date | None = None,
    *,
    due: str = "",
    service: str = "",
) -> str:
    """Return where the open invoices created on these days are listed, both included, with what each still owes.

    `due` narrows them to those whose day is over, or to the others.
    """
    said: dict[str, Any] = {"status": OPEN.statuses, "kind": OPEN.kinds, "column": ["reference", "owed"]}
    if due:
        said["due"] = due
    if service:
        said["service"] = service
    if first:
        said["created_from"] = first.isoformat()
    if last:
        said["created_to"] = last.isoformat()
    return url_for("invoices.index", **said)


def place(endpoint: str, **values: Any) -> str | None:
    """Return the address of a page, or None while there is none or this person may not see it."""
    return url_for(endpoint, **values) if allowed_endpoint(endpoint) else None
