"""What the filter and the form of the refund desk may say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.domain.money import Money, format_amount
from app.domain.refund import RefundStatus
from app.queries.refunds import RefundFilter
from app.web import typed
from app.web.filters import money, written
from app.web.invoice_parameters import FORMER, NAMES, in_todays_names, listed
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.datastructures import MultiDict

    from app.services.refund_offers import Part, RefundOffer

CURRENCY = "EUR"
LONGEST = 80
# The names the list of invoices has, for the same things; and one of its own.
SEARCH, STATUS, SERVICE = NAMES["text"], NAMES["statuses"], NAMES["services"]
FIRST, LAST = NAMES["created_from"], NAMES["created_to"]
LEAST, MOST = NAMES["least_minor"], NAMES["most_minor"]
GATEWAY = "gateway"
# What addresses that were kept before call them.
FORMER_NAMES = FORMER | {"since": FIRST, "until": LAST}


def parse_filter(said: MultiDict[str, str], services: Sequence[str], gateways: Sequence[str]) -> RefundFilter:
    """Return what is asked for; words that mean nothing to us ask for nothing."""
    args = in_todays_names(said, FORMER_NAMES)
    statuses, chosen, through = (listed(args.getlist(name)) for name in (STATUS, SERVICE, GATEWAY))
    return RefundFilter(
        text=typed.line(args, SEARCH)[:LONGEST],
        statuses=tuple(str(status) for status in RefundStatus if status in statuses),
        services=tuple(code for code in services if code in chosen),
        gateways=tuple(code for code in gateways if code in through),
        created_from=typed.day(args.get(FIRST, "")),
        created_to=typed.day(args.get(LAST, "")),
        least_minor=typed.amount(args.get(LEAST, ""), CURRENCY),
        most_minor=typed.amount(args.get(MOST, ""), CURRENCY),
    )


def as_query(wanted: RefundFilter) -> dict[str, Any]:
    """Return the filter as the parameters of an address, without the empty ones."""
    said = {
        SEARCH: wanted.text,
        STATUS: ",".join(wanted.statuses),
        SERVICE: ",".join(wanted.services),
        GATEWAY: ",".join(wanted.gateways),
        FIRST: wanted.created_from.isoformat() if wanted.created_from else "",
        LAST: wanted.created_to.isoformat() if wanted.created_to else "",
        LEAST: _written(wanted.least_minor),
        MOST: _written(wanted.most_minor),
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
        form = cls(typed.row_key(sent, "payment"), typed.line(sent, "amount")[:40], key=typed.key(sent))
        part = offer.part(form.payment)
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
