"""Why an invoice is not paid: the causes are walked in order, and the first that holds is said with what to do next.

features.md, idea 23. Pure: `app/queries/why_not_paid.py` gathers the facts, `app/web/why_words.py` has the words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.domain.invoice import InvoiceStatus
from app.domain.money import Money
from app.domain.payment import ENDED, PaymentStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    # What a sentence may be about; a status is text of its own kind.
    Part = str | int | datetime | Money


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
class Said:
    """Something to be said: which sentence, and what it is about; the words are elsewhere, in every language."""

    code: str
    parts: Mapping[str, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause, why it holds, and the next step."""

    cause: str
    because: Said
    next_step: Said
    is_paid: bool = False


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


def _said(code: str, /, **parts: Part | None) -> Said:
    """Return a sentence with the parts that are known; those that could be missing are named by the code."""
    known = {name: part for name, part in parts.items() if part is not None and part != ""}
    return Said(code, known)


def _cancelled(facts: Facts) -> Finding | None:
    if facts.status is not InvoiceStatus.CANCELLED:
        return None
    because = _said("cancelled_for" if facts.cancel_reason else "cancelled", reason=facts.cancel_reason)
    if facts.cancelled_at:
        because = _said(f"{because.code}_on", at=facts.cancelled_at, **because.parts)
    came = any(each.status is PaymentStatus.COMPLETED for each in facts.tries)
    return Finding("cancelled", because, _said("use_the_money" if came else "make_a_new_one"))


def _draft(facts: Facts) -> Finding | None:
    if facts.status is not InvoiceStatus.DRAFT:
        return None
    return Finding("not_issued", _said("not_issued"), _said("issue_it"))


def _written_off(facts: Facts) -> Finding | None:
    if facts.status is not InvoiceStatus.UNCOLLECTIBLE:
        return None
    return Finding("written_off", _said("written_off"), _said("nothing_unless_paid"))


# Status -> the cause, which is also what is said, and the next step.
GONE_BACK = {
    InvoiceStatus.IN_PROTEST: ("disputed", "answer_the_dispute"),
    InvoiceStatus.CHARGEBACK: ("charged_back", "settle_with_the_payer"),
    InvoiceStatus.REFUNDED: ("refunded", "make_a_new_one_if_needed"),
    InvoiceStatus.PARTIALLY_REFUNDED: ("partly_refunded", "nothing_left"),
}


def _gone_back(facts: Facts) -> Finding | None:
    if facts.status not in GONE_BACK:
        return None
    cause, step = GONE_BACK[facts.status]
    return Finding(cause, _said(cause), _said(step), is_paid=True)


def _not_told(facts: Facts) -> Finding | None:
    news = facts.notice
    if facts.status is not InvoiceStatus.PAID or news is None:
        return None
    code = "not_told_answered" if news.answer_status else "not_told"
    because = _said(code, to=news.to, answer=news.answer_status or None)
    if facts.paid_at:
        because = _said(f"{code}_on", at=facts.paid_at, **because.parts)
    if news.state in {"dead", "held"}:
        step = _said("send_the_news_again", tries=news.attempts, to=news.to)
    else:
        step = _said("wait_for_try", number=news.attempts + 1, at=news.next_try_at)
    return Finding("not_told", because, step, is_paid=True)


def _paid(facts: Facts) -> Finding | None:
    if facts.status is not InvoiceStatus.PAID:
        return None
    because = _said("paid_on" if facts.paid_at else "paid", at=facts.paid_at)
    return Finding("paid", because, _said("nothing_left"), is_paid=True)


def _asks_a_person(facts: Facts) -> Finding | None:
    if not facts.questions:
        return None
    first = min(facts.questions, key=lambda each: each.since)
    because = _said("waits_for_a_person", question=first.sentence.rstrip("."))
    return Finding("waits_for_a_person", because, _said("somebody_has_it", owner=first.owner, since=first.since))


def _gateway_away(facts: Facts) -> Finding | None:
    waiting = [each for each in _open(facts) if each.unread]
    if not waiting or facts.gateway_rests_until is None:
        return None
    because = _said("gateway_away", gateway=waiting[0].gateway)
    return Finding("gateway_away", because, _said("asked_again", at=facts.gateway_rests_until))


def _being_looked_at(facts: Facts) -> Finding | None:
    if not any(each.unread for each in _open(facts)):
        return None
    return Finding("being_looked_at", _said("being_looked_at"), _said("ask_in_a_moment"))


def _under_way(facts: Facts) -> Finding | None:
    begun = [each for each in _open(facts) if each.has_reference and not each.is_untouched]
    if not begun:
        return None
    first = begun[0]
    code = "under_way_with_state" if first.provider_state else "under_way"
    because = _said(code, gateway=first.gateway, state=first.provider_state)
    return Finding("under_way", because, _at("wait", first.next_check_at))


def _answer_lost(facts: Facts) -> Finding | None:
    lost = [each for each in _open(facts) if not each.has_reference]
    if not lost:
        return None
    because = _said("answer_lost", gateway=lost[0].gateway)
    return Finding("answer_lost", because, _at("pay_again_lost", lost[0].expires_at))


def _page_untouched(facts: Facts) -> Finding | None:
    shown = [each for each in _open(facts) if each.is_untouched]
    if not shown:
        return None
    because = _said("page_untouched", gateway=shown[0].gateway, since=shown[0].created_at)
    return Finding("page_untouched", because, _at("remind", shown[0].next_check_at))


def _part_paid(facts: Facts) -> Finding | None:
    came = facts.total.minor - facts.due.minor
    if facts.status is not InvoiceStatus.PARTIALLY_PAID or came <= 0:
        return None
    because = _said("part_paid", came=Money(came, facts.total.currency), total=facts.total)
    return Finding("part_paid", because, _said("ask_for_the_rest", due=facts.due))


def _last_try_ended(facts: Facts) -> Finding | None:
    if not facts.tries or facts.tries[0].status not in ENDED:
        return None
    last = facts.tries[0]
    code = "last_try_ended" if len(facts.tries) > 1 else "only_try_ended"
    about: dict[str, Part] = {"tries": len(facts.tries), "status": last.status, "since": last.created_at}
    because = _said(f"{code}_with" if last.failure_code else code, code=last.failure_code, **about)
    return Finding("last_try_ended", because, _by("pay_again", facts.link))


def _nobody_tried(facts: Facts) -> Finding | None:
    late = facts.status is InvoiceStatus.OVERDUE
    return Finding("nobody_tried", _said("nobody_tried_overdue" if late else "nobody_tried"), _by("pay", facts.link))


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
FOUND = tuple(name for name, _ in CAUSES if name != "gone_back") + tuple(cause for cause, _ in GONE_BACK.values())


def _open(facts: Facts) -> list[Try]:
    closed = {*ENDED, PaymentStatus.COMPLETED, PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED}
    return [each for each in facts.tries if each.status not in {*closed, PaymentStatus.CHARGED_BACK}]


def _at(code: str, moment: datetime | None) -> Said:
    """Return a step with its moment, or that it comes when the gateway calls."""
    return _said(f"{code}_at", at=moment) if moment else _said(f"{code}_for_call")


def _by(code: str, link: str | None) -> Said:
    return _said(f"{code}_by_link" if link else code)
