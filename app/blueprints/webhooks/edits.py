"""The doors to what an endpoint hears: which events, and what it is for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Response, current_app, flash, request, url_for

from app.blueprints.acting import acting
from app.blueprints.webhooks.views import blueprint
from app.domain.announcement import PUBLIC, TYPES
from app.domain.permission import Permission
from app.queries import webhooks
from app.services import webhooks as verbs
from app.services.form_submissions import once_per_form
from app.services.initiators import caller_named
from app.services.webhooks import By, Wish
from app.web.event_words import event_name
from app.web.guards import needs, operator
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.config import Settings

REACH = ("some", "all")
# Public event type -> the kind the timeline keeps it under.
KEPT_AS = {public: kind for kind, public in reversed(TYPES.items())}


@blueprint.get("/<token>/edit")
@needs(Permission.MANAGE_WEBHOOKS)
def edit(token: str) -> Response:
    """Ask which events an endpoint hears from now on."""
    endpoint, _service = webhooks.with_service(token)
    values = {"reach": "some" if endpoint.types else "all", "description": endpoint.description}
    return _form(token, values, list(endpoint.types), Typed(request.args))


@blueprint.post("/<token>")
@needs(Permission.MANAGE_WEBHOOKS)
def update(token: str) -> WerkzeugResponse:
    """Change which events an endpoint hears; who saw an older state is shown what holds now."""
    form = Typed(request.form)
    reason, reach = form.reason(), form.choice("reach", REACH)
    ticked, description = form.choices("types", PUBLIC), form.text("description", most=200)
    if reach == "some" and not ticked:
        form.faults.setdefault("types", _("Tick at least one event, or choose all of them"))
    values = {"reach": reach, "description": description, "reason": reason}
    if form.faults:
        return _form(token, values, ticked, form, 422)
    wish = Wish(types=ticked if reach == "some" else [], description=description)
    said = {"endpoint": token, "types": wish.types, "description": description, "reason": reason}
    verb = partial(_change, token, wish, reason, form.value("version"))
    kept = once_per_form(operator().operator_id, "webhooks.update", form.key, said, verb)
    if not kept.body["changed"]:
        form.faults["types"] = _("Somebody changed this in the meantime. Look at it again, then decide.")
        return _form(token, values, list(webhooks.with_service(token)[0].types), form, 409)
    flash(_("The change counts for what happens from now on."))
    return see_other(url_for("webhooks.show", token=token))


def _change(token: str, wish: Wish, reason: str, version: str) -> dict[str, Any]:
    endpoint, service = webhooks.with_service(token)
    if str(endpoint.version) != version:
        return {"changed": False}
    settings: Settings = current_app.extensions["settings"]
    caller = caller_named(service.code)
    allowed = settings.initiators.hearing_urls(caller.code)
    verbs.change(caller, token, wish, allowed, plain_http=settings.development, by=By(acting(), reason))
    return {"changed": True}


def _form(token: str, values: dict[str, str], ticked: list[str], form: Typed, status: int = 200) -> Response:
    endpoint, service = webhooks.with_service(token)
    response = render(
        "webhooks/edit.html",
        "webhooks/_edit.html",
        endpoint=endpoint,
        service=service,
        values=values,
        ticked=ticked,
        faults=form.faults,
        types=[(each, event_name(KEPT_AS[each]), each) for each in PUBLIC],
        key=form.key if status != 409 else Typed(request.args).key,  # noqa: PLR2004 - what was answered once stays
    )
    response.status_code = status
    return response
