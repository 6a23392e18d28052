"""What the filter bar of the list may say, and how an address says it."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from app.domain.invoice import InvoiceStatus
from app.models.invoice import KINDS
from app.queries.invoice_filter import IN_TIME, LATE, InvoiceFilter, Period
from app.queries.sorting import Sort

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.datastructures import MultiDict

LONGEST = 80
AMOUNT = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,2}))?", re.ASCII)
DAYS = ("created_from", "created_to", "due_from", "due_to", "paid_from", "paid_to")
PERIODS = {"created": tuple(Period), "paid": tuple(Period), "due": (LATE, IN_TIME, *Period)}
EARLIEST, LATEST = date(1990, 1, 1), date(2999, 12, 31)
# Columns that may be shown beside those that always are, in their order.
CHOICES = ("email", "description", "kind", "reference", "due", "paid", "received", "owed")
USUAL = ("reference",)


def parse_filter(args: MultiDict[str, str], services: Sequence[str]) -> InvoiceFilter:
    """Return what is asked for; words that mean nothing to us ask for nothing."""
    statuses = set(args.getlist("status"))
    days = {name: _day(args.get(name, "")) for name in DAYS}
    return InvoiceFilter(
        text=_clean(args.get("q", "")),
        statuses=tuple(str(status) for status in InvoiceStatus if status in statuses),
        services=tuple(code for code in services if code in args.getlist("service")),
        kinds=tuple(kind for kind in KINDS if kind in args.getlist("kind")),
        least_minor=_minor(args.get("least", "")),
        most_minor=_minor(args.get("most", "")),
        in_directo=_switch(args.getlist("directo")),
        e_invoice_sent=_switch(args.getlist("e_invoice")),
        created_from=days["created_from"],
        created_to=days["created_to"],
        due_from=days["due_from"],
        due_to=days["due_to"],
        created=_one_of(args.get("created", ""), PERIODS["created"]),
        due=_one_of(args.get("due", ""), PERIODS["due"]),
        paid=_one_of(args.get("paid", ""), PERIODS["paid"]),
        paid_from=days["paid_from"],
        paid_to=days["paid_to"],
    )


def as_query(wanted: InvoiceFilter) -> dict[str, Any]:
    """Return the filter as the parameters of an address, without the empty ones."""
    said = {
        "q": wanted.text,
        "status": list(wanted.statuses),
        "service": list(wanted.services),
        "kind": list(wanted.kinds),
        "least": as_amount(wanted.least_minor),
        "most": as_amount(wanted.most_minor),
        **{name: day.isoformat() if (day := getattr(wanted, name)) else "" for name in DAYS},
        **{name: getattr(wanted, name) for name in PERIODS},
        "directo": _word(wanted.in_directo),
        "e_invoice": _word(wanted.e_invoice_sent),
    }
    return {name: value for name, value in said.items() if value}


def parse_sort(args: Mapping[str, str]) -> Sort:
    """Return the order that is asked for; newest first when none of ours is."""
    said = args.get("sort", "")
    return Sort(said) if said in set(Sort) else Sort.NEWEST


def parse_columns(args: MultiDict[str, str], usual: Sequence[str] = USUAL) -> tuple[str, ...]:
    """Return which columns are shown beside those that always are; without a word those that are usual."""
    said = args.getlist("column") or usual
    return tuple(each for each in CHOICES if each in said)


def as_view(sort: Sort, columns: tuple[str, ...], usual: Sequence[str] = USUAL) -> dict[str, Any]:
    """Return order and columns as the parameters of an address, without what is usual."""
    said: dict[str, Any] = {}
    if sort is not Sort.NEWEST:
        said["sort"] = str(sort)
    if columns != tuple(usual):
        said["column"] = list(columns) or ["none"]
    return said


def whole_query(wanted: InvoiceFilter, sort: Sort, columns: tuple[str, ...]) -> str:
    """Return the one way to write a list as an address; columns are said, whatever is usual with whom."""
    said = as_query(wanted) | as_view(sort, columns) | {"column": list(columns) or ["none"]}
    return urlencode(said, doseq=True)


def as_amount(minor: int | None) -> str:
    """Return minor units as they are typed, "" for none."""
    return "" if minor is None else f"{minor // 100}.{minor % 100:02}"


def _minor(typed: str) -> int | None:
    found = AMOUNT.fullmatch("".join(typed.split()))
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else None


def _one_of(said: str, words: Sequence[str]) -> str:
    return next((str(each) for each in words if each == said), "")


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None


def _switch(said: list[str]) -> bool | None:
    """Return yes or no; both, like none, ask for nothing."""
    return said == ["yes"] if set(said) in ({"yes"}, {"no"}) else None


def _word(switch: bool | None) -> str:  # noqa: FBT001 - the value of a filter
    return "" if switch is None else "yes" if switch else "no"


def _clean(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:LONGEST]
