"""The doors to the audit trail; people's own data is covered for those who may not see it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for

from app.domain.covering import COVER, cover_text
from app.domain.permission import Permission
from app.domain.tallinn import TALLINN
from app.models.event import ACTORS
from app.queries import actors, audit, proofs
from app.queries.audit import CHAINS, AuditFilter
from app.queries.paging import Cursor
from app.services import chain_export
from app.services import proofs as checks
from app.services.timeline import Actor
from app.web.actor_words import by_whom, with_names
from app.web.address import KEY
from app.web.audit_words import told
from app.web.event_words import event_name
from app.web.guards import allowed, needs, operator
from app.web.htmx import render
from app.web.kept_words import kept
from app.web.limits import EXPORTS, check
from app.web.masking import cover, pretty, pretty_with_people
from app.web.proof_words import ACTOR, doer_word
from app.web.translation import translate_count as ngettext
from app.web.translation import translate_later as _
from app.web.unknown_parameters import misread_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from werkzeug.datastructures import MultiDict

    from app.models.event import Event
    from app.queries.audit import ChainState
    from app.queries.paging import Count

blueprint = Blueprint("audit", __name__, url_prefix="/audit")
LONGEST, LONGEST_DATA = 80, 300
EARLIEST, LATEST = 2000, 2100
NBSP = "\N{NO-BREAK SPACE}"
# What the fields of the filter are called.
FIELD = {
    "q": _("Search"),
    "kind": _("Kind"),
    "person": _("Person"),
    "actor": _("By"),
    "since": _("From"),
    "until": _("Before"),
}


class Line(NamedTuple):
    """One event as this person may read it."""

    event: Event
    invoice: int | None
    who: str
    reason: str
    detail: str


class Chain(NamedTuple):
    """How far a chain is sealed, and how its last check ended."""

    name: str
    state: ChainState
    last: tuple[str, datetime] | None


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the events with the state of the chains, or only their rows."""
    kinds, people = audit.kinds(), audit.people()
    wanted = _filter(request.args, kinds, [each.id for each in people])
    cursor = Cursor.parse(request.args.get("after", ""))
    query = _query(wanted)
    found = audit.search(wanted, cursor)
    names = actors.names(f"{row.event.actor_kind}:{row.event.actor}" for row in found.rows)
    return render(
        "audit/index.html",
        "audit/_rows.html" if cursor else "audit/_results.html",
        address=None if cursor else url_for("audit.index", **query),
        page=found,
        lines=[_line(row.event, row.invoice, names) for row in found.rows],
        wanted=wanted,
        query=query,
        cursor=cursor,
        chains=[] if cursor else [_chain(each) for each in CHAINS],
        kinds=sorted(((each, event_name(each)) for each in kinds), key=lambda each: each[1].casefold()),
        people=[(str(each.id), _name(each.name or each.subject)) for each in people],
        actors=[(each, str(ACTOR[each])) for each in ACTORS],
        count_text=_count_text(found.count, matching=bool(wanted)),
        left_out=[] if cursor else misread_words(request.args, query, FIELD),
    )


@blueprint.get(f"/<{KEY}:event_id>")
@needs(Permission.VIEW)
def show(event_id: int) -> str:
    """Show one event whole, with its link in the chain."""
    found = audit.detail(event_id)
    event = found.event
    names = actors.names([f"{event.actor_kind}:{event.actor}"])
    data = pretty_with_people(event.data) if _sees_people() else pretty(event.data)
    return render_template("audit/show.html", found=found, line=_line(event, found.invoice, names), data=data)


@blueprint.post("/chains")
@needs(Permission.VIEW_AUDIT)
def create_export() -> Response:
    """Hand out a whole chain for docs/verify_chain.py; that somebody took it is written down first."""
    check(EXPORTS, str(operator().session_id))
    chain = request.form.get("chain", "")
    lines = chain_export.lines(chain)
    first = next(lines, None)  # a chain that is none is refused here, before anything is sent
    chain_export.note(chain, by=Actor("operator", str(operator().operator_id)))
    answer = Response(stream_with_context(_written(first, lines)), mimetype="application/jsonl")
    answer.headers["Content-Disposition"] = f'attachment; filename="{chain}.jsonl"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _written(first: str | None, rest: Iterator[str]) -> Iterator[str]:
    if first is not None:
        yield f"{first}\n"
    for line in rest:
        yield f"{line}\n"


def _sees_people() -> bool:
    return allowed(Permission.VIEW_AUDIT)


def _name(name: str) -> str:
    return name if _sees_people() else f"{name[:1]}{COVER}"


def _line(event: Event, invoice: int | None, names: dict[str, str]) -> Line:
    actor = f"{event.actor_kind}:{event.actor}"
    who = by_whom(actor, {actor: _name(names[actor])} if actor in names else {})
    if not event.actor:
        who = doer_word(event.actor_kind)
    reason = with_names(kept(event.reason), {actor: _name(name) for actor, name in names.items()})
    if _sees_people():
        return Line(event, invoice, who, reason, told(event, event.data or {})[:LONGEST_DATA])
    words = cover_text(told(event, cover(event.data or {})))
    return Line(event, invoice, who, cover_text(reason), words[:LONGEST_DATA])


def _chain(name: str) -> Chain:
    return Chain(name, audit.chain(name), proofs.last_of(checks.chain_name(name)))


def _filter(args: MultiDict[str, str], kinds: Sequence[str], people: Sequence[int]) -> AuditFilter:
    words = "".join(letter for letter in args.get("q", "") if letter.isprintable()).strip()[:LONGEST]
    return AuditFilter(
        text=words,
        kinds=tuple(each for each in kinds if each in args.getlist("kind")),
        people=tuple(each for each in people if str(each) in args.getlist("person")),
        actors=tuple(each for each in ACTORS if each in args.getlist("actor")),
        since=_day(args.get("since", "")),
        until=_day(args.get("until", "")),
    )


def _day(text: str) -> datetime | None:
    """Return the beginning of a day in Tallinn, or None for what is none."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=TALLINN)
    except ValueError:
        return None
    return moment if EARLIEST <= moment.year <= LATEST else None


def _query(wanted: AuditFilter) -> dict[str, Any]:
    said = {
        "q": wanted.text,
        "kind": list(wanted.kinds),
        "person": [str(each) for each in wanted.people],
        "actor": list(wanted.actors),
        "since": wanted.since.date().isoformat() if wanted.since else "",
        "until": wanted.until.date().isoformat() if wanted.until else "",
    }
    return {name: value for name, value in said.items() if value}


def _count_text(found: Count, *, matching: bool) -> str:
    many = f"{found.number:,}".replace(",", NBSP) + ("+" if found.is_capped else "")
    if matching:
        return ngettext("%(many)s event matches", "%(many)s events match", found.number, many=many)
    return ngettext("%(many)s event", "%(many)s events", found.number, many=many)
