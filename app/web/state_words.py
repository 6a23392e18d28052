"""What a gateway or a service says something is, word by word as they say it, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from flask_babel import LazyString

# Those of EveryPay first, what we make of them, then those of services; others are shown as they came.
STATE: dict[str, LazyString] = {
    "initial": _("not begun"),
    "waiting_for_sca": _("waiting for the payer"),
    "waiting_for_3ds_response": _("waiting for the payer"),
    "confirmed_3ds": _("confirmed by the payer"),
    "sent_for_processing": _("under way"),
    "authorised": _("reserved"),
    "authorized": _("reserved"),
    "settled": _("settled"),
    "failed": _("failed"),
    "voided": _("released"),
    "abandoned": _("abandoned"),
    "refunded": _("refunded"),
    "partially_refunded": _("partly refunded"),
    "chargebacked": _("charged back"),
    "charged_back": _("charged back"),
    "pending": _("waiting for the payer"),
    "processing": _("under way"),
    "completed": _("settled"),
    "expired": _("abandoned"),
    "paid": _("paid"),
    "unpaid": _("not paid yet"),
    "overdue": _("overdue"),
    "cancelled": _("cancelled"),
    "prepayment": _("expected"),
    "returned": _("returned"),
}


def state_word(state: str) -> str:
    """Return a state as the reader calls it."""
    return str(STATE.get(state, state))
