"""What people type into a form, made safe to keep: texts, amounts, days, keys; faults in words, by field."""

from __future__ import annotations

import re
import secrets
from datetime import date
from typing import TYPE_CHECKING

from app.domain.errors import Invalid
from app.domain.money import parse_amount
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Mapping

SHORTEST = 3
LONGEST = 500
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
SPACES = str.maketrans("", "", " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)


def line(form: Mapping[str, str], name: str) -> str:
    """Return what was typed without what no eye can see; line ends become spaces."""
    return " ".join("".join(each if each.isprintable() else " " for each in form.get(name, "")).split())


def reason(form: Mapping[str, str], faults: dict[str, str], name: str = "reason") -> str:
    """Return the typed reason; says in `faults` when there is none worth reading later, or too much of it."""
    text = line(form, name)
    if len(text) < SHORTEST:
        faults[name] = _("Say why, in a few words: it stays on the timeline")
    elif len(text) > LONGEST:
        faults[name] = _("At most %(most)s characters", most=LONGEST)
    return text[:LONGEST]


def amount(text: str, currency: str) -> int | None:
    """Return a typed amount in minor units, comma or point before the cents; None when it is none."""
    plain = text.translate(SPACES)
    try:
        return parse_amount(plain.replace(",", ".") if "." not in plain else plain, currency).minor
    except Invalid:
        return None


def day(text: str) -> date | None:
    """Return an ISO date between 2000 and 2999; None for anything else."""
    try:
        found = date.fromisoformat(text) if len(text) == len("2026-01-01") else None
    except ValueError:
        return None
    return found if found is not None and EARLIEST <= found <= LATEST else None


def new_key() -> str:
    """Return the key of a form that is shown: what is sent with it is done once."""
    return secrets.token_urlsafe(18)


def key(form: Mapping[str, str]) -> str:
    """Return the key the form came with. Raises Invalid when it is none of ours."""
    found = form.get("key", "")
    if not KEY.fullmatch(found):
        raise Invalid.field("key", "is not one of this portal: load the form again")
    return found
