"""One decision about one or several refunds: what it would do, and what became of each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from app.domain.errors import Conflict
from app.domain.refund import RefundStatus
from app.queries import refunds as refund_queries
from app.services import refunds
from app.services.refunds import REJECTED, SamePerson
from app.web.actor_words import by_whom
from app.web.filters import listed, money
from app.web.refund_words import refund_word
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.queries.refunds import RefundRow
    from app.services.timeline import Actor

MOST = 100
LONGEST_KEY = 18


class Decision(StrEnum):
    """What a second person says."""

    APPROVE = "approve"
    REJECT = "reject"


class Choice(NamedTuple):
    """A refund that was chosen; `obstacle` says why this person cannot decide it, empty when they can."""

    row: RefundRow
    obstacle: str = ""


def read(text: str) -> Decision:
    """Return what was chosen; anything else is the choice that moves no money."""
    return Decision.APPROVE if text == Decision.APPROVE else Decision.REJECT


def chosen(values: Iterable[str], me: Actor) -> list[Choice]:
    """Return the refunds that were chosen, at most a hundred, each with what stands against deciding it."""
    ids = {int(each) for each in values if each.isascii() and each.isdigit() and len(each) <= LONGEST_KEY}
    return [Choice(row, _obstacle(row, me)) for row in refund_queries.some(sorted(ids)[:MOST])]


def sums(rows: Iterable[RefundRow]) -> str:
    """Return what these are together, by currency."""
    found: dict[str, int] = {}
    for row in rows:
        found[row.currency] = found.get(row.currency, 0) + row.amount_minor
    return ", ".join(money(minor, currency) for currency, minor in sorted(found.items()))


def decide(choices: Sequence[Choice], decision: Decision, reason: str, me: Actor) -> list[Choice]:
    """Decide each by itself and return them with what stood against it, empty for those that are decided now."""
    return [Choice(each.row, _decide(each.row.id, decision, reason, me)) for each in choices]


def _decide(refund_id: int, decision: Decision, reason: str, me: Actor) -> str:
    verb = refunds.approve if decision is Decision.APPROVE else refunds.reject
    try:
        verb(refund_id, actor=me, reason=reason)
    except SamePerson:
        return _own()
    except Conflict:
        return _happened(refund_id, decision, me)
    return ""


def _obstacle(row: RefundRow, me: Actor) -> str:
    if row.status != RefundStatus.PENDING_APPROVAL:
        return _("It does not wait any more: %(status)s", status=str(refund_word(row.status).label).lower())
    return _own() if row.requested_by == str(me) else ""


def _own() -> str:
    return _("You asked for it: somebody else must decide")


def _happened(refund_id: int, decision: Decision, me: Actor) -> str:
    """Return who was faster, empty when it was this very person with this very decision (a double click)."""
    found = refund_queries.detail(refund_id)
    refund = found.refund
    if refund.approved_by:
        if refund.approved_by == str(me) and decision is Decision.APPROVE:
            return ""
        return _("%(who)s agreed to it already", who=by_whom(refund.approved_by, found.names))
    told = next((each for each in found.happenings if each.kind == "refund.cancelled"), None)
    who = f"{told.actor_kind}:{told.actor}" if told and told.actor else "system"
    if who == str(me) and decision is Decision.REJECT and refund.failure_code == REJECTED:
        return ""
    name, when = by_whom(who, found.names), listed(told.at if told else refund.created_at)
    if refund.failure_code == REJECTED:
        return _("%(who)s did not agree to it, %(when)s", who=name, when=when)
    return _("%(who)s withdrew it, %(when)s", who=name, when=when)
