"""What a form would do that waited for its writer to sign in again, in words: where it was filled in, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, url_for
from werkzeug.exceptions import HTTPException

from app.web import words
from app.web.navigation import SECTIONS
from app.web.roles import role_word
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask_babel import LazyString

    from app.services.held_forms import HeldForm

FIELD: dict[str, LazyString] = {
    "decision": _("Decision"),
    "to": _("Mark as"),
    "number": _("Number"),
    "refund": _("Refund"),
    "subject": _("Country and personal code"),
    "name": _("Name"),
    "owner": _("Who answers for it"),
    "role": _("Role"),
    "until": _("Last day"),
    "amount": _("Amount"),
    "first": _("First number"),
    "last": _("Last number"),
    "percent": _("Rate"),
    "valid_from": _("First day"),
    "days": _("Ends in"),
    "value": _("Value"),
    "description": _("Description"),
    "internal_notes": _("Internal notes"),
    "email": _("E-mail"),
    "reason": _("Reason"),
}
DECISION = {"approve": _("Agree"), "reject": _("Do not agree")}
WORD: dict[str, Callable[[str], str]] = {
    "role": role_word,
    "decision": lambda value: str(DECISION.get(value, value)),
    "to": lambda value: str(words.invoice_word(value).label),
}
# How many of a kind are named.
MOST = 20


def facts_of(held: HeldForm) -> Iterator[tuple[LazyString | str, str]]:
    """Return what is said of a form before it is sent: names and values."""
    if where := _place(held.address):
        yield _("Where"), where
    said: dict[str, list[str]] = {}
    for name, value in held.fields:
        if value and name in FIELD:
            said.setdefault(name, []).append(WORD[name](value) if name in WORD else value)
    for name, values in said.items():
        yield FIELD[name], ", ".join(values[:MOST]) + (" …" if len(values) > MOST else "")


def _place(address: str) -> str:
    """Return the page a form belongs to, and which invoice, person or refund it is about."""
    path = address.partition("?")[0]
    try:
        _endpoint, values = current_app.url_map.bind("").match(path, method="POST")
    except HTTPException:
        return ""
    pages = (page for section in SECTIONS for page in section.pages)
    label = next((page.label for page in pages if f"{path}/".startswith(f"{url_for(page.endpoint)}/")), None)
    return ", ".join(str(each) for each in (label, *values.values()) if each is not None)
