"""The doors to what came from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, flash, render_template, request, url_for

from app.blueprints.inbox.plan import plan
from app.domain.errors import ProviderFailure
from app.domain.permission import Permission
from app.integrations import current
from app.queries import inbox
from app.queries.inbox import STATES, InboxFilter
from app.queries.paging import Cursor
from app.services import manual_refresh
from app.services.form_submissions import once_per_form
from app.services.timeline import Actor
from app.web.address import KEY
from app.web.confirmation import ConfirmationForm, confirm
from app.web.guards import needs, operator
from app.web.htmx import render, see_other
from app.web.inbox_words import INBOX, inbox_kind
from app.web.masking import pretty
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext
from app.web.translation import translate_later
from app.web.unknown_parameters import misread_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MultiDict
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.config import Settings
    from app.queries.paging import Count
    from app.web.confirmation import Confirmation

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")
LONGEST = 80
# What the fields of the filter are called.
FIELD = {"q": translate_later("Search"), "kind": translate_later("Kind"), "state": translate_later("State")}
NBSP = "\N{NO-BREAK SPACE}"


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the list, or only its rows."""
    kinds = inbox.kinds()
    wanted = _filter(request.args, kinds)
    cursor = Cursor.parse(request.args.get("after", ""))
    said = {"q": wanted.text, "kind": list(wanted.kinds), "state": list(wanted.states)}
    query: dict[str, Any] = {name: value for name, value in said.items() if value}
    found = inbox.search(wanted, cursor)
    return render(
        "inbox/index.html",
        "inbox/_rows.html" if cursor else "inbox/_results.html",
        address=None if cursor else url_for("inbox.index", **query),
        page=found,
        wanted=wanted,
        query=query,
        cursor=cursor,
        left_out=[] if cursor else misread_words(request.args, query, FIELD),
        kinds=[(each, inbox_kind(each)) for each in kinds],
        states=[(each, str(INBOX[each].label)) for each in STATES],
        count_text=_count_text(found.count, matching=bool(wanted)),
    )


@blueprint.get(f"/<{KEY}:message_id>")
@needs(Permission.VIEW)
def show(message_id: int) -> str:
    """Show one message as it came, covered, and what became of it."""
    found = inbox.detail(message_id)
    message = found.message
    return render_template(
        "inbox/show.html",
        found=found,
        message=message,
        state=inbox.state_of(message),
        raw=pretty(message.raw),
        headers=pretty(message.headers),
    )


@blueprint.get(f"/<{KEY}:message_id>/looks/new")
@needs(Permission.MANAGE_JOBS)
def new_look(message_id: int) -> Response:
    """Ask the gateway now, write nothing, and say what processing it again would change."""
    return confirm(_question(message_id, ConfirmationForm()))


@blueprint.post(f"/<{KEY}:message_id>/looks")
@needs(Permission.MANAGE_JOBS)
def create_look(message_id: int) -> WerkzeugResponse:
    """Process what a message is about again: the facts are fetched, the message is not believed."""
    form = ConfirmationForm.parse()
    if form.faults:
        return confirm(_question(message_id, form))
    who = operator()

    def look() -> dict[str, Any]:
        manual_refresh.ask_about_message(message_id, by=Actor("operator", str(who.operator_id)), reason=form.reason)
        return {}

    once_per_form(who.operator_id, "inbox.looks", form.key, {"message": message_id, "reason": form.reason}, look)
    flash(_("The gateway is asked how the payment stands."))
    return see_other(url_for("inbox.show", message_id=message_id))


def _filter(args: MultiDict[str, str], kinds: Sequence[str]) -> InboxFilter:
    words = "".join(letter for letter in args.get("q", "") if letter.isprintable()).strip()[:LONGEST]
    return InboxFilter(
        text=words,
        kinds=tuple(each for each in kinds if each in args.getlist("kind")),
        states=tuple(each for each in STATES if each in args.getlist("state")),
    )


def _count_text(found: Count, *, matching: bool) -> str:
    many = f"{found.number:,}".replace(",", NBSP) + ("+" if found.is_capped else "")
    if matching:
        return ngettext("%(many)s message matches", "%(many)s messages match", found.number, many=many)
    return ngettext("%(many)s message", "%(many)s messages", found.number, many=many)


def _question(message_id: int, form: ConfirmationForm) -> Confirmation:
    message = inbox.detail(message_id).message
    settings: Settings = current_app.extensions["settings"]
    try:
        found = manual_refresh.rehearse(message_id, current().everypay, settings.payment_poll_ladder_s)
    except ProviderFailure:
        return plan(message, None, form, asked=False)
    return plan(message, found, form)
