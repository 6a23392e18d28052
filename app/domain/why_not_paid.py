"""Why an invoice is not paid: the causes are walked in order, and the first that holds is said with what to do next.

features.md, idea 23. Pure: `app/queries/why_not_paid.py` gathers the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.invoice import InvoiceStatus
from app.domain.money import Money, format_amount
from app.domain.payment import ENDED, PaymentStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Try:
    """One payment of the invoice; `unread` says that the gateway has news we have not looked into yet."""

    status: PaymentStatus
    gateway: str
    created_at: datetime
    provider_state: str | None = None
    has_reference: bool = True
    failure_code: str | None = None
    next_check_at: datetime | None = None
    expires_at: datetime | None = None
    unread: bool = False

    @property
    def is_untouched(self) -> bool:
        """Return whether the payer has a page and has done nothing on it."""
        return self.status is PaymentStatus.PENDING and self.provider_state in {None, "initial"}


@dataclass(frozen=True, slots=True)
class Question:
    """Something a person must decide first."""

    sentence: str
    owner: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """The news "it is paid" on its way to the service: pending, leased, dead or held."""

    to: str
    state: str
    attempts: int
    since: datetime
    next_try_at: datetime
    answer_status: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the answer follows from; tries are the newest first."""

    status: InvoiceStatus
    total: Money
    due: Money
    link: str | None = None
    paid_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    tries: tuple[Try, ...] = ()
    questions: tuple[Question, ...] = ()
    notice: Notice | None = None
    gateway_rests_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause in a word and in words, and the next step."""

    cause: str
    because: str
    next_step: str
    is_paid: bool = False

    @property
    def sentence(self) -> str:
        """Return the whole answer."""
        return f"{self.because}: {self.next_step}."


@dataclass(frozen=True, slots=True)
class Explanation:
    """The finding, and the causes that were looked at before and do not hold."""

    finding: Finding
    ruled_out: tuple[str, ...]


def explain(facts: Facts) -> Explanation:
    """Return why the invoice is not paid, or that it is."""
    ruled_out: list[str] = []
    for name, look in CAUSES:
        finding = look(facts)
        if finding is not None:
            return Explanation(finding, tuple(ruled_out))
        ruled_out.append(name)
    raise AssertionError


def _cancelled(facts: Facts) -> Finding | None:
    if facts.status is not InvoiceStatus.CANCELLED:
        return None
    why = f" ({facts.cancel_reason})" if facts.cancel_reason else ""
    came = any(each.status is PaymentStatus.COMPLETED for each in facts.tries)
    step = "money came for it all the same, so refund that or use it for another invoice" if came else "make a new one"
    return Finding("cancelled", f"The invoice was cancelled{_on(facts.cancelled_at)}{why}", step)


def _draft(facts: Facts) -> Finding | None:
    if facts.status is not InvoiceStatus.DRAFT:
        return None
    return Finding("not_issued", "The invoice has not been issued", "issue it, then it has a number and a link")


def _written_off(facts: Facts) -> Finding | None:
    if facts.status is not InvoiceStatus.UNCOLLECTIBLE:
        return None
    return Finding("written_off", "The invoice was written off", "nothing, unless the payer pays all the same")


GONE_BACK = {
    InvoiceStatus.IN_PROTEST: ("disputed", "The payer disputes the payment", "answer the dispute before its deadline"),
    InvoiceStatus.CHARGEBACK: ("charged_back", "The payer's bank took the money back", "settle it with the payer"),
    InvoiceStatus.REFUNDED: ("refunded", "The invoice was paid and the money given back", "make a new one if needed"),
    InvoiceStatus.PARTIALLY_REFUNDED: (
        "partly_refunded",
        "The invoice was paid and part was given back",
        "nothing is left to do",
    ),
}


def _gone_back(facts: Facts) -> Finding | None:
    return Finding(*GONE_BACK[facts.status], is_paid=True) if facts.status in GONE_BACK else None


def _not_told(facts: Facts) -> Finding | None:
    news = facts.notice
    if facts.status is not InvoiceStatus.PAID or news is None:
        return None
    answer = f", which last answered {news.answer_status}," if news.answer_status else ""
    because = f"The invoice was paid{_on(facts.paid_at)}, but {news.to}{answer} has not taken the news"
    if news.state in {"dead", "held"}:
        step = f"nobody tries again after {news.attempts} tries, so send the news again or look at {news.to}"
    else:
        step = f"wait for try {news.attempts + 1}{_at(news.next_try_at)}"
    return Finding("not_told", because, step, is_paid=True)


def _paid(facts: Facts) -> Finding | None:
    if facts.status is not InvoiceStatus.PAID:
        return None
    return Finding("paid", f"The invoice was paid{_on(facts.paid_at)}", "nothing is left to do", is_paid=True)


def _asks_a_person(facts: Facts) -> Finding | None:
    if not facts.questions:
        return None
    first = min(facts.questions, key=lambda each: each.since)
    because = f"A person must decide first ({first.sentence.rstrip('.')})"
    return Finding("waits_for_a_person", because, f"{first.owner} has it since {_moment(first.since)}")


def _gateway_away(facts: Facts) -> Finding | None:
    waiting = [each for each in _open(facts) if each.unread]
    if not waiting or facts.gateway_rests_until is None:
        return None
    because = f"{waiting[0].gateway} has news of a payment and does not answer"
    return Finding("gateway_away", because, f"it is asked again{_at(facts.gateway_rests_until)}")


def _being_looked_at(facts: Facts) -> Finding | None:
    if not any(each.unread for each in _open(facts)):
        return None
    because = "The gateway has news of a payment that is being looked into"
    return Finding("being_looked_at", because, "ask again in a moment")


def _under_way(facts: Facts) -> Finding | None:
    begun = [each for each in _open(facts) if each.has_reference and not each.is_untouched]
    if not begun:
        return None
    said = f" ({begun[0].provider_state})" if begun[0].provider_state else ""
    because = f"The payer has begun to pay and {begun[0].gateway} has not finished{said}"
    return Finding("under_way", because, f"wait, the next look is{_at(begun[0].next_check_at)}")


def _answer_lost(facts: Facts) -> Finding | None:
    lost = [each for each in _open(facts) if not each.has_reference]
    if not lost:
        return None
    because = f"{lost[0].gateway} was asked for a payment and its answer was lost"
    step = f"send the payer to pay again; the lost try is given up{_at(lost[0].expires_at)}"
    return Finding("answer_lost", because, step)


def _page_untouched(facts: Facts) -> Finding | None:
    shown = [each for each in _open(facts) if each.is_untouched]
    if not shown:
        return None
    because = f"The payer was sent to {shown[0].gateway} on {_moment(shown[0].created_at)} and has not paid there"
    return Finding("page_untouched", because, f"remind the payer; the next look is{_at(shown[0].next_check_at)}")


def _part_paid(facts: Facts) -> Finding | None:
    came = facts.total.minor - facts.due.minor
    if facts.status is not InvoiceStatus.PARTIALLY_PAID or came <= 0:
        return None
    because = f"Only {_money(Money(came, facts.total.currency))} of {_money(facts.total)} came"
    return Finding("part_paid", because, f"ask the payer for the other {_money(facts.due)}")


def _last_try_ended(facts: Facts) -> Finding | None:
    if not facts.tries or facts.tries[0].status not in ENDED:
        return None
    last = facts.tries[0]
    code = f" with {last.failure_code}" if last.failure_code else ""
    because = f"The last of {len(facts.tries)} tries ended as {last.status}{code}, begun {_moment(last.created_at)}"
    return Finding("last_try_ended", because, f"send the payer to pay again{_by(facts.link)}")


def _nobody_tried(facts: Facts) -> Finding | None:
    late = " and it is overdue" if facts.status is InvoiceStatus.OVERDUE else ""
    return Finding("nobody_tried", f"Nobody has tried to pay{late}", f"send the payer to pay{_by(facts.link)}")


CAUSES: tuple[tuple[str, Callable[[Facts], Finding | None]], ...] = (
    ("cancelled", _cancelled),
    ("not_issued", _draft),
    ("written_off", _written_off),
    ("gone_back", _gone_back),
    ("not_told", _not_told),
    ("paid", _paid),
    ("waits_for_a_person", _asks_a_person),
    ("gateway_away", _gateway_away),
    ("being_looked_at", _being_looked_at),
    ("under_way", _under_way),
    ("answer_lost", _answer_lost),
    ("page_untouched", _page_untouched),
    ("part_paid", _part_paid),
    ("last_try_ended", _last_try_ended),
    ("nobody_tried", _nobody_tried),
)
FOUND = tuple(name for name, _ in CAUSES if name != "gone_back") + tuple(cause for cause, _, _ in GONE_BACK.values())


def _open(facts: Facts) -> list[Try]:
    closed = {*ENDED, PaymentStatus.COMPLETED, PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED}
    return [each for each in facts.tries if each.status not in {*closed, PaymentStatus.CHARGED_BACK}]


def _money(money: Money) -> str:
    return f"{format_amount(money)} {money.currency}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _on(moment: datetime | None) -> str:
    return f" on {_moment(moment)}" if moment else ""


def _at(moment: datetime | None) -> str:
    return f" at {_moment(moment)}" if moment else " when the gateway calls"


def _by(link: str | None) -> str:
    return " by the payment link" if link else ""
