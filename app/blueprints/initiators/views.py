"""The doors to services: where each is reached, how it may sign, whether its invoices are paid in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, Response, current_app, flash, render_template, request, url_for

from app.blueprints.acting import acting
from app.domain.errors import NotFound
from app.domain.mail import is_address
from app.domain.permission import Permission
from app.queries import administration
from app.services import initiator_contacts, initiator_keys, partial_payments
from app.web import scope_words
from app.web.administration import lines
from app.web.guards import fresh_login_first, needs
from app.web.htmx import render, see_other
from app.web.translation import translate as _
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.config import Settings
    from app.services.initiator_keys import Service

blueprint = Blueprint("initiators", __name__, url_prefix="/services")
KINDS = (
    "initiator.key.issued",
    "initiator.key.revoked",
    "initiator.key.scopes_changed",
    "initiator.shared_secret.changed",
    "initiator.partial_payments.changed",
    "initiator.contact.changed",
)
PARTS = {"true": True, "false": False, "": None}


class Address(NamedTuple):
    """Where a service is reached: the setting of the environment that says so, and what it says."""

    name: str
    value: str


@blueprint.get("")
@needs(Permission.MANAGE_GATEWAYS)
def index() -> str:
    """Show every service, how it signs and how many keys it has."""
    return render_template("initiators/index.html", services=initiator_keys.list_services())


@blueprint.get("/<code>")
@needs(Permission.MANAGE_GATEWAYS)
def show(code: str) -> str:
    """Show one service: addresses, ways to sign, keys, and what was decided."""
    return render_template(
        "initiators/show.html",
        service=service_of(code),
        addresses=_addresses(code),
        named=scope_words.named,
        trail=lines(administration.history(KINDS, "initiator", [code])),
        most=initiator_keys.MOST_LIVE_KEYS,
    )


@blueprint.get("/<code>/shared_secret/edit")
@needs(Permission.MANAGE_USERS)
def edit_shared_secret(code: str) -> Response:
    """Ask whether the service may go on signing with the secret that all share, and say what stops otherwise."""
    return _edit_shared_secret(code, {}, {})


@blueprint.post("/<code>/shared_secret")
@needs(Permission.MANAGE_USERS)
@fresh_login_first
def update_shared_secret(code: str) -> WerkzeugResponse:
    """Let a service sign with the secret that all share, or not."""
    code = service_of(code).initiator.code
    form = Typed(request.form)
    reason, accepted = form.reason(), form.choice("accepted", ("true", "false"))
    if form.faults:
        return _edit_shared_secret(code, request.form.to_dict(), form.faults)
    initiator_keys.accept_shared_secret(code, accepted=accepted == "true", actor=acting(), reason=reason)
    flash(_("The change counts from the next request of the service on."))
    return see_other(url_for("initiators.show", code=code))


@blueprint.get("/<code>/partial_payments/edit")
@needs(Permission.MANAGE_SETTINGS)
def edit_partial_payments(code: str) -> Response:
    """Ask whether invoices of the service may be paid in parts."""
    own = service_of(code).initiator.partial_payments
    return _edit_partial_payments(code, {"allowed": "" if own is None else str(own).lower()}, {})


@blueprint.post("/<code>/partial_payments")
@needs(Permission.MANAGE_SETTINGS)
@fresh_login_first
def update_partial_payments(code: str) -> WerkzeugResponse:
    """Let invoices of the service be paid in parts, or not, or as the setting says."""
    code = service_of(code).initiator.code
    form = Typed(request.form)
    reason, allowed = form.reason(), form.choice("allowed", PARTS)
    if form.faults:
        return _edit_partial_payments(code, request.form.to_dict(), form.faults)
    partial_payments.allow(code, allowed=PARTS[allowed], actor=acting(), reason=reason)
    flash(_("The change counts from the next payment on."))
    return see_other(url_for("initiators.show", code=code))


@blueprint.get("/<code>/contact/edit")
@needs(Permission.MANAGE_GATEWAYS)
def edit_contact(code: str) -> Response:
    """Ask who is written to when messages to the service are given up."""
    return _edit_contact(code, {"email": service_of(code).initiator.contact_email or ""}, {})


@blueprint.post("/<code>/contact")
@needs(Permission.MANAGE_GATEWAYS)
@fresh_login_first
def update_contact(code: str) -> WerkzeugResponse:
    """Write to this address from now on, or to nobody."""
    code = service_of(code).initiator.code
    form = Typed(request.form)
    reason, email = form.reason(), form.text("email")
    if email and not is_address(email):
        form.faults.setdefault("email", _("Write one address, such as name@example.ee, or leave it empty."))
    if form.faults:
        return _edit_contact(code, request.form.to_dict(), form.faults)
    initiator_contacts.change(code, email or None, actor=acting(), reason=reason)
    flash(_("The contact is kept.") if email else _("Nobody is written to any more."))
    return see_other(url_for("initiators.show", code=code))


def service_of(code: str) -> Service:
    """Return a service with its keys. Raises NotFound."""
    found = next((each for each in initiator_keys.list_services() if each.initiator.code == code), None)
    if found is None:
        raise NotFound("service", code[:40])
    return found


def _addresses(code: str) -> list[Address]:
    settings: Settings = current_app.extensions["settings"]
    said = settings.initiators
    known = {
        f"BASE_{code.upper()}": said.base_urls.get(code),
        f"{code.upper()}_UPDATE_PAYMENT_URL": said.payment_urls.get(code),
    }
    return [Address(name, value) for name, value in known.items() if value]


def _edit_shared_secret(code: str, values: dict[str, str], faults: dict[str, str]) -> Response:
    response = render(
        "initiators/edit_shared_secret.html",
        "initiators/_shared_secret.html",
        service=service_of(code),
        values=values,
        faults=faults,
    )
    response.status_code = 422 if faults else 200
    return response


def _edit_partial_payments(code: str, values: dict[str, str], faults: dict[str, str]) -> Response:
    response = render(
        "initiators/edit_partial_payments.html",
        "initiators/_partial_payments.html",
        service=service_of(code),
        values=values,
        faults=faults,
    )
    response.status_code = 422 if faults else 200
    return response


def _edit_contact(code: str, values: dict[str, str], faults: dict[str, str]) -> Response:
    response = render(
        "initiators/edit_contact.html",
        "initiators/_contact.html",
        service=service_of(code),
        values=values,
        faults=faults,
    )
    response.status_code = 422 if faults else 200
    return response
