"""A filter as JSON and back: what a task was asked for stays what it was, whatever the list shows meanwhile."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.queries.invoice_filter import InvoiceFilter

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "decimal": Decimal,
}


def freeze(wanted: InvoiceFilter) -> dict[str, Any]:
    """Return the filter as JSON; its periods are those of today."""
    settled = wanted.settled()
    return {each.name: _frozen(getattr(settled, each.name)) for each in fields(settled)}


def thaw(frozen: dict[str, Any]) -> InvoiceFilter:
    """Return the filter that was frozen; parts this version does not know are a fault, not silence (F20)."""
    return InvoiceFilter(**{name: _thawed(value) for name, value in frozen.items()})


def _frozen(value: Any) -> Any:
    match value:
        case tuple() | list() | frozenset():
            return [_frozen(each) for each in value]
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case Decimal():
            return {"decimal": str(value)}
        case str():
            return str(value)
        case _:
            return value


def _thawed(value: Any) -> Any:
    match value:
        case list():
            return tuple(_thawed(each) for each in value)
        case dict():
            [(kind, text)] = value.items()
            return KINDS[kind](text)
        case _:
            return value
