"""Two sides of one payment, line by line: what the gateway says, what we hold, and whether they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.domain.order_reference import parse
from app.domain.payment import DecisionKind, PaymentStatus, decide
from app.web import words
from app.web.filters import money
from app.web.inbox_words import OBSERVED
from app.web.translation import translate as _

if TYPE_CHECKING:
    from app.domain.money import Money
    from app.domain.ports import FetchedPayment
    from app.models.invoice import Invoice
    from app.models.payment import Payment
    from app.services.gateway_lookups import Lookup

NOTHING = "\N{EN DASH}"
AGREEING = {DecisionKind.SAME, DecisionKind.IGNORED}


class Line(NamedTuple):
    """One thing both sides say; `agrees` is None where there is nothing to compare."""

    name: str
    theirs: str
    ours: str
    agrees: bool | None


def compare(found: Lookup) -> list[Line]:
    """Return the lines of a look-up; without a payment of ours there is nothing to agree with."""
    fetched, payment = found.fetched, found.payment
    if fetched is None:
        return []
    lines = [
        _state(fetched, payment),
        _amount(_("Amount"), fetched.initial, payment, payment.amount_minor if payment else 0),
        _standing(fetched, payment),
        _order(fetched, payment, found.invoice),
        _line(_("Processing account"), fetched.account, payment.account if payment else None),
        _line(_("Way"), words.method(fetched.method or ""), _way(payment), is_compared=bool(_way(payment))),
    ]
    return [line for line in lines if line.theirs != NOTHING or line.ours != NOTHING]


def _line(name: str, theirs: str | None, ours: str | None, *, is_compared: bool = True) -> Line:
    agrees = None if ours is None or not is_compared else theirs == ours
    return Line(name, theirs or NOTHING, ours or NOTHING, agrees)


def _state(fetched: FetchedPayment, payment: Payment | None) -> Line:
    theirs = f"{fetched.provider_state} ({OBSERVED[fetched.state].label})"
    if payment is None:
        return Line(_("State"), theirs, NOTHING, None)
    decision = decide(
        PaymentStatus(payment.status),
        fetched.state,
        standing_minor=fetched.standing.minor if fetched.standing is not None else None,
        captured_minor=payment.captured_minor,
        refunded_minor=payment.captured_minor - payment.at_gateway_minor,
    )
    return Line(_("State"), theirs, str(words.payment_word(payment.status).label), decision.kind in AGREEING)


def _amount(name: str, theirs: Money | None, payment: Payment | None, ours_minor: int) -> Line:
    said = money(theirs.minor, theirs.currency) if theirs is not None else None
    return _line(name, said, money(ours_minor, payment.currency) if payment else None)


def _standing(fetched: FetchedPayment, payment: Payment | None) -> Line:
    """Return what is still held; before money came there is nothing to compare."""
    held = payment.at_gateway_minor if payment else 0
    line = _amount(_("Still held"), fetched.standing, payment, held)
    return line if payment and payment.completed_at else line._replace(agrees=None)


def _order(fetched: FetchedPayment, payment: Payment | None, invoice: Invoice | None) -> Line:
    ours = (payment.merchant_ref if payment else None) or (str(invoice.number) if invoice else None)
    agrees = None if invoice is None else parse(fetched.order_reference).number == invoice.number
    return Line(_("Order reference"), fetched.order_reference, ours or NOTHING, agrees)


def _way(payment: Payment | None) -> str | None:
    return words.method(payment.gateway_method) if payment and payment.gateway_method else None
