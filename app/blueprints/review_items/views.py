"""The doors to questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, flash, make_response, render_template, request, url_for

from app.blueprints.acting import acting
from app.blueprints.review_items.choices import COUNT, RESOLUTIONS, choices, resolution
from app.blueprints.review_items.story import evidence, owner_word, story
from app.domain.errors import Conflict
from app.domain.permission import ROLES, Permission
from app.queries import review_items
from app.queries.paging import Cursor
from app.queries.review_items import ReviewItemFilter
from app.services import review_work
from app.services.review_work import QuestionMoved
from app.web import typed
from app.web.actor_words import with_names
from app.web.address import KEY
from app.web.confirmation import Confirmation, ConfirmationForm, confirm
from app.web.guards import needs
from app.web.htmx import render, see_other
from app.web.kept_words import kept
from app.web.review_item_words import FAMILIES, TEAM
from app.web.translation import translate as _
from app.web.translation import translate_later
from app.web.unknown_parameters import misread_words

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.queries.review_items import ReviewItemDetail

blueprint = Blueprint("review_items", __name__, url_prefix="/questions")
OWNERS = ("", "mine", "team")
# What the fields of the filter are called.
FIELD = {"about": translate_later("About"), "whose": translate_later("Whose")}
MAY_DECIDE = [str(role) for role, held in ROLES.items() if Permission.RECONCILE in held]


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show what is open, the oldest first, or what was decided, the latest first."""
    args = request.args
    whose = args.get("whose", "") if args.get("whose") in OWNERS else ""
    wanted = ReviewItemFilter(
        families=tuple(each for each in FAMILIES if each in args.getlist("about")),
        owner={"": "", "mine": str(acting()), "team": TEAM}[whose],
        decided=bool(args.get("decided")),
    )
    cursor = Cursor.parse(args.get("after", ""))
    query: dict[str, Any] = {"about": list(wanted.families), "whose": whose, "decided": "1" if wanted.decided else ""}
    query = {name: value for name, value in query.items() if value}
    return render(
        "review_items/index.html",
        "review_items/_rows.html" if cursor else "review_items/_results.html",
        address=None if cursor else url_for("review_items.index", **query),
        found=review_items.search(wanted, cursor),
        families=[(code, str(label)) for code, label in FAMILIES.items()],
        wanted=wanted,
        whose=whose,
        query=query,
        cursor=cursor,
        owner_word=owner_word,
        left_out=[] if cursor else misread_words(request.args, query, FIELD),
    )


@blueprint.get(f"/<{KEY}:item_id>")
@needs(Permission.VIEW)
def show(item_id: int) -> str:
    """Show one question: what is asked, the evidence, whose it is, and the ways on with their effect."""
    found = review_items.detail(item_id)
    plain, pairs = evidence(found.item.evidence)
    return render_template(
        "review_items/show.html",
        found=found,
        plain=plain,
        pairs=pairs,
        choices=choices(found),
        story=story(found),
        owner=owner_word(found.item.owner, found.names),
        is_mine=found.item.owner == str(acting()),
    )


@blueprint.post(f"/<{KEY}:item_id>/owners")
@needs(Permission.RECONCILE)
def take(item_id: int) -> WerkzeugResponse:
    """Make the question one's own, unless somebody else was faster."""
    try:
        review_work.take(item_id, actor=acting(), seen_owner=typed.line(request.form, "seen"))
    except QuestionMoved:
        flash(_("Somebody else was faster. This is how the question stands."))
    else:
        flash(_("The question is yours"))
    return see_other(url_for("review_items.show", item_id=item_id))


@blueprint.get(f"/<{KEY}:item_id>/handovers/new")
@needs(Permission.RECONCILE)
def new_handover(item_id: int) -> Response:
    """Ask who shall have the question now, and why."""
    return _handover(review_items.detail(item_id), {}, "", "")


@blueprint.post(f"/<{KEY}:item_id>/handovers")
@needs(Permission.RECONCILE)
def create_handover(item_id: int) -> WerkzeugResponse:
    """Give the question to somebody else, or back to the team."""
    faults: dict[str, str] = {}
    to, reason = typed.line(request.form, "to"), typed.reason(request.form, faults)
    if to not in dict(_receivers()):
        faults["to"] = _("Choose who shall have it")
    if faults:
        return make_response(_handover(review_items.detail(item_id), faults, to, reason), 422)
    try:
        review_work.hand_on(item_id, to, actor=acting(), reason=reason)
    except QuestionMoved:
        flash(_("The question was decided in the meantime. This is how it stands."))
    else:
        flash(_("Handed on"))
    return see_other(url_for("review_items.show", item_id=item_id))


