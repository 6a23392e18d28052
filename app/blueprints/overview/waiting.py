"""What waits for a person: each a line with its rows behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.blueprints.overview import links
from app.blueprints.overview.status import StatusLine
from app.web.delivery_words import ERROR
from app.web.filters import grouped
from app.web.navigation import waiting_now
from app.web.translation import translate as _
from app.web.words import Word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from app.queries.overview import Lane

CAP = 100


class _Kind(NamedTuple):
    """What waits of one kind: how many, in which words, and the list of them."""

    number: int
    word: Word
    text: str
    endpoint: str
    query: dict[str, Any]
    is_capped: bool


def lines(lanes: Sequence[Lane]) -> list[StatusLine]:
    """Return what waits for a person, most pressing first; nothing is no line."""
    return [
        StatusLine(each.word, each.text, _figure(each), links.place(each.endpoint, **each.query))
        for each in _kinds(lanes)
        if each.number
    ]


def _kinds(lanes: Sequence[Lane]) -> list[_Kind]:
    return [
        _deliveries(
            sum(lane.dead for lane in lanes), Word(_("Delivery"), "bad"), _("Given up after all tries"), state="dead"
        ),
        _deliveries(
            sum(lane.held for lane in lanes),
            Word(_("Delivery"), "warn"),
            _("Nobody knows whether it arrived"),
            state="held",
        ),
        *_decisions(),
        _deliveries(
            sum(lane.retried for lane in lanes),
            Word(_("Delivery"), "wait"),
            _("Failed, will be tried again"),
            state="pending",
            error=[*ERROR],
        ),
    ]


def _decisions() -> list[_Kind]:
    found = waiting_now()
    question, refund = Word(_("Question"), "warn"), Word(_("Refund"), "wait")
    dispute, overpaid = Word(_("Dispute"), "bad"), Word(_("Overpaid"), "warn")
    comparison = Word(_("Comparison"), "warn")
    return [
        _desk(found.questions, question, _("A person must decide"), "review_items.index"),
        _desk(found.approvals, refund, _("Waits for a second person"), "approvals.index"),
        _desk(found.disputes, dispute, _("A payer's bank asks for money back"), "disputes.index"),
        _desk(found.credits, overpaid, _("Paid twice or too much"), "credits.index"),
        _desk(found.differences, comparison, _("Our books and the gateway's differ"), "comparisons.index"),
    ]


def _deliveries(number: int, word: Word, text: str, **query: Any) -> _Kind:
    return _Kind(number, word, text, "deliveries.index", query, is_capped=False)


def _desk(number: int, word: Word, text: str, endpoint: str) -> _Kind:
    return _Kind(number, word, text, endpoint, {}, is_capped=True)


def _figure(each: _Kind) -> str:
    """Return how many: what is counted up to the cap may be more."""
    return f"{CAP}+" if each.is_capped and each.number >= CAP else grouped(each.number)
