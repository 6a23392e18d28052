"""The money trail in words: one line for everything that happened, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web import words
from app.web.actor_words import with_names
from app.web.filters import money
from app.web.service_names import called, service
from app.web.timeline import Line, with_days
from app.web.trail_words import LOOKS, UNKNOWN
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.queries.one_invoice import InvoiceDetail
    from app.queries.timeline import Booking, Happening

# What says what our notes were.
INTERNAL = {"invoice.noted"}


def trail(found: InvoiceDetail) -> list[Line]:
    """Return the lines, newest first, the bookings among them."""
    lines = [_happening(each, service(found.service.name), found.names) for each in _told_once(found.happenings)]
    lines += [_booking(each) for each in found.bookings]
    lines.sort(key=lambda line: line.at, reverse=True)
    return with_days(lines)


def story(happenings: Sequence[Happening], names: Mapping[str, str], service: str) -> list[Line]:
    """Return the lines of what has no bookings: a draft that was discarded."""
    return with_days([_happening(each, service, names) for each in happenings])


def _told_once(happenings: Sequence[Happening]) -> list[Happening]:
    """Leave out that the invoice is settled where the payment that did it says so itself."""
    paid = any(each.kind == "payment.settled" for each in happenings)
    return [each for each in happenings if not (paid and each.kind == "invoice.settled")]


def _happening(each: Happening, service: str, names: Mapping[str, str]) -> Line:
    look = LOOKS.get(each.kind, UNKNOWN)
    tone = "warn" if each.kind == "payment.fetched" and not each.data.get("agrees", True) else look.tone
    said = with_names(look.detail(each), {f"operator:{key}": name for key, name in names.items()})
    detail = ", ".join(part for part in (said, _by(each, service, names)) if part)
    return Line(each.at, None, look.icon, tone, look.title(each), detail, is_internal=each.kind in INTERNAL)


def _booking(each: Booking) -> Line:
    sides = [_side(side.account, side.amount_minor, side.currency) for side in each.sides]
    title = _("Booked: %(what)s", what=words.booking_word(each.kind).lower())
    if not each.is_balanced:
        title = _("Booked, and it does not balance")
    return Line(each.at, None, "book", "mute" if each.is_balanced else "bad", title, "; ".join(sides))


def _side(code: str, minor: int, currency: str) -> str:
    text = {"account": words.account(code), "amount": money(abs(minor), currency)}
    return _("debit %(account)s %(amount)s", **text) if minor > 0 else _("credit %(account)s %(amount)s", **text)


def _by(each: Happening, service: str, names: Mapping[str, str]) -> str:
    if each.actor_kind == "operator":
        return _("by operator %(who)s", who=names.get(each.actor) or each.actor)
    if each.actor_kind == "initiator" and each.actor not in (each.reason or ""):
        return _("asked by %(who)s", who=called(each.actor) if each.actor else service)
    return ""
