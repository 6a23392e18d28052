"""One try to move money: its states, and what news from a gateway does to it (other-systems.md 7.2, 7.7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PaymentStatus(StrEnum):
    """Every state of a payment."""

    CREATED = "created"
    PENDING = "pending"
    PENDING_APPROVAL = "pending_approval"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"


P = PaymentStatus

ACTIVE: frozenset[PaymentStatus] = frozenset({P.CREATED, P.PENDING, P.PENDING_APPROVAL, P.PROCESSING, P.AUTHORIZED})
ENDED: frozenset[PaymentStatus] = frozenset({P.FAILED, P.CANCELLED, P.EXPIRED})
RECEIVED: frozenset[PaymentStatus] = frozenset({P.COMPLETED, P.PARTIALLY_REFUNDED})

_TO: dict[PaymentStatus, tuple[PaymentStatus, ...]] = {
    P.CREATED: (P.PENDING, P.PROCESSING, P.COMPLETED, P.PENDING_APPROVAL, P.FAILED, P.CANCELLED, P.EXPIRED),
    P.PENDING: (P.PROCESSING, P.AUTHORIZED, P.COMPLETED, P.FAILED, P.CANCELLED, P.EXPIRED),
    P.PROCESSING: (P.AUTHORIZED, P.COMPLETED, P.FAILED, P.CANCELLED, P.EXPIRED),
    P.AUTHORIZED: (P.COMPLETED, P.FAILED, P.CANCELLED, P.EXPIRED),
    P.PENDING_APPROVAL: (P.COMPLETED, P.FAILED, P.CANCELLED, P.EXPIRED),
    P.COMPLETED: (P.PARTIALLY_REFUNDED, P.REFUNDED, P.CHARGED_BACK),
    P.PARTIALLY_REFUNDED: (P.REFUNDED, P.CHARGED_BACK),
    P.REFUNDED: (P.PARTIALLY_REFUNDED,),
    P.CHARGED_BACK: (P.COMPLETED, P.PARTIALLY_REFUNDED),
    P.FAILED: (P.COMPLETED,),
    P.CANCELLED: (P.COMPLETED,),
    P.EXPIRED: (P.COMPLETED,),
}
EDGES: frozenset[tuple[PaymentStatus, PaymentStatus]] = frozenset(
    (before, after) for before, afters in _TO.items() for after in afters
)


class ObservedState(StrEnum):
    """What a gateway can say of a payment, in our words; every vendor word maps to one of these."""

    INITIAL = "initial"
    PENDING = "pending"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"
    UNKNOWN = "unknown"


class Gone(StrEnum):
    """What a settled payment has lost at the gateway."""

    NOTHING = "nothing"
    PART = "part"
    IMPLAUSIBLE = "implausible"


class DecisionKind(StrEnum):
    """What to do with news: four different answers, never one for two."""

    APPLY = "apply"
    SAME = "same"
    IGNORED = "ignored"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Decision:
    """What news does to a payment.

    `via` is the state it passes through on the way, for news that came before the state it follows from. `late` marks
    money that came after the payment had ended.
    """

    kind: DecisionKind
    to: PaymentStatus | None = None
    via: PaymentStatus | None = None
    late: bool = False
    reason: str = ""


_SAME = Decision(DecisionKind.SAME)
_WISH: dict[ObservedState, PaymentStatus] = {
    ObservedState.INITIAL: P.PENDING,
    ObservedState.PENDING: P.PENDING,
    ObservedState.PROCESSING: P.PROCESSING,
    ObservedState.AUTHORIZED: P.AUTHORIZED,
    ObservedState.COMPLETED: P.COMPLETED,
    ObservedState.FAILED: P.FAILED,
    ObservedState.CANCELLED: P.CANCELLED,
    ObservedState.EXPIRED: P.EXPIRED,
}
# A payment the gateway speaks of has been made there, whether we stored its answer or not.
_VIA: dict[tuple[PaymentStatus, PaymentStatus], PaymentStatus] = {(P.CREATED, P.AUTHORIZED): P.PENDING}


def decide(  # noqa: PLR0911 - one line per case
    current: PaymentStatus,
    observed: ObservedState,
    *,
    standing_minor: int | None,
    captured_minor: int,
    refunded_minor: int,
    agreed_minor: int | None = None,
) -> Decision:
    """Return what the fetched state does to a payment (other-systems.md 7.2, security.md T05, T15, T18).

    In minor units: `standing_minor` is what the gateway still holds, `captured_minor` what we booked as received,
    `refunded_minor` what we booked as given back, `agreed_minor` what was asked if the gateway says that all of it was
    paid as asked: then money that came and went back between two looks is booked as both, also where the gateway goes
    on to call it settled. A state nobody knows and money that went back and never came as asked are questions for a
    person, never a guess.
    """
    if observed is ObservedState.UNKNOWN:
        return Decision(DecisionKind.REVIEW, reason="this state is not known here")
    if observed is ObservedState.CHARGED_BACK:
        return _charged_back(current, agreed_minor)
    if observed is ObservedState.COMPLETED:
        gone = _gone_of_settled(current, standing_minor, captured_minor, agreed_minor)
        if gone is Gone.IMPLAUSIBLE:
            return Decision(DecisionKind.REVIEW, reason="settled, and the amount that is left is not plausible")
        observed = ObservedState.REFUNDED if gone is Gone.PART else observed
    if observed is ObservedState.REFUNDED:
        if current not in RECEIVED and current is not P.REFUNDED:
            return _came_and_went(current, standing_minor, agreed_minor)
        return _refunded(current, standing_minor, captured_minor, refunded_minor)
    wish = _WISH[observed]
    if wish == current:
        return _SAME
    via = _VIA.get((current, wish))
    if via is None and (current, wish) not in EDGES:
        return Decision(DecisionKind.IGNORED, reason=f"{wish} does not follow {current}")
    if current is P.CHARGED_BACK:
        return Decision(DecisionKind.REVIEW, reason="the money of a lost dispute seems to be back")
    return Decision(DecisionKind.APPLY, wish, via=via, late=current in ENDED)


def _gone_of_settled(
    current: PaymentStatus, standing_minor: int | None, captured_minor: int, agreed_minor: int | None
) -> Gone:
    """Return what of a payment that is called settled the gateway does not hold any more.

    A part that went back is no other state there by itself; what holds nothing, or more than came, is not settled.
    """
    follows = current in RECEIVED or (current, P.COMPLETED) in EDGES
    whole_minor = captured_minor if current in RECEIVED else agreed_minor
    if standing_minor is None or whole_minor is None or not follows:
        return Gone.NOTHING
    if not 0 < standing_minor <= whole_minor:
        return Gone.IMPLAUSIBLE
    return Gone.PART if standing_minor < whole_minor else Gone.NOTHING


def _charged_back(current: PaymentStatus, agreed_minor: int | None) -> Decision:
    if current is P.CHARGED_BACK:
        return _SAME
    if current in RECEIVED:
        return Decision(DecisionKind.APPLY, P.CHARGED_BACK)
    return _by_way_of_received(current, P.CHARGED_BACK, agreed_minor)


def _came_and_went(current: PaymentStatus, standing_minor: int | None, agreed_minor: int | None) -> Decision:
    if standing_minor is None or agreed_minor is None or not 0 <= standing_minor < agreed_minor:
        return _went_back_too_early(current)
    to = P.PARTIALLY_REFUNDED if standing_minor else P.REFUNDED
    return _by_way_of_received(current, to, agreed_minor)


def _by_way_of_received(current: PaymentStatus, to: PaymentStatus, agreed_minor: int | None) -> Decision:
    if agreed_minor is None or (current, P.COMPLETED) not in EDGES or current is P.CHARGED_BACK:
        return _went_back_too_early(current)
    return Decision(DecisionKind.APPLY, to, via=P.COMPLETED, late=current in ENDED)


def _refunded(current: PaymentStatus, standing_minor: int | None, captured_minor: int, refunded_minor: int) -> Decision:
    if standing_minor is None and current is P.REFUNDED:
        return _SAME
    if standing_minor is None or not 0 <= standing_minor <= captured_minor:
        return Decision(DecisionKind.REVIEW, reason="refunded, and the amount that is left is not plausible")
    held_minor = captured_minor - refunded_minor
    if standing_minor == held_minor:
        return _SAME
    if standing_minor > held_minor:
        return Decision(DecisionKind.IGNORED, reason="more has gone back already than this news knows")
    return Decision(DecisionKind.APPLY, P.PARTIALLY_REFUNDED if standing_minor else P.REFUNDED)


def _went_back_too_early(current: PaymentStatus) -> Decision:
    return Decision(DecisionKind.REVIEW, reason=f"money went back of a payment that is {current} here")
