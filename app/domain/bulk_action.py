"""What may be asked of many invoices at once, and which of them it can be done to (eis.md 6, 8.5, 10.2.7, 11.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.invoice import InvoiceStatus as S
from app.domain.task import TaskKind

# Services that take a status from us: they are asked first, and we follow (eis.md 10.2.7).
FOLLOWS = frozenset({"registry", "auction"})
# Whose invoices are our own: nobody has to be asked.
OURS = "billing_system"
# Who hears of payments (eis.md 10.2.1).
HEARS = frozenset({"registry", "auction", "eeid"})
BULK = "bulk"

# The word the owner is told before we change anything.
WORD = {TaskKind.CANCEL: "cancelled", TaskKind.MARK_PAID: "paid", TaskKind.MARK_UNPAID: "unpaid"}

OPEN = frozenset({S.UNPAID, S.OVERDUE, S.PENDING, S.CHARGED_WITH_ERROR})
HAS_MONEY = frozenset({S.PAID, S.PARTIALLY_PAID, S.PARTIALLY_REFUNDED, S.IN_PROTEST, S.REFUNDED, S.CHARGEBACK})


class Skip(StrEnum):
    """Why an invoice is left as it is."""

    BULK = "bulk"
    ALREADY = "already"
    HAS_MONEY = "has_money"
    MONEY_ON_ITS_WAY = "money_on_its_way"
    CANNOT_BE_TOLD = "cannot_be_told"
    NO_NEWS = "no_news"
    ABOUT_TO_BE_TOLD = "about_to_be_told"
    NOT_TOLD_BY_US = "not_told_by_us"
    CANCELLED = "cancelled"
    NOT_OPEN = "not_open"
    STILL_DUE = "still_due"
    NOT_ISSUED = "not_issued"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of an invoice, or of many alike, without looking at its payments."""

    service: str
    kind: str
    status: S


def judge(action: TaskKind, subject: Subject) -> Skip | None:
    """Return why nothing can be done to this invoice, or None when it can be tried."""
    if subject.kind == BULK:
        return Skip.BULK
    if subject.status is S.DRAFT:
        return Skip.NOT_ISSUED
    return JUDGES[action](subject)


def _resend(subject: Subject) -> Skip | None:
    if subject.service not in HEARS:
        return Skip.CANNOT_BE_TOLD
    has_news = subject.status is S.PAID or (subject.status is S.REFUNDED and subject.service == "auction")
    return None if has_news else Skip.NO_NEWS


def _cancel(subject: Subject) -> Skip | None:
    if subject.status is S.CANCELLED:
        return Skip.ALREADY
    if subject.status in HAS_MONEY:
        return Skip.HAS_MONEY
    if subject.status not in OPEN:
        return Skip.NOT_OPEN
    return None if subject.service == OURS else _told(subject)


def _mark_paid(subject: Subject) -> Skip | None:
    if subject.status is S.PAID:
        return Skip.ALREADY
    if subject.status is S.CANCELLED:
        return Skip.CANCELLED
    if subject.status not in OPEN:
        return Skip.HAS_MONEY if subject.status in HAS_MONEY else Skip.NOT_OPEN
    return _told(subject)


def _mark_unpaid(subject: Subject) -> Skip | None:
    if subject.status in {S.UNPAID, S.PENDING}:
        return Skip.ALREADY
    if subject.status is S.CANCELLED:
        return Skip.CANCELLED
    if subject.status not in OPEN:
        return Skip.HAS_MONEY if subject.status in HAS_MONEY else Skip.NOT_OPEN
    return _told(subject)


def _told(subject: Subject) -> Skip | None:
    return None if subject.service in FOLLOWS else Skip.CANNOT_BE_TOLD


JUDGES = {
    TaskKind.RESEND: _resend,
    TaskKind.CANCEL: _cancel,
    TaskKind.MARK_PAID: _mark_paid,
    TaskKind.MARK_UNPAID: _mark_unpaid,
}
