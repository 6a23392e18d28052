"""The doors to the endpoints of services: how each is, a test message, a new secret, off and on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, flash, make_response, render_template, request, url_for

from app.blueprints.acting import acting
from app.domain.covering import cover_text
from app.domain.permission import Permission
from app.integrations import current
from app.queries import deliveries, webhooks
from app.services import webhooks as verbs
from app.services.form_submissions import once_per_form
from app.services.initiators import Caller, caller_named
from app.services.webhook_ping import ping
from app.services.webhooks import By, Wish
from app.web.confirmation import Confirmation, ConfirmationForm, confirm
from app.web.guards import fresh_login_first, needs, operator
from app.web.htmx import see_other
from app.web.limits import PINGS, check
from app.web.service_names import service as service_name
from app.web.translation import translate as _

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.config import Settings
    from app.services.idempotency import Reply

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
LATEST = 20
OVERLAP = timedelta(hours=24)


@blueprint.get("")
@needs(Permission.MANAGE_WEBHOOKS)
def index() -> str:
    """Show the endpoints of all services, those that are on first."""
    lanes = {each.id: each for each in deliveries.lanes()}
    return render_template(
        "webhooks/index.html", rows=[(*row, lanes[row[0].lane_id]) for row in webhooks.all_endpoints()]
    )


@blueprint.get("/<token>")
@needs(Permission.MANAGE_WEBHOOKS)
def show(token: str) -> str:
    """Show one endpoint with its last messages."""
    endpoint, service = webhooks.with_service(token)
    return render_template(
        "webhooks/show.html",
        endpoint=endpoint,
        service=service,
        lane=deliveries.lane(endpoint.lane_id),
        latest=webhooks.deliveries(endpoint, (), None, LATEST).rows,
        has_two_secrets=endpoint.previous_until is not None and endpoint.previous_until > datetime.now(UTC),
    )


@blueprint.post("/<token>/pings")
@needs(Permission.MANAGE_WEBHOOKS)
def create_ping(token: str) -> WerkzeugResponse:
    """Send a test message now and say what the endpoint answered."""
    caller = _caller(token)
    check(PINGS, caller.code)
    pinged = ping(caller, token, current().webhooks)
    if pinged.delivered:
        flash(_("The endpoint answered %(status)s in %(ms)s ms.", status=pinged.answer_status, ms=pinged.answer_ms))
    else:
        flash(_("The endpoint did not take it: %(fault)s", fault=cover_text(pinged.fault or "")))
    return see_other(url_for("webhooks.show", token=token))


@blueprint.get("/<token>/secrets/new")
@needs(Permission.MANAGE_WEBHOOKS)
def new_secret(token: str) -> Response:
    """Ask once more before an endpoint gets a new secret."""
    return confirm(_rotation(token, ConfirmationForm()))


@blueprint.post("/<token>/secrets")
@needs(Permission.MANAGE_WEBHOOKS)
@fresh_login_first
def create_secret(token: str) -> WerkzeugResponse:
    """Make a new secret and show it, this once; the one before signs beside it for a day."""
    form = ConfirmationForm.parse()
    if form.faults:
        return confirm(_rotation(token, form))
    caller = _caller(token)

    def rotate() -> dict[str, Any]:
        verbs.rotate(caller, token, OVERLAP, by=By(acting(), form.reason))
        return {}

    if _once("webhooks.secrets", form, token, rotate).replayed:
        flash(_("This secret was made already and was shown then. If it was lost, make another."))
        return see_other(url_for("webhooks.show", token=token))
    endpoint, service = webhooks.with_service(token)
    secret = verbs.live_secrets(endpoint)[0]
    return make_response(
        render_template("webhooks/secret.html", endpoint=endpoint, service=service, secret=secret), 201
    )


@blueprint.get("/<token>/switches/new")
@needs(Permission.MANAGE_WEBHOOKS)
def new_switch(token: str) -> Response:
    """Ask once more before an endpoint is switched off or on."""
    return confirm(_switch(token, ConfirmationForm()))


@blueprint.post("/<token>/switches")
@needs(Permission.MANAGE_WEBHOOKS)
def create_switch(token: str) -> WerkzeugResponse:
    """Switch an endpoint off or on."""
    form = ConfirmationForm.parse()
    enabled = request.form.get("enabled") == "yes"
    if form.faults:
        return confirm(_switch(token, form))
    caller = _caller(token)
    settings: Settings = current_app.extensions["settings"]

    def switch() -> dict[str, Any]:
        allowed = settings.initiators.hearing_urls(caller.code)
        by = By(acting(), form.reason)
        verbs.change(caller, token, Wish(enabled=enabled), allowed, plain_http=settings.development, by=by)
        return {}

    _once("webhooks.switches", form, f"{token}:{enabled}", switch)
    flash(_("The endpoint is on.") if enabled else _("The endpoint is off."))
    return see_other(url_for("webhooks.show", token=token))


def _caller(token: str) -> Caller:
    return caller_named(webhooks.with_service(token)[1].code)


def _once(route: str, form: ConfirmationForm, subject: str, verb: Any) -> Reply:
    return once_per_form(operator().operator_id, route, form.key, {"subject": subject, "reason": form.reason}, verb)


def _rotation(token: str, form: ConfirmationForm) -> Confirmation:
    endpoint, service = webhooks.with_service(token)
    return Confirmation(
        form=form,
        title=_("Give the endpoint a new secret?"),
        action=url_for("webhooks.create_secret", token=token),
        back=url_for("webhooks.show", token=token),
        send=_("Make a new secret"),
        sentences=(
            _("The new secret is shown once. For a day both sign, so that the service can change over; then only it."),
        ),
        facts=((_("Service"), service_name(service.name)), (_("Address"), endpoint.url)),
    )


def _switch(token: str, form: ConfirmationForm) -> Confirmation:
    endpoint, service = webhooks.with_service(token)
    off = endpoint.enabled
    sentence = (
        _("Nothing is sent there any more, also what waits already. What happens meanwhile can be sent again later.")
        if off
        else _("What happens from now on is sent there. What happened meanwhile is not sent by itself.")
    )
    return Confirmation(
        form=form,
        title=_("Switch the endpoint off?") if off else _("Switch the endpoint on?"),
        action=url_for("webhooks.create_switch", token=token),
        back=url_for("webhooks.show", token=token),
        send=_("Switch off") if off else _("Switch on"),
        bad=off,
        sentences=(sentence,),
        facts=((_("Service"), service_name(service.name)), (_("Address"), endpoint.url)),
        hidden=(("enabled", "no" if off else "yes"),),
    )
