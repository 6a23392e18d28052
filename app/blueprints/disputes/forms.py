"""What is typed to open a dispute."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from app.domain.tallinn import TALLINN
from app.web import typed
from app.web.filters import money, written
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from app.services.refund_offers import Part, RefundOffer


@dataclass(slots=True)
class DisputeForm:
    """What a payer's bank asks for, as the gateway's portal shows it; `faults` say what is not right yet."""

    payment: int | None
    amount: str
    reason: str = ""
    due: str = ""
    key: str = field(default_factory=typed.new_key)
    faults: dict[str, str] = field(default_factory=dict)
    amount_minor: int = 0
    due_on: date | None = None

    @classmethod
    def empty(cls, offer: RefundOffer) -> DisputeForm:
        """Return the form as it is first shown: all that is left of the first payment."""
        first = next(iter(disputable(offer)), None)
        left = written(first.of.left_minor, first.payment.currency) if first else ""
        return cls(first.payment.id if first else None, left)

    @classmethod
    def parse(cls, sent: Mapping[str, str], offer: RefundOffer) -> DisputeForm:
        """Return what was sent, checked against what the invoice holds. Raises Invalid for a key that is not ours."""
        chosen = typed.row_key(sent, "payment")
        form = cls(chosen, typed.line(sent, "amount")[:40], due=typed.line(sent, "due")[:20], key=typed.key(sent))
        part = next((each for each in disputable(offer) if each.payment.id == chosen), None)
        if part is None:
            form.faults["payment"] = _("Choose which payment is disputed")
        else:
            form.amount_minor = typed.amount(form.amount, part.payment.currency) or 0
            if not 0 < form.amount_minor <= part.of.left_minor:
                left = money(part.of.left_minor, part.payment.currency)
                form.faults["amount"] = _("An amount above zero, at most %(left)s", left=left)
        form.due_on = typed.day(form.due)
        if form.due and form.due_on is None:
            form.faults["due"] = _("A day such as 2026-12-31, or nothing")
        elif form.due_on is not None and form.due_on < datetime.now(TALLINN).date():
            form.faults["due"] = _("This day is over")
        form.reason = typed.reason(sent, form.faults)
        return form


def disputable(offer: RefundOffer) -> list[Part]:
    """Return the parts that a bank may ask for and nobody has yet: bank links among them."""
    return [part for part in offer.parts if part.of.left_minor > 0 and not part.of.disputed_minor]
