"""What the addresses of the overview may say."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import timedelta
from typing import TYPE_CHECKING

from app.queries.money_moved import BACK, IN, MovedFilter, PayerMark
from app.queries.text_cursor import is_text
from app.web.tallinn import Month, parse_day, today
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MultiDict

LONGEST = 200
LONGEST_CURSOR = 4000
# What the fields of the filter are called.
FIELD = {
    "from": _("From"),
    "to": _("To"),
    "direction": _("Direction"),
    "gateway": _("Gateway"),
    "service": _("Service"),
    "month": _("Month"),
}
MOST_DAYS = timedelta(days=366)


def parse_month(args: MultiDict[str, str]) -> Month:
    """Return the month that is asked for; this one for words that mean none."""
    return Month.parse(args.get("month", "")) or Month(today().replace(day=1))


def months_understood(args: MultiDict[str, str]) -> set[str]:
    """Return the names of what was understood of a month."""
    return {"month"} if Month.parse(args.get("month", "")) else set()


def as_cursor(mark: PayerMark) -> str:
    """Return the payer a page ended with as it stands in an address."""
    said = json.dumps(mark, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def parse_cursor(text: str) -> PayerMark | None:
    """Return the payer a page ended with, or None for anything we never wrote: the list then starts at the top."""
    if len(text) > LONGEST_CURSOR:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        came, went, payer, currency = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        return None
    are_amounts = all(type(each) is int and 0 <= each < 2**63 for each in (came, went))
    are_words = all(is_text(each) for each in (payer, currency))
    return PayerMark(came, went, payer, currency) if are_amounts and are_words else None


def parse_moved(args: MultiDict[str, str], gateways: Sequence[str], services: Sequence[str]) -> MovedFilter:
    """Return which movements are asked for, by default those of this month; never more than a year."""
    day = today()
    first = parse_day(args.get("from", "")) or day.replace(day=1)
    last = max(first, parse_day(args.get("to", "")) or day)
    gateway, service, direction = args.get("gateway", ""), args.get("service", ""), args.get("direction", "")
    return MovedFilter(
        first,
        min(last, first + MOST_DAYS),
        gateway=gateway if gateway in gateways else "",
        service=service if service in services else "",
        payer=_payer(args.get("payer")),
        direction=direction if direction in {IN, BACK} else "",
    )


def moves_understood(args: MultiDict[str, str], wanted: MovedFilter) -> set[str]:
    """Return the names of what was understood of a filter; without its days it would show this month."""
    days = {name for name in ("from", "to") if parse_day(args.get(name, ""))}
    return days | {"payer"} | {name for name in ("gateway", "service", "direction") if getattr(wanted, name)}


def _payer(name: str | None) -> str | None:
    return None if name is None else name.replace("\0", "")[:LONGEST]
