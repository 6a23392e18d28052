"""What is typed to record a bank transfer that gave money back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from app.domain.refund import LONGEST_BANK_REFERENCE, MadeOutside
from app.domain.tallinn import TALLINN
from app.web import typed
from app.web.filters import day, money, written
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from app.models.payment import Payment
    from app.services.refund_offers import Part, RefundOffer


@dataclass(slots=True)
class OutsideRefundForm:
    """A transfer as the bank's statement shows it; `faults` say by field what is not right yet."""

    payment: int | None
    amount: str
    day: str = ""
    bank_reference: str = ""
    reason: str = ""
    key: str = field(default_factory=typed.new_key)
    faults: dict[str, str] = field(default_factory=dict)
    amount_minor: int = 0
    made: MadeOutside | None = None

    @classmethod
    def empty(cls, offer: RefundOffer) -> OutsideRefundForm:
        """Return the form as it is first shown: all that is left of the first payment, given back today."""
        first = next(iter(offer.returnable), None)
        left = written(first.of.left_minor, first.payment.currency) if first else ""
        return cls(first.payment.id if first else None, left, day=_today().isoformat())

    @classmethod
    def parse(cls, sent: Mapping[str, str], offer: RefundOffer) -> OutsideRefundForm:
        """Return what was sent, checked against what is left. Raises Invalid for a key that is not ours."""
        form = cls(
            typed.row_key(sent, "payment"),
            typed.line(sent, "amount")[:40],
            typed.line(sent, "day")[:20],
            typed.line(sent, "bank_reference"),
            key=typed.key(sent),
        )
        part = offer.returnable_part(form.payment)
        if part is None:
            form.faults["payment"] = _("Choose which payment was given back")
        else:
            form._check_amount(part)
            form._check_transfer(part.payment)
        form.reason = typed.reason(sent, form.faults)
        return form

    def _check_amount(self, part: Part) -> None:
        self.amount_minor = typed.amount(self.amount, part.payment.currency) or 0
        if not 0 < self.amount_minor <= part.of.left_minor:
            left = money(part.of.left_minor, part.payment.currency)
            self.faults["amount"] = _("An amount above zero, at most %(left)s", left=left)

    def _check_transfer(self, payment: Payment) -> None:
        made_on, first, today = typed.day(self.day), _day(payment.completed_at), _today()
        if made_on is None:
            self.faults["day"] = _("A day such as 2026-12-31")
        elif not first <= made_on <= today:
            self.faults["day"] = _(
                "A day from %(first)s, when it was paid, to %(today)s", first=day(first), today=day(today)
            )
        if not self.bank_reference:
            self.faults["bank_reference"] = _("What the bank's statement calls this transfer")
        elif len(self.bank_reference) > LONGEST_BANK_REFERENCE:
            self.faults["bank_reference"] = ngettext(
                "At most %(num)s character", "At most %(num)s characters", LONGEST_BANK_REFERENCE
            )
        if made_on is not None:
            self.made = MadeOutside(made_on, self.bank_reference)


def _today() -> date:
    return datetime.now(TALLINN).date()


def _day(moment: datetime | None) -> date:
    return moment.astimezone(TALLINN).date() if moment else _today()
