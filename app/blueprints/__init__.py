"""The doors: every blueprint, and the guard at it. A test fails on a door without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.blueprints.api.directo import bp as directo_api
from app.blueprints.api.e_invoice import bp as e_invoice_api
from app.blueprints.api.guard import require_caller
from app.blueprints.api.import_data import bp as import_data_api
from app.blueprints.api.invoice import bp as invoice_api
from app.blueprints.api.invoice_generator import bp as invoice_generator_api
from app.blueprints.api.pages import bp as api_pages
from app.blueprints.api.refund import bp as refund_api
from app.blueprints.api.reserved_domains import bp as reserved_domains_api
from app.blueprints.api.v2.digest import bp as digest_v2
from app.blueprints.api.v2.events import bp as events_v2
from app.blueprints.api.v2.invoices import bp as invoices_v2
from app.blueprints.api.v2.payments import bp as payments_v2
from app.blueprints.api.v2.references import bp as references_v2
from app.blueprints.api.v2.refunds import bp as refunds_v2
from app.blueprints.api.v2.webhook_endpoints import bp as webhook_endpoints_v2
from app.blueprints.approvals import blueprint as approvals
from app.blueprints.audit import blueprint as audit
from app.blueprints.auth import blueprint as auth
from app.blueprints.callbacks.everypay import bp as everypay_callback
from app.blueprints.comparisons import blueprint as comparisons
from app.blueprints.credit_notes import blueprint as credit_notes
from app.blueprints.credits import blueprint as credits_
from app.blueprints.deliveries import blueprint as deliveries
from app.blueprints.deposits import blueprint as deposits
from app.blueprints.disputes import blueprint as disputes
from app.blueprints.drafts import blueprint as drafts
from app.blueprints.gateway_lookups import blueprint as gateway_lookups
from app.blueprints.health.views import bp as health
from app.blueprints.home import blueprint as home
from app.blueprints.imports import blueprint as imports
from app.blueprints.inbox import blueprint as inbox
from app.blueprints.initiators import blueprint as initiators
from app.blueprints.invoices import blueprint as invoices
from app.blueprints.number_ranges import blueprint as number_ranges
from app.blueprints.outside_refunds import blueprint as outside_refunds
from app.blueprints.overview import blueprint as overview
from app.blueprints.payment_links import blueprint as payment_links
from app.blueprints.people import blueprint as people
from app.blueprints.preferences import blueprint as preferences
from app.blueprints.proofs import blueprint as proofs
from app.blueprints.references import blueprint as references
from app.blueprints.refunds import blueprint as refunds
from app.blueprints.review_items import blueprint as review_items
from app.blueprints.sessions import blueprint as sessions
from app.blueprints.settings import blueprint as settings
from app.blueprints.styleguide import blueprint as styleguide
from app.blueprints.system_health import blueprint as system_health
from app.blueprints.tasks import blueprint as tasks
from app.blueprints.vat_rates import blueprint as vat_rates
from app.blueprints.webhooks import blueprint as webhooks
from app.web.guards import needed_by, require_operator

if TYPE_CHECKING:
    from collections.abc import Callable

    from apiflask import APIBlueprint, APIFlask
    from flask import Blueprint
    from flask.typing import BeforeRequestCallable


def anybody() -> None:
    """Let everybody pass: said, not forgotten."""


@dataclass(frozen=True, slots=True)
class Door:
    """A blueprint, who may pass, and whether it is protected by a form token (browsers) or needs none (bearers)."""

    blueprint: Blueprint | APIBlueprint
    guard: BeforeRequestCallable
    csrf: bool = True
    development_only: bool = False


DOORS = (
    Door(invoice_generator_api, require_caller, csrf=False),
    Door(invoice_api, require_caller, csrf=False),
    Door(refund_api, require_caller, csrf=False),
    Door(reserved_domains_api, require_caller, csrf=False),
    Door(directo_api, require_caller, csrf=False),
    Door(e_invoice_api, require_caller, csrf=False),
    Door(import_data_api, require_caller, csrf=False),
    Door(invoices_v2, require_caller, csrf=False),
    Door(payments_v2, require_caller, csrf=False),
    Door(refunds_v2, require_caller, csrf=False),
    Door(references_v2, require_caller, csrf=False),
    Door(events_v2, require_caller, csrf=False),
    Door(digest_v2, require_caller, csrf=False),
    Door(webhook_endpoints_v2, require_caller, csrf=False),
    Door(everypay_callback, anybody, csrf=False),
    Door(api_pages, anybody),
    Door(health, anybody),
    Door(home, anybody),
    Door(auth, anybody),
    Door(preferences, anybody),
    Door(overview, require_operator),
    Door(invoices, require_operator),
    Door(references, require_operator),
    Door(deposits, require_operator),
    Door(refunds, require_operator),
    Door(outside_refunds, require_operator),
    Door(approvals, require_operator),
    Door(disputes, require_operator),
    Door(credits_, require_operator),
    Door(review_items, require_operator),
    Door(comparisons, require_operator),
    Door(sessions, require_operator),
    Door(people, require_operator),
    Door(settings, require_operator),
    Door(initiators, require_operator),
    Door(number_ranges, require_operator),
    Door(deliveries, require_operator),
    Door(tasks, require_operator),
    Door(imports, require_operator),
    Door(drafts, require_operator),
    Door(payment_links, require_operator),
    Door(credit_notes, require_operator),
    Door(vat_rates, require_operator),
    Door(inbox, require_operator),
    Door(gateway_lookups, require_operator),
    Door(proofs, require_operator),
    Door(audit, require_operator),
    Door(system_health, require_operator),
    Door(webhooks, require_operator),
    Door(styleguide, anybody, development_only=True),
)


def register(app: APIFlask, exempt: Callable[[Blueprint], object], *, development: bool) -> None:
    """Hang every door into the application with its guard."""
    for door in DOORS:
        if door.development_only and not development:
            continue
        door.blueprint.before_request_funcs.setdefault(None, [])
        if door.guard not in door.blueprint.before_request_funcs[None]:
            door.blueprint.before_request_funcs[None].append(door.guard)
        if not door.csrf:
            exempt(door.blueprint)
        app.register_blueprint(door.blueprint)
        if door.guard in {require_operator, require_caller}:
            _all_say_what_they_need(app, door.blueprint.name)


def _all_say_what_they_need(app: APIFlask, name: str) -> None:
    """Raise AttributeError, and so do not start, when a view of the portal or the API does not say who may."""
    for endpoint in app.view_functions:
        if endpoint.startswith(f"{name}."):
            needed_by(app, endpoint)
