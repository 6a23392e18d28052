"""A refund in words: where it stands in a sentence, and what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.domain.refund import RefundStatus
from app.services.refunds import REJECTED
from app.web import actor_words, refund_words
from app.web.filters import day, money
from app.web.timeline import actor, lines_of, with_reason
from app.web.translation import translate as _
from app.web.words import gateway

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.models.refund import Refund
    from app.queries.refunds import RefundDetail
    from app.web.timeline import Line, Looks


class Answer(NamedTuple):
    """Where it stands: the sentence, what follows, and its tone."""

    tone: str
    headline: str
    rest: str


def answer(found: RefundDetail) -> Answer:
    """Return where the refund stands."""
    refund = found.refund
    sum_ = money(refund.amount_minor, refund.currency)
    asked = actor_words.by_whom(refund.requested_by, found.names)
    return ANSWERS[RefundStatus(refund.status)](refund, sum_, asked, found)


def _waits(refund: Refund, sum_: str, asked: str, _found: RefundDetail) -> Answer:
    rest = _("%(who)s asked for it, so somebody else must agree. Nothing has left.", who=asked)
    if refund.made_outside_on is not None:
        rest = _(
            "%(who)s recorded the transfer of %(day)s, so somebody else must agree before it is booked.",
            who=asked,
            day=day(refund.made_outside_on),
        )
    return Answer("warn", _("%(amount)s wait for a second person", amount=sum_), rest)


def _requested(refund: Refund, sum_: str, _asked: str, found: RefundDetail) -> Answer:
    rest = _("It is sent within seconds; until then it can be withdrawn.")
    if refund.failure_message:
        rest = _("%(gateway)s could not be reached; it is tried again.", gateway=gateway(found.payment.gateway))
    return Answer("wait", _("%(amount)s are about to leave", amount=sum_), rest)


def _processing(_refund: Refund, sum_: str, _asked: str, found: RefundDetail) -> Answer:
    name = gateway(found.payment.gateway)
    return Answer("wait", _("%(amount)s are on their way", amount=sum_), _("%(gateway)s was asked.", gateway=name))


def _unknown(_refund: Refund, sum_: str, _asked: str, found: RefundDetail) -> Answer:
    return Answer(
        "warn",
        _("%(gateway)s did not answer about %(amount)s", gateway=gateway(found.payment.gateway), amount=sum_),
        _("It may have been executed. It is looked for until that is certain, at most an hour; do not send it again."),
    )


def _succeeded(refund: Refund, sum_: str, _asked: str, found: RefundDetail) -> Answer:
    payer = found.invoice.customer_name if found.invoice else ""
    when = day(refund.made_outside_on or refund.finished_at or refund.created_at)
    headline = _("%(amount)s went back on %(day)s", amount=sum_, day=when)
    if payer:
        headline = _("%(amount)s went back to %(payer)s on %(day)s", amount=sum_, payer=payer, day=when)
    rest = _("The books have it. A card payer sees it within days.")
    if refund.made_outside_on is not None:
        rest = _("It was paid by bank transfer. The books have it, and the gateway holds its part still.")
    return Answer("good", headline, rest)


def _failed(refund: Refund, sum_: str, _asked: str, _found: RefundDetail) -> Answer:
    said = refund.failure_message or ""
    return Answer(
        "bad",
        _("%(amount)s did not go back", amount=sum_),
        f"{said}{'' if said.endswith('.') or not said else '.'} {refund_words.advice(refund.failure_code)}".strip(),
    )


def _cancelled(refund: Refund, sum_: str, _asked: str, _found: RefundDetail) -> Answer:
    headline = _("%(amount)s were withdrawn: nothing left", amount=sum_)
    if refund.made_outside_on is not None:
        headline = _("%(amount)s by bank transfer were not booked", amount=sum_)
    elif refund.failure_code == REJECTED:
        headline = _("%(amount)s were not agreed to: nothing left", amount=sum_)
    return Answer("mute", headline, refund.failure_message or "")


ANSWERS: dict[RefundStatus, Callable[[Refund, str, str, RefundDetail], Answer]] = {
    RefundStatus.PENDING_APPROVAL: _waits,
    RefundStatus.REQUESTED: _requested,
    RefundStatus.PROCESSING: _processing,
    RefundStatus.UNKNOWN: _unknown,
    RefundStatus.SUCCEEDED: _succeeded,
    RefundStatus.FAILED: _failed,
    RefundStatus.CANCELLED: _cancelled,
}
# The strings stand in lambdas because they are translated when they are read, not when this module is.
LOOKS: Looks = {
    "refund.requested": ("refund", "wait", lambda: _("Asked for")),
    "refund.approved": ("check", "good", lambda: _("Agreed to by a second person")),
    "refund.processing": ("send", "wait", lambda: _("Sent to the gateway")),
    "refund.not_sent": ("warning", "warn", lambda: _("Could not be sent")),
    "refund.unknown": ("warning", "warn", lambda: _("No answer")),
    "refund.succeeded": ("check", "good", lambda: _("Done at the gateway, and booked")),
    "refund.made_outside": ("check", "good", lambda: _("Made by bank transfer, and booked")),
    "refund.failed": ("close", "bad", lambda: _("Failed")),
    "refund.cancelled": ("stop", "mute", lambda: _("Withdrawn")),
    "payment.refunded": ("refund", "warn", lambda: _("Seen at the gateway, and booked")),
    "payment.partially_refunded": ("refund", "warn", lambda: _("Seen at the gateway, and booked")),
}


def story(found: RefundDetail) -> list[Line]:
    """Return what happened to the refund, newest first."""
    return lines_of(found.happenings, LOOKS, lambda each: with_reason(actor(each, found.names), each))
