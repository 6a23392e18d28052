"""The doors to the keys of a service: made and shown once, limited, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from flask import Response, flash, make_response, render_template, request, url_for

from app.blueprints.acting import acting
from app.blueprints.initiators.views import blueprint, service_of
from app.domain.errors import Conflict, NotFound
from app.domain.permission import SCOPES, Permission
from app.services import initiator_keys
from app.web import scope_words
from app.web.guards import fresh_login_first, needs
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.models.initiator import InitiatorKey

ALL, SOME = "all", "some"
MOST_DAYS = 3650


class KeyForm(Typed):
    """What a key shall be called, how long it lives and what it may do."""

    def limits(self) -> list[str] | None:
        """Return the scopes that were ticked; None for a key that may do everything."""
        reach = self.choice("reach", (ALL, SOME))
        ticked = self.choices("scopes", sorted(SCOPES))
        if reach == SOME and not ticked:
            self.faults["scopes"] = _("Tick at least one")
        return None if reach == ALL else ticked


@blueprint.get("/<code>/keys/new")
@needs(Permission.MANAGE_USERS)
def new_key(code: str) -> Response:
    """Ask what the new key is for."""
    return _new(code, {"reach": SOME, "days": "365", "idempotency_key": uuid4().hex}, [], {})


@blueprint.post("/<code>/keys")
@needs(Permission.MANAGE_USERS)
@fresh_login_first
def create_key(code: str) -> WerkzeugResponse:
    """Make a key and show it, this once."""
    code = service_of(code).initiator.code
    form = KeyForm(request.form)
    once = form.text("idempotency_key", least=1, most=64)
    name, days, limits = (
        form.text("name", least=2, most=100),
        form.whole("days", least=1, most=MOST_DAYS),
        form.limits(),
    )
    reason = form.reason()
    if form.faults:
        return _new(code, request.form.to_dict(), request.form.getlist("scopes"), form.faults)
    try:
        key = initiator_keys.issue_key(
            code,
            name=name,
            days=days,
            scopes=limits,
            actor=acting(),
            reason=reason,
            idempotency_key=once,
        )
    except initiator_keys.TooManyKeys:
        fault = _("There are two live keys already. Take one away first.")
        return _new(code, request.form.to_dict(), request.form.getlist("scopes"), {"name": fault}, 409)
    except Conflict:
        flash(_("This key was made already and its secret was shown then. If it was lost, take the key away."))
        return see_other(url_for("initiators.show", code=code))
    html = render_template("initiators/key.html", service=service_of(code), key=key)
    return make_response(html, 201)


@blueprint.get("/<code>/keys/<kid>/scopes/edit")
@needs(Permission.MANAGE_USERS)
def edit_scopes(code: str, kid: str) -> Response:
    """Ask what a key may do from now on."""
    key = _key(code, kid)
    return _edit_scopes(code, key, {"reach": SOME if key.scopes else ALL}, key.scopes, {})


@blueprint.post("/<code>/keys/<kid>/scopes")
@needs(Permission.MANAGE_USERS)
@fresh_login_first
def update_scopes(code: str, kid: str) -> WerkzeugResponse:
    """Limit a key, or let it do everything."""
    key = _key(code, kid)
    form = KeyForm(request.form)
    limits, reason = form.limits(), form.reason()
    if form.faults:
        return _edit_scopes(code, key, request.form.to_dict(), request.form.getlist("scopes"), form.faults)
    initiator_keys.set_scopes(kid, limits, actor=acting(), reason=reason)
    flash(_("The change counts from the next request of the service on."))
    return see_other(url_for("initiators.show", code=code))


@blueprint.get("/<code>/keys/<kid>/revocations/new")
@needs(Permission.MANAGE_USERS)
def new_key_revocation(code: str, kid: str) -> Response:
    """Ask once more before a key is taken away, and say when it was last used."""
    return _new_revocation(code, _key(code, kid), {}, {})


@blueprint.post("/<code>/keys/<kid>/revocations")
@needs(Permission.MANAGE_USERS)
@fresh_login_first
def create_key_revocation(code: str, kid: str) -> WerkzeugResponse:
    """Take a key away."""
    key = _key(code, kid)
    form = Typed(request.form)
    reason = form.reason()
    if form.faults:
        return _new_revocation(code, key, request.form.to_dict(), form.faults)
    initiator_keys.revoke_key(kid, actor=acting(), reason=reason)
    flash(_("The key is taken away; nothing signed with it is accepted any more."))
    return see_other(url_for("initiators.show", code=code))


def _key(code: str, kid: str) -> InitiatorKey:
    """Return a live key of this service. Raises NotFound."""
    service = service_of(code)
    found = next((key for key in service.keys if key.kid == kid and kid in service.live), None)
    if found is None:
        raise NotFound("key", kid[:40])
    return found


def _new(code: str, values: dict[str, str], ticked: list[str], faults: dict[str, str], status: int = 422) -> Response:
    response = render(
        "initiators/new_key.html",
        "initiators/_new_key.html",
        service=service_of(code),
        values=values,
        ticked=ticked,
        faults=faults,
        scopes=scope_words.options(),
    )
    response.status_code = status if faults else 200
    return response


def _edit_scopes(
    code: str, key: InitiatorKey, values: dict[str, str], ticked: list[str], faults: dict[str, str]
) -> Response:
    response = render(
        "initiators/edit_scopes.html",
        "initiators/_edit_scopes.html",
        service=service_of(code),
        key=key,
        values=values,
        ticked=ticked,
        faults=faults,
        scopes=scope_words.options(),
    )
    response.status_code = 422 if faults else 200
    return response


def _new_revocation(code: str, key: InitiatorKey, values: dict[str, str], faults: dict[str, str]) -> Response:
    response = render(
        "initiators/new_key_revocation.html",
        "initiators/_key_revocation.html",
        service=service_of(code),
        key=key,
        values=values,
        faults=faults,
    )
    response.status_code = 422 if faults else 200
    return response
