"""What may be done about a question: each choice with its effect, said before it is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flask import url_for

from app.services import review_work
from app.web.navigation import allowed_endpoint
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from app.queries.review_items import ReviewItemDetail


class Choice(NamedTuple):
    """One way on: its words, its effect, where it leads, and whether that opens in the dialog."""

    label: str
    effect: str
    address: str
    in_dialog: bool = True


class Way(NamedTuple):
    """A choice that leads to another desk, for questions whose kind begins so; `values` is None when it cannot."""

    kind: str
    endpoint: str
    values: Callable[[ReviewItemDetail], dict[str, Any] | None]
    label: Callable[[], str]
    effect: Callable[[], str]
    in_dialog: bool = False


def _refund(found: ReviewItemDetail) -> dict[str, Any] | None:
    key = _key(found, "refund")
    return {"refund_id": key} if key else None


def _approval(decision: str) -> Callable[[ReviewItemDetail], dict[str, Any] | None]:
    def values(found: ReviewItemDetail) -> dict[str, Any] | None:
        key = _key(found, "refund")
        return {"refund": key, "decision": decision} if key else None

    return values


def _invoice(found: ReviewItemDetail) -> dict[str, Any] | None:
    return {"number": found.invoice.number} if found.invoice and found.invoice.number else None


def _dispute(found: ReviewItemDetail) -> dict[str, Any] | None:
    return {"dispute_id": found.dispute_id} if found.dispute_id else None


def _surplus(found: ReviewItemDetail) -> dict[str, Any] | None:
    return {"surplus_id": found.surplus_id} if found.surplus_id else None


def _difference(found: ReviewItemDetail) -> dict[str, Any] | None:
    key = _key(found, "difference")
    return {"difference_id": key} if key else None


def _delivery(found: ReviewItemDetail) -> dict[str, Any] | None:
    key = _key(found, "outbox")
    return {"delivery_id": key} if key else None


def _key(found: ReviewItemDetail, noun: str) -> int | None:
    kind, _colon, rest = found.item.dedupe_key.partition(":")
    key = rest.partition(":")[0]
    return int(key) if kind == noun and key.isascii() and key.isdigit() else None


# The strings stand in lambdas because they are translated when they are read, not when this module is.
WAYS = (
    Way(
        "refund.approval",
        "approvals.new",
        _approval("approve"),
        lambda: _("Agree…"),
        lambda: _("The refund leaves at once, and this question is answered."),
        in_dialog=True,
    ),
    Way(
        "refund.approval",
        "approvals.new",
        _approval("reject"),
        lambda: _("Do not agree…"),
        lambda: _("Nothing leaves, and this question is answered."),
        in_dialog=True,
    ),
    Way(
        "refund.",
        "refunds.show",
        _refund,
        lambda: _("Look at the refund"),
        lambda: _("Its story, what the gateway said, and asking for it again."),
    ),
    Way(
        "payment.surplus",
        "credits.show",
        _surplus,
        lambda: _("Give it back or use it…"),
        lambda: _("Once nothing of it is left, this question is answered."),
    ),
    Way(
        "dispute.reported",
        "disputes.new",
        _invoice,
        lambda: _("Open the dispute…"),
        lambda: _("The money cannot be refunded until it ends, and this question is answered."),
        in_dialog=True,
    ),
    Way(
        "dispute.",
        "disputes.show",
        _dispute,
        lambda: _("Look at the dispute"),
        lambda: _("Note there that evidence is handed in, or how it ended: that answers this question."),
    ),
    Way(
        "payment.charged_back",
        "disputes.show",
        _dispute,
        lambda: _("Look at the dispute"),
        lambda: _("What was booked, and winning it back after all."),
    ),
    Way(
        "payment.fraud_reported",
        "refunds.new",
        _invoice,
        lambda: _("Give the money back…"),
        lambda: _("Before the bank takes it, with a fee on top."),
        in_dialog=True,
    ),
    Way(
        "difference.",
        "comparisons.show",
        _difference,
        lambda: _("Look at the difference"),
        lambda: _("Both books side by side, and mending it after a dry run."),
    ),
    Way(
        "outbox.dead",
        "deliveries.show",
        _delivery,
        lambda: _("Look at the delivery"),
        lambda: _("What was to be sent, what was answered, and sending it again."),
    ),
    Way(
        "numbers.",
        "number_ranges.index",
        lambda _found: {},
        lambda: _("Look at the number ranges"),
        lambda: _("How much is left there, and adding the range that follows."),
    ),
)


def choices(found: ReviewItemDetail) -> list[Choice]:
    """Return what this person may do about an open question, the surest way first."""
    if found.item.resolved_at is not None:
        return []
    ways = [_lead(way, found) for way in WAYS if found.item.kind.startswith(way.kind)]
    return [each for each in ways if each is not None] + _own(found)


def _lead(way: Way, found: ReviewItemDetail) -> Choice | None:
    values = way.values(found)
    if values is None or not allowed_endpoint(way.endpoint):
        return None
    return Choice(way.label(), way.effect(), url_for(way.endpoint, **values), way.in_dialog)


def _own(found: ReviewItemDetail) -> list[Choice]:
    if not allowed_endpoint("review_items.new_decision"):
        return []
    key, ways = found.item.id, []
    if review_work.can_count(found.item):
        ways.append(
            Choice(_("Book what came…"), counting(), url_for("review_items.new_decision", item_id=key, choice=COUNT))
        )
    if review_work.can_look(found.item):
        ways.append(
            Choice(
                _("Ask the gateway again…"),
                _("What it says now is booked as always; the question stays open until somebody decides it."),
                url_for("review_items.new_look", item_id=key),
            )
        )
    here = "review_items.new_decision"
    return [*ways, *(Choice(*resolution(code), url_for(here, item_id=key, choice=code)) for code in RESOLUTIONS)]


def counting() -> str:
    """Return what booking the money of an older link does."""
    return _(
        "The gateway is asked once more and what came is booked: "
        "too much becomes the payer's credit, too little pays a part."
    )


COUNT = "count"
# What is kept of a decision, in English as everything that is kept.
RESOLUTIONS = {"done": "taken care of elsewhere", "nothing": "nothing to do"}


def resolution(code: str) -> tuple[str, str]:
    """Return the words of a decision and its effect."""
    if code == COUNT:
        return _("Book what came…"), counting()
    if code == "done":
        return _("It is taken care of…"), _("Closes the question with your reason; nothing is booked or sent.")
    return _("There is nothing to do…"), _("Closes the question with your reason; nothing is booked or sent.")
