"""What the filter and the form of the refund desk may say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.domain.money import Money, format_amount
from app.domain.refund import RefundStatus
from app.queries.refunds import RefundFilter
from app.web import typed
from app.web.filters import money, written
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.datastructures import MultiDict

    from app.services.refund_offers import Part, RefundOffer

CURRENCY = "EUR"
# What does not fit into the database's numbers is no key of ours.
LONGEST_KEY = 18


def parse_filter(args: MultiDict[str, str], services: Sequence[str]) -> RefundFilter:
    """Return what is asked for; words that mean nothing to us ask for nothing."""
    statuses = set(args.getlist("status"))
    return RefundFilter(
        statuses=tuple(str(status) for status in RefundStatus if status in statuses),
        services=tuple(code for code in services if code in args.getlist("service")),
        since=typed.day(args.get("since", "")),
        until=typed.day(args.get("until", "")),
        least_minor=typed.amount(args.get("least", ""), CURRENCY),
        most_minor=typed.amount(args.get("most", ""), CURRENCY),
    )


def as_query(wanted: RefundFilter) -> dict[str, Any]:
    """Return the filter as the parameters of an address, without the empty ones."""
    said = {
        "status": list(wanted.statuses),
        "service": list(wanted.services),
        "since": wanted.since.isoformat() if wanted.since else "",
        "until": wanted.until.isoformat() if wanted.until else "",
        "least": _written(wanted.least_minor),
        "most": _written(wanted.most_minor),
    }
    return {name: value for name, value in said.items() if value}


def _written(minor: int | None) -> str:
    return "" if minor is None else format_amount(Money(minor, CURRENCY))


@dataclass(slots=True)
class RefundForm:
    """What somebody typed to give money back; `faults` say by field what is not right yet."""

    payment: int | None
    amount: str
    reason: str = ""
    key: str = field(default_factory=typed.new_key)
    faults: dict[str, str] = field(default_factory=dict)
    amount_minor: int = 0

    @classmethod
    def empty(cls, offer: RefundOffer) -> RefundForm:
        """Return the form as it is first shown: all that is left of the first payment."""
        first = next(iter(offer.possible), None)
        left = written(first.of.left_minor, first.payment.currency) if first else ""
        return cls(first.payment.id if first else None, left)

    @classmethod
    def parse(cls, sent: Mapping[str, str], offer: RefundOffer) -> RefundForm:
        """Return what was sent, checked against what can go back. Raises Invalid for a key that is not ours."""
        text = sent.get("payment", "")
        chosen = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY else None
        form = cls(chosen, typed.line(sent, "amount")[:40], key=typed.key(sent))
        part = offer.part(chosen)
        if part is None:
            form.faults["payment"] = _("Choose which payment to give back")
        else:
            form._check_amount(part)
        form.reason = typed.reason(sent, form.faults)
        return form

    def _check_amount(self, part: Part) -> None:
        minor = typed.amount(self.amount, part.payment.currency)
        if not minor:
            self.faults["amount"] = _("An amount above zero with at most two places, such as 12.50")
        elif minor > part.of.left_minor:
            left = money(part.of.left_minor, part.payment.currency)
            self.faults["amount"] = _("At most %(left)s is left to give back", left=left)
        self.amount_minor = minor or 0
