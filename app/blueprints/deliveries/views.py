"""The doors to messages: the list with what is stuck on top, and one message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Response, render_template, request, url_for

from app.blueprints.deliveries.door import blueprint
from app.blueprints.deliveries.forms import as_query, parse_filter
from app.domain.covering import cover_text
from app.domain.permission import Permission
from app.queries import actors, deliveries
from app.queries.paging import Count, Cursor
from app.services.deliveries import MESSAGES, NEVER_AGAIN
from app.web import words
from app.web.address import KEY
from app.web.delivery_words import ERROR, cause, delivery_kind, lane_name
from app.web.guards import needs
from app.web.htmx import render
from app.web.masking import pretty
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext
from app.web.translation import translate_later
from app.web.unknown_parameters import misread_words

if TYPE_CHECKING:
    from app.models.outbox import OutboxRow
    from app.queries.deliveries import DeliveryFilter, LaneState, Stuck
    from app.web.delivery_words import Cause

NBSP = "\N{NO-BREAK SPACE}"
# What the fields of the filter are called.
FIELD = {
    "kind": translate_later("What"),
    "lane": translate_later("Destination"),
    "state": translate_later("State"),
    "error": translate_later("Why not"),
    "age": translate_later("Age"),
}


class Choices(NamedTuple):
    """What the filter offers, as (value, words) pairs, and how many match."""

    kinds: list[tuple[str, str]]
    lanes: list[tuple[str, str]]
    states: list[tuple[str, str]]
    errors: list[tuple[str, str]]
    ages: list[tuple[str, str]]
    count_text: str
    outside: set[str]


class Jam(NamedTuple):
    """One reason why messages are stuck, in words, and where its rows are."""

    group: Stuck
    cause: Cause
    last_error: str
    address: str


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the list with what is stuck and how the destinations are, or only its rows."""
    lanes = deliveries.lanes()
    kinds = deliveries.kinds()
    wanted = parse_filter(request.args, kinds, [each.id for each in lanes])
    cursor = Cursor.parse(request.args.get("after", ""))
    query = as_query(wanted)
    found = deliveries.search(wanted, cursor)
    return render(
        "deliveries/index.html",
        "deliveries/_rows.html" if cursor else "deliveries/_results.html",
        address=None if cursor else url_for("deliveries.index", **query),
        page=found,
        wanted=wanted,
        query=query,
        cursor=cursor,
        lanes=lanes,
        lane_names={each.id: lane_name(each) for each in lanes},
        stopped_by=actors.names(each.stopped_by for each in lanes),
        choices=_choices(kinds, lanes, found.count, wanted),
        jams=[] if cursor else [_jam(each) for each in deliveries.stuck()],
        left_out=[] if cursor else misread_words(request.args, query, FIELD),
    )


@blueprint.get(f"/<{KEY}:delivery_id>")
@needs(Permission.VIEW)
def show(delivery_id: int) -> str:
    """Show one message: how it stands, what was said, what was answered, what people did with it."""
    found = deliveries.detail(delivery_id)
    row = found.row
    return render_template(
        "deliveries/show.html",
        found=found,
        row=row,
        lane=lane_name(deliveries.lane(row.lane_id)),
        answer=_answer(row),
        said=pretty(row.payload.get("body", row.payload)),
        answered=pretty(row.answer_body) if row.answer_body else "",
        fault=cover_text(row.last_error or ""),
        people=actors.names(f"{each.actor_kind}:{each.actor}" for each in found.happenings),
        verbs=_verbs(row),
    )


def _choices(kinds: list[str], lanes: list[LaneState], found: Count, wanted: DeliveryFilter) -> Choices:
    return Choices(
        kinds=[(each, delivery_kind(each)) for each in kinds],
        lanes=[(str(each.id), lane_name(each)) for each in lanes],
        states=[(state, str(word.label)) for state, word in words.DELIVERY.items()],
        errors=[(each, str(word)) for each, word in ERROR.items()],
        ages=[
            ("within_1h", _("Last hour")),
            ("within_1d", _("Last day")),
            ("within_7d", _("Last week")),
            ("over_1h", _("Older than an hour")),
            ("over_1d", _("Older than a day")),
            ("over_7d", _("Older than a week")),
            ("due", _("To be sent now")),
            ("later", _("To be sent later")),
        ],
        count_text=_count_text(found, wanted),
        outside={str(each.id) for each in lanes if each.name.startswith(("initiator:", "webhook:"))},
    )


def _count_text(found: Count, wanted: DeliveryFilter) -> str:
    many = f"{found.number:,}".replace(",", NBSP) + ("+" if found.is_capped else "")
    if wanted:
        return ngettext("%(many)s message matches", "%(many)s messages match", found.number, many=many)
    return ngettext("%(many)s message", "%(many)s messages", found.number, many=many)


def _jam(group: Stuck) -> Jam:
    query: dict[str, Any] = {"lane": group.lane_id, "kind": group.kind, "state": group.state}
    if group.error_class and group.state == "dead":
        query["error"] = group.error_class
    error = cover_text(group.last_error or "")
    return Jam(group, cause(group.state, group.error_class), error, url_for("deliveries.index", **query))


class Verdict(NamedTuple):
    """How a message stands, in a sentence, with what to do."""

    tone: str
    headline: str
    rest: str


def _answer(row: OutboxRow) -> Verdict:
    tone = words.delivery_word(row.state).tone
    if row.state in {"dead", "held"}:
        why = cause(row.state, row.last_error_class)
        return Verdict(tone, str(why.why), str(why.advice))
    if row.state == "done" and row.answer_status is not None:
        rest = _("The other side answered %(status)s in %(ms)s ms.", status=row.answer_status, ms=row.answer_ms or 0)
        return Verdict(tone, _("Delivered."), rest)
    if row.state == "done":
        return Verdict(tone, _("Done."), cover_text(row.last_error or ""))
    if row.state == "pending" and row.attempts:
        tries = ngettext("%(num)d try so far", "%(num)d tries so far", row.attempts)
        return Verdict("warn", _("It will be tried again by itself: %(tries)s.", tries=tries), "")
    return Verdict(tone, f"{words.delivery_word(row.state).label}.", "")


def _verbs(row: OutboxRow) -> set[str]:
    """Return what a person may do with this message now."""
    is_message = row.kind in MESSAGES
    repeatable = row.kind not in NEVER_AGAIN and not row.kind.startswith("schedule.")
    verbs = {
        "pending": {"again", "cancel"} if is_message else {"again"},
        "dead": {"again", "cancel", "done"} if is_message else {"again"} if repeatable else set(),
        "held": {"let_go", "done"},
        "cancelled": {"again"} if repeatable else set(),
        "done": {"again"} if is_message else set(),
    }
    return verbs.get(row.state, set())