@blueprint.get(f"/<{KEY}:item_id>/looks/new")
@needs(Permission.RECONCILE)
def new_look(item_id: int) -> Response:
    """Say what asking the gateway again does."""
    return confirm(_look(review_items.detail(item_id), ConfirmationForm()))


@blueprint.post(f"/<{KEY}:item_id>/looks")
@needs(Permission.RECONCILE)
def create_look(item_id: int) -> WerkzeugResponse:
    """Owe another look at the gateway."""
    found, form = review_items.detail(item_id), ConfirmationForm.parse()
    if form.faults:
        return confirm(_look(found, form))
    try:
        review_work.look(item_id, actor=acting(), reason=form.reason)
    except Conflict:
        flash(_("Nothing was asked: the question was decided in the meantime. This is how it stands."))
    else:
        flash(_("The gateway is asked again; what it says stands on the invoice within seconds"))
    return see_other(url_for("review_items.show", item_id=item_id))


@blueprint.get(f"/<{KEY}:item_id>/decisions/new")
@needs(Permission.RECONCILE)
def new_decision(item_id: int) -> Response:
    """Say what deciding so does."""
    return confirm(_decision(review_items.detail(item_id), _code(request.args.get("choice", "")), ConfirmationForm()))


@blueprint.post(f"/<{KEY}:item_id>/decisions")
@needs(Permission.RECONCILE)
def create_decision(item_id: int) -> WerkzeugResponse:
    """Decide the question; whoever is second learns who was first."""
    found, code, form = review_items.detail(item_id), _code(request.form.get("choice", "")), ConfirmationForm.parse()
    if form.faults:
        return confirm(_decision(found, code, form))
    try:
        _decide(item_id, code, form.reason)
    except QuestionMoved:
        flash(_("It was decided already: this is by whom and how. Nothing was changed."))
        return see_other(url_for("review_items.show", item_id=item_id))
    flash(_("The question is decided"))
    return see_other(url_for("review_items.index"))


def _decide(item_id: int, code: str, reason: str) -> None:
    if code == COUNT:
        review_work.count(item_id, actor=acting(), reason=reason)
    else:
        review_work.resolve(item_id, RESOLUTIONS[code], actor=acting(), reason=reason)


def _code(text: str) -> str:
    if text not in {*RESOLUTIONS, COUNT}:
        abort(404)
    return text


def _receivers() -> list[tuple[str, str]]:
    return [(TEAM, owner_word(TEAM, {})), *review_items.people(MAY_DECIDE)]


def _handover(found: ReviewItemDetail, faults: dict[str, str], to: str, reason: str) -> Response:
    return render(
        "review_items/new_handover.html",
        "review_items/_handover.html",
        found=found,
        receivers=[(code, name) for code, name in _receivers() if code != found.item.owner],
        faults=faults,
        to=to,
        reason=reason,
    )


def _look(found: ReviewItemDetail, form: ConfirmationForm) -> Confirmation:
    return Confirmation(
        title=_("Ask the gateway again?"),
        action=url_for("review_items.create_look", item_id=found.item.id),
        back=url_for("review_items.show", item_id=found.item.id),
        send=_("Ask again"),
        sentences=(_("What it says now is booked as always; the question stays open until somebody decides it."),),
        facts=((_("Question"), _question(found)),),
        form=form,
    )


def _decision(found: ReviewItemDetail, code: str, form: ConfirmationForm) -> Confirmation:
    label, effect = resolution(code)
    return Confirmation(
        title=label.rstrip("…") + "?",
        action=url_for("review_items.create_decision", item_id=found.item.id),
        back=url_for("review_items.show", item_id=found.item.id),
        send=_("Decide so"),
        sentences=(effect,),
        facts=((_("Question"), _question(found)),),
        hidden=(("choice", code),),
        form=form,
    )


def _question(found: ReviewItemDetail) -> str:
    return with_names(kept(found.item.sentence), found.names)
