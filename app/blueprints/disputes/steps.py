"""What may be done about a dispute: each step with its effect, said before it is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.domain.dispute import EDGES, DisputeStatus
from app.services import disputes
from app.web import words
from app.web.filters import money
from app.web.service_names import service
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.queries.disputes import DisputeDetail
    from app.services.timeline import Actor


class Step(NamedTuple):
    """One step: where it leads, its words, and the verb, which gets the dispute, who and why."""

    to: DisputeStatus
    label: Callable[[], str]
    question: Callable[[str], str]
    take: Callable[[int, Actor, str], None]

    @property
    def bad(self) -> bool:
        """Return whether money is lost by it."""
        return self.to is DisputeStatus.LOST


# The strings stand in lambdas because they are translated when they are read, not when this module is.
STEPS: dict[str, Step] = {
    "evidence": Step(
        DisputeStatus.UNDER_REVIEW,
        lambda: _("Evidence is handed in"),
        lambda amount: _("Was the evidence about %(amount)s handed in?", amount=amount),
        lambda key, who, why: disputes.take_up(key, actor=who, note=why),
    ),
    "win": Step(
        DisputeStatus.WON,
        lambda: _("We won"),
        lambda amount: _("Was the dispute about %(amount)s won?", amount=amount),
        lambda key, who, why: disputes.win(key, actor=who, outcome=why),
    ),
    "close": Step(
        DisputeStatus.CLOSED,
        lambda: _("Ended without a verdict"),
        lambda amount: _("Did the dispute about %(amount)s end without a verdict?", amount=amount),
        lambda key, who, why: disputes.close(key, actor=who, outcome=why),
    ),
    "lose": Step(
        DisputeStatus.LOST,
        lambda: _("We lost"),
        lambda amount: _("Was the dispute about %(amount)s lost?", amount=amount),
        lambda key, who, why: disputes.lose(key, actor=who, outcome=why),
    ),
    "accept": Step(
        DisputeStatus.LOST,
        lambda: _("Accept it"),
        lambda amount: _("Let the payer have %(amount)s?", amount=amount),
        lambda key, who, why: disputes.lose(key, actor=who, outcome=f"accepted: {why}"),
    ),
}


def possible(found: DisputeDetail) -> list[tuple[str, Step]]:
    """Return the steps that may be taken now, by name."""
    now = DisputeStatus(found.dispute.status)
    return [(name, step) for name, step in STEPS.items() if (now, step.to) in EDGES]


def effect(found: DisputeDetail, step: Step) -> list[str]:
    """Return what the step does, in sentences: to the invoice, in the books, at the service."""
    dispute = found.dispute
    was_lost = dispute.status == DisputeStatus.LOST
    if step.to is DisputeStatus.UNDER_REVIEW:
        return [_("No money moves and nothing is booked. The dispute waits for the bank; its deadline warns no more.")]
    if step.to is DisputeStatus.LOST:
        return [
            _("The money is gone: %(booking)s.", booking=_booking(found, 1)),
            _("The invoice is charged back and %(service)s is told.", service=service(found.service.name)),
        ]
    if was_lost:
        return [
            _("The money is back: %(booking)s.", booking=_booking(found, -1)),
            _("The invoice has its money again."),
        ]
    return [_("Nothing is booked: the money never left. The invoice is no longer in dispute.")]


def _booking(found: DisputeDetail, sign: int) -> str:
    currency = found.dispute.currency
    sides = disputes.effect(found.dispute, found.payment.gateway, found.service.code, sign=sign)
    return "; ".join(
        _side(words.account(side.account), money(abs(side.amount.minor), currency), is_debit=side.amount.minor > 0)
        for side in sides
    )


def _side(account: str, amount: str, *, is_debit: bool) -> str:
    if is_debit:
        return _("debit %(account)s %(amount)s", account=account, amount=amount)
    return _("credit %(account)s %(amount)s", account=account, amount=amount)
