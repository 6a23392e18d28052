"""What the filter bar of the list may say, and how an address says it."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from werkzeug.datastructures import MultiDict

from app.domain.invoice import InvoiceStatus
from app.models.invoice import KINDS
from app.queries.invoice_filter import IN_TIME, LATE, InvoiceFilter, Period
from app.queries.sorting import Sort
from app.web.invoice_parameters import NAMES, SWITCH, as_switch, in_todays_names, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST = 80
LONGEST_EMAIL, LONGEST_NUMBER = 254, 18
AMOUNT = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,2}))?", re.ASCII)
DAYS = ("created_from", "created_to", "due_from", "due_to", "paid_from", "paid_to")
PERIODS = {"created": tuple(Period), "paid": tuple(Period), "due": (LATE, IN_TIME, *Period)}
EARLIEST, LATEST = date(1990, 1, 1), date(2999, 12, 31)
# Columns that may be shown beside those that always are, in their order.
CHOICES = ("email", "description", "kind", "reference", "due", "paid", "received", "owed")
USUAL = ("reference",)


def parse_filter(said: MultiDict[str, str], services: Sequence[str]) -> InvoiceFilter:
    """Return what is asked for; words that mean nothing to us ask for nothing."""
    args = in_todays_names(said)
    days: dict[str, Any] = {part: _day(args.get(NAMES[part], "")) for part in DAYS}
    periods: dict[str, Any] = {part: _one_of(args.get(NAMES[part], ""), words) for part, words in PERIODS.items()}
    statuses, chosen, kinds = (listed(args.getlist(NAMES[part])) for part in ("statuses", "services", "kinds"))
    return InvoiceFilter(
        text=_clean(args.get(NAMES["text"], "")),
        statuses=tuple(str(status) for status in InvoiceStatus if status in statuses),
        services=tuple(code for code in services if code in chosen),
        kinds=tuple(kind for kind in KINDS if kind in kinds),
        number=_number(args.getlist(NAMES["number"])),
        reference=_clean(args.get(NAMES["reference"], "")),
        email=_clean(args.get(NAMES["email"], ""), LONGEST_EMAIL),
        least_minor=_minor(args.get(NAMES["least_minor"], "")),
        most_minor=_minor(args.get(NAMES["most_minor"], "")),
        in_directo=_switch(args.getlist(NAMES["in_directo"])),
        e_invoice_sent=_switch(args.getlist(NAMES["e_invoice_sent"])),
        **days,
        **periods,
    )


def as_query(wanted: InvoiceFilter) -> dict[str, Any]:
    """Return the filter as the parameters of an address, without the empty ones; the API reads the same."""
    said = {name: _said(getattr(wanted, part), part) for part, name in NAMES.items()}
    return {name: value for name, value in said.items() if value}


def _said(value: Any, part: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return as_switch(value)
        case tuple():
            return ",".join(value)
        case date():
            return value.isoformat()
        case int() if part.endswith("_minor"):
            return as_amount(value)
        case _:
            return str(value)


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


def in_todays_words(query: str, services: Sequence[str]) -> str:
    """Return a list's address as it is written today: one that was kept before may have other names."""
    args = MultiDict(parse_qsl(query))
    return whole_query(parse_filter(args, services), parse_sort(args), parse_columns(args))


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


def _number(said: Sequence[str]) -> int | None:
    """Return the one number that is asked for; of several none is, for they can only be a pick from a list."""
    [one, *others] = set(said) or {""}
    return int(one) if not others and one.isascii() and one.isdigit() and len(one) <= LONGEST_NUMBER else None


def _switch(said: list[str]) -> bool | None:
    """Return yes or no; both, like none, ask for nothing."""
    [one, *others] = {SWITCH.get(each) for each in said} or {None}
    return None if others else one


def _clean(text: str, longest: int = LONGEST) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:longest]
