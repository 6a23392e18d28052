"""What a person decides: cancel a message, mark it as done, stop a destination and let it go."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Response, flash, url_for

from app.blueprints.deliveries.door import blueprint
from app.domain.permission import Permission
from app.queries import deliveries
from app.services import deliveries as verbs
from app.services import lanes
from app.services.form_submissions import once_per_form
from app.services.timeline import Actor
from app.web.address import KEY
from app.web.confirmation import Confirmation, ConfirmationForm, confirm
from app.web.delivery_words import delivery_kind, lane_name
from app.web.guards import needs, operator
from app.web.htmx import see_other
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.services.idempotency import Reply


@blueprint.get(f"/<{KEY}:delivery_id>/cancellations/new")
@needs(Permission.MANAGE_JOBS)
def new_cancellation(delivery_id: int) -> Response:
    """Ask once more before a message is sent to nobody."""
    return confirm(_cancellation(delivery_id, ConfirmationForm()))


@blueprint.post(f"/<{KEY}:delivery_id>/cancellations")
@needs(Permission.MANAGE_JOBS)
def create_cancellation(delivery_id: int) -> WerkzeugResponse:
    """Cancel a message that waits or was given up."""
    form = ConfirmationForm.parse()
    if form.faults:
        return confirm(_cancellation(delivery_id, form))
    _once("deliveries.cancellations", form, delivery_id, partial(verbs.cancel, delivery_id))
    flash(_("The message is cancelled; it can be sent again later."))
    return see_other(url_for("deliveries.show", delivery_id=delivery_id))


@blueprint.get(f"/<{KEY}:delivery_id>/completions/new")
@needs(Permission.MANAGE_JOBS)
def new_completion(delivery_id: int) -> Response:
    """Ask once more before a person's word is taken that the other side has it."""
    return confirm(_completion(delivery_id, ConfirmationForm()))


@blueprint.post(f"/<{KEY}:delivery_id>/completions")
@needs(Permission.MANAGE_JOBS)
def create_completion(delivery_id: int) -> WerkzeugResponse:
    """Mark a message as done that waits for a person."""
    form = ConfirmationForm.parse()
    if form.faults:
        return confirm(_completion(delivery_id, form))
    _once("deliveries.completions", form, delivery_id, partial(verbs.mark_done, delivery_id))
    flash(_("The message is marked as done."))
    return see_other(url_for("deliveries.show", delivery_id=delivery_id))


@blueprint.get(f"/lanes/<{KEY}:lane_id>/stops/new")
@needs(Permission.MANAGE_JOBS)
def new_stop(lane_id: int) -> Response:
    """Ask once more before nothing is sent to a destination."""
    return confirm(_stop(lane_id, ConfirmationForm()))


@blueprint.post(f"/lanes/<{KEY}:lane_id>/stops")
@needs(Permission.MANAGE_JOBS)
def create_stop(lane_id: int) -> WerkzeugResponse:
    """Stop a destination."""
    form = ConfirmationForm.parse()
    if form.faults:
        return confirm(_stop(lane_id, form))
    _once("deliveries.stops", form, lane_id, partial(lanes.stop, lane_id))
    flash(_("Nothing more is sent there until somebody lets it go."))
    return see_other(url_for("deliveries.index"))


@blueprint.get(f"/lanes/<{KEY}:lane_id>/releases/new")
@needs(Permission.MANAGE_JOBS)
def new_release(lane_id: int) -> Response:
    """Ask once more before a destination is sent to again."""
    return confirm(_release(lane_id, ConfirmationForm()))


@blueprint.post(f"/lanes/<{KEY}:lane_id>/releases")
@needs(Permission.MANAGE_JOBS)
def create_release(lane_id: int) -> WerkzeugResponse:
    """Let a destination go."""
    form = ConfirmationForm.parse()
    if form.faults:
        return confirm(_release(lane_id, form))
    _once("deliveries.releases", form, lane_id, partial(lanes.resume, lane_id))
    flash(_("What waits for it is sent now."))
    return see_other(url_for("deliveries.index"))


def _once(route: str, form: ConfirmationForm, subject: int, verb: Callable[..., object]) -> Reply:
    who = operator()

    def act() -> dict[str, Any]:
        verb(by=Actor("operator", str(who.operator_id)), reason=form.reason)
        return {}

    return once_per_form(who.operator_id, route, form.key, {"subject": subject, "reason": form.reason}, act)


def _cancellation(delivery_id: int, form: ConfirmationForm) -> Confirmation:
    found = deliveries.detail(delivery_id)
    return Confirmation(
        form=form,
        title=_("Cancel the message?"),
        action=url_for("deliveries.create_cancellation", delivery_id=delivery_id),
        back=url_for("deliveries.show", delivery_id=delivery_id),
        send=_("Cancel the message"),
        bad=True,
        sentences=(
            _("%(what)s, %(id)s, is sent to nobody.", what=delivery_kind(found.row.kind), id=delivery_id),
            _("The other side learns nothing of it unless it asks by itself."),
        ),
    )


def _completion(delivery_id: int, form: ConfirmationForm) -> Confirmation:
    found = deliveries.detail(delivery_id)
    return Confirmation(
        form=form,
        title=_("Mark as done?"),
        action=url_for("deliveries.create_completion", delivery_id=delivery_id),
        back=url_for("deliveries.show", delivery_id=delivery_id),
        send=_("Mark as done"),
        sentences=(
            _(
                "%(what)s, %(id)s: do this when the other side has it, or has dealt with it in another way.",
                what=delivery_kind(found.row.kind),
                id=delivery_id,
            ),
        ),
    )


def _stop(lane_id: int, form: ConfirmationForm) -> Confirmation:
    lane = deliveries.lane(lane_id)
    return Confirmation(
        form=form,
        title=_("Stop sending to %(where)s?", where=lane_name(lane)),
        action=url_for("deliveries.create_stop", lane_id=lane_id),
        back=url_for("deliveries.index"),
        send=_("Stop sending"),
        bad=True,
        sentences=(
            _("What is under way ends; everything else waits here until somebody lets it go. Nothing is lost."),
        ),
    )


def _release(lane_id: int, form: ConfirmationForm) -> Confirmation:
    lane = deliveries.lane(lane_id)
    return Confirmation(
        form=form,
        title=_("Send to %(where)s again?", where=lane_name(lane)),
        action=url_for("deliveries.create_release", lane_id=lane_id),
        back=url_for("deliveries.index"),
        send=_("Send again"),
        sentences=(_("What waits is sent at once; if nobody answers there, the destination rests again by itself."),),
    )
