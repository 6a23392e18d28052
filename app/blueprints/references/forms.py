"""What the pages of references may be asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from app.queries.references import SORTS, ReferenceFilter
from app.services.portal_references import NewReference
from app.web.translation import translate as _
from app.web.translation import translate_later
from app.web.typed import new_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MultiDict

LONGEST = 80
# What the fields of the filter are called.
FIELD = {"q": translate_later("Search"), "service": translate_later("Service")}
KEY = re.compile(r"[A-Za-z0-9_-]{20,80}", re.ASCII)
FAULTS = {
    "service": lambda: _("Choose the service whose payer this is"),
    "owner": lambda: _("Owner: a name of at most 200 characters"),
    "email": lambda: _("E-mail: one address, or nothing"),
}


def parse_filter(args: MultiDict[str, str], services: Sequence[str]) -> ReferenceFilter:
    """Return what is asked for; words that mean nothing to us ask for nothing."""
    sort = args.get("sort", SORTS[0])
    return ReferenceFilter(
        text=_clean(args.get("q", "")),
        services=tuple(code for code in services if code in args.getlist("service")),
        sort=sort if sort in SORTS else SORTS[0],
    )


def as_query(wanted: ReferenceFilter) -> dict[str, Any]:
    """Return the filter as the parameters of an address, without the usual ones."""
    sort = wanted.sort if wanted.sort != SORTS[0] else ""
    said = {"q": wanted.text, "service": list(wanted.services), "sort": sort}
    return {name: value for name, value in said.items() if value}


def parse_new(form: MultiDict[str, str], services: Sequence[str]) -> NewReference:
    """Return for whom a number is asked; a service nobody knows is none."""
    service = form.get("service", "")
    return NewReference(
        service if service in services else "", form.get("owner", "").strip(), form.get("email", "").strip()
    )


def key_of(form: MultiDict[str, str]) -> str:
    """Return the key under which this form counts once; a new one for what is none."""
    key = form.get("key", "")
    return key if KEY.fullmatch(key) else new_key()


def sentences(fields: dict[str, list[str]]) -> dict[str, str]:
    """Return what is wrong with which field, in the language of the request."""
    return {name: FAULTS[name]() for name in FAULTS if name in fields}


def _clean(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:LONGEST]
