"""Confirming before something is done: what will happen, to whom, and the reason that is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import request

from app.web import typed
from app.web.htmx import render
from app.web.translation import translate as _

if TYPE_CHECKING:
    from flask import Response

LONGEST_KEY = 250


@dataclass(frozen=True, slots=True)
class ConfirmationForm:
    """What a person sent: the reason, the form's own key, and what is wrong with either."""

    reason: str = ""
    key: str = field(default_factory=typed.new_key)
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls) -> ConfirmationForm:
        """Return what this request's form says."""
        faults: dict[str, str] = {}
        reason = typed.reason(request.form, faults)
        key = request.form.get("key", "")
        if not key.isascii() or not key.isprintable() or not 0 < len(key) <= LONGEST_KEY or " " in key:
            faults["key"] = _("This form was not complete: send it once more")
            key = typed.new_key()
        return cls(reason, key, faults)


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that was frozen and is another now."""

    name: str
    frozen: str
    now: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a dialog says and where it sends; `hidden` goes along unchanged, `warning` is said before everything."""

    title: str
    action: str
    back: str
    send: str
    sentences: tuple[str, ...] = ()
    warning: str = ""
    bad: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    differences: tuple[Difference, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    form: ConfirmationForm = field(default_factory=ConfirmationForm)


def confirm(confirmation: Confirmation) -> Response:
    """Return the confirmation as a page or a dialog: 422 when it comes back with faults."""
    response = render("confirmations/new.html", "confirmations/_confirmation.html", confirmation=confirmation)
    if confirmation.form.faults:
        response.status_code = 422
    return response
