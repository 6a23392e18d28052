"""The doors to work on many invoices at once: what would happen to which, and beginning it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Response, request, url_for

from app.blueprints.invoices.selections import address, as_fields, key_of_form, parse_selection
from app.blueprints.invoices.views import blueprint
from app.domain.bulk_action import Subject, judge
from app.domain.errors import Invalid
from app.domain.invoice import InvoiceStatus
from app.domain.permission import Permission
from app.domain.task import TaskKind
from app.queries import bulk_preview
from app.queries import tasks as task_queries
from app.queries.concerned_payers import ConcernedPayers, concerned_payers
from app.services import tasks
from app.services.bulk_actions import MOST_INVOICES
from app.web import task_words, typed, words
from app.web.filters import money
from app.web.guards import needs, operator, require_fresh_login
from app.web.htmx import render, see_other
from app.web.service_names import called
from app.web.task_words import KIND_OF_INVOICE, VERB
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.queries.bulk_preview import Group
    from app.queries.invoice_selection import Selection

CREDITS = "registry"
MARKS = {"paid": TaskKind.MARK_PAID, "unpaid": TaskKind.MARK_UNPAID}


@dataclass(frozen=True, slots=True)
class Row:
    """Some invoices alike and what becomes of them; `why` says why they are skipped."""

    number: int
    service: str
    kind: str
    status: words.Word
    amount: str
    effect: str
    why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an action would do: how many, whose, with which sum, and what is skipped; `seen` tells one from another.

    `moved_minor` is what would be said to have come, or not to have come, in minor units.
    """

    done: list[Row]
    skipped: list[Row]
    number: int
    amounts: list[str]
    is_too_much: bool
    warning: str
    moved_minor: int
    seen: str
    concerned: ConcernedPayers


@blueprint.get("/resends/new")
@needs(Permission.MANAGE_JOBS)
def new_resend() -> Response:
    """Show what telling the services again would do."""
    return _ask(TaskKind.RESEND, request.args)


@blueprint.post("/resends")
@needs(Permission.MANAGE_JOBS)
def create_resend() -> WerkzeugResponse:
    """Begin telling the services again."""
    return _begin(TaskKind.RESEND)


@blueprint.get("/cancellations/new")
@needs(Permission.CANCEL)
def new_cancellation() -> Response:
    """Show what cancelling would do."""
    return _ask(TaskKind.CANCEL, request.args)


@blueprint.post("/cancellations")
@needs(Permission.CANCEL)
def create_cancellation() -> WerkzeugResponse:
    """Begin cancelling."""
    return _begin(TaskKind.CANCEL)


@blueprint.get("/marks/new")
@needs(Permission.RECONCILE)
def new_mark() -> Response:
    """Show what marking as paid or unpaid would do."""
    return _ask(_mark(request.args.get("to", "")), request.args)


@blueprint.post("/marks")
@needs(Permission.RECONCILE)
def create_mark() -> WerkzeugResponse:
    """Begin marking as paid or unpaid."""
    return _begin(_mark(request.form.get("to", "")))


DOORS = {
    TaskKind.RESEND: "invoices.create_resend",
    TaskKind.CANCEL: "invoices.create_cancellation",
    TaskKind.MARK_PAID: "invoices.create_mark",
    TaskKind.MARK_UNPAID: "invoices.create_mark",
}


def _mark(word: str) -> TaskKind:
    if word not in MARKS:
        raise Invalid.field("to", _("is none of those offered"))
    return MARKS[word]


def _ask(kind: TaskKind, args: Any) -> Response:
    selection = parse_selection(args)
    return _form(kind, selection, _preview(kind, selection), {}, typed.new_key())


def _begin(kind: TaskKind) -> WerkzeugResponse:
    """Begin the task, unless the reason is missing or the list is not what the person saw any more."""
    selection, key = parse_selection(request.form), key_of_form()
    who = operator().operator_id
    begun = task_queries.by_key(key, who)
    if begun is not None:
        return see_other(url_for("tasks.show", task_id=begun))
    preview = _preview(kind, selection)
    faults: dict[str, str] = {}
    reason = typed.reason(request.form, faults)
    if request.form.get("seen") != preview.seen:
        faults["seen"] = _("The list has changed since you looked: see what would happen now")
    if preview.is_too_much or not preview.done:
        faults["seen"] = _("There is nothing here that this can be done to")
    if faults:
        response = _form(kind, selection, preview, faults, key)
        response.status_code = 422
        return response
    require_fresh_login(preview.moved_minor)
    wish = {"selection": selection.said(), "address": address(selection)}
    task = tasks.start(kind, wish, operator_id=who, key=key, reason=reason, total=preview.number)
    return see_other(url_for("tasks.show", task_id=task))


def _form(kind: TaskKind, selection: Selection, preview: Preview, faults: dict[str, str], key: str) -> Response:
    return render(
        "invoices/new_bulk_action.html",
        "invoices/_bulk_action.html",
        kind=kind,
        verb=str(VERB[kind]),
        action=url_for(DOORS[kind]),
        to=next((word for word, each in MARKS.items() if each is kind), None),
        fields=as_fields(selection),
        picked=selection.numbers,
        preview=preview,
        most=MOST_INVOICES,
        back=address(selection),
        key=key,
        faults=faults,
        reason=request.form.get("reason", ""),
    )


def _preview(kind: TaskKind, selection: Selection) -> Preview:
    found = bulk_preview.groups(selection, MOST_INVOICES)
    groups = found or []
    rows = [(group, _row(kind, group)) for group in groups]
    done = [group for group, row in rows if not row.why]
    total, done_minor = sum(group.number for group in groups), sum(group.total_minor for group in done)
    return Preview(
        done=[row for _group, row in rows if not row.why],
        skipped=[row for _group, row in rows if row.why],
        number=sum(group.number for group in done),
        amounts=_amounts(done),
        is_too_much=found is None,
        warning=_warning(kind, [group for group in done if group.service == CREDITS]),
        moved_minor=done_minor if kind in MARKS.values() else 0,
        seen=f"{total}-{sum(group.number for group in done)}-{done_minor}",
        concerned=concerned_payers(selection, [(each.service, each.kind, each.status) for each in done])
        if done
        else ConcernedPayers(),
    )


def _warning(kind: TaskKind, groups: Sequence[Group]) -> str:
    """Return what moves outside our books: the registry credits its registrars (eis.md 10.2.7)."""
    if kind is TaskKind.MARK_PAID and groups:
        return _("Real balances move: registrars are credited %(amount)s.", amount=" + ".join(_amounts(groups)))
    if kind is TaskKind.MARK_UNPAID and groups:
        return _("Real balances move: what registrars were credited for these invoices is booked back.")
    return ""


def _row(kind: TaskKind, group: Group) -> Row:
    why = judge(kind, Subject(group.service, group.kind, InvoiceStatus(group.status)))
    return Row(
        number=group.number,
        service=called(group.service),
        kind=str(KIND_OF_INVOICE.get(group.kind, group.kind)),
        status=words.invoice_word(group.status),
        amount=money(group.total_minor, group.currency),
        effect="" if why else task_words.effect(kind, group.service),
        why=task_words.verdict_why(why) if why else "",
    )


def _amounts(groups: Sequence[Group]) -> list[str]:
    sums: dict[str, int] = {}
    for group in groups:
        sums[group.currency] = sums.get(group.currency, 0) + group.total_minor
    return [money(total, currency) for currency, total in sums.items()]
