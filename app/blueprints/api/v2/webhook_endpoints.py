"""`/api/v2/webhook-endpoints`: where a service hears what happens, and what became of every message."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import current_app

from app.blueprints.api.guard import caller
from app.blueprints.api.v2 import cursors, requests, resources, responses, serializers
from app.blueprints.api.v2.doors import reads, writes
from app.blueprints.api.v2.events import LIST as EVENTS
from app.domain.announcement import check_wishes
from app.domain.errors import Invalid
from app.domain.permission import Permission
from app.integrations import current
from app.queries import webhooks as webhook_queries
from app.queries.announcements import EventFilter, Position
from app.services import webhook_delivery, webhooks
from app.services.webhook_ping import Pinged, ping
from app.services.webhooks import Wish
from app.web.limits import PINGS, RESENDS, check
from app.web.sealed_cursor import seal, unseal, unseal_newest

if TYPE_CHECKING:
    from app.config import Settings

bp = APIBlueprint("webhook_endpoints_v2", __name__, url_prefix="/api/v2/webhook-endpoints", tag="Webhooks v2")
LIST = "webhook-endpoints"
DELIVERIES = "deliveries"


@reads(
    bp,
    "",
    asks=requests.PageQuery,
    gives=responses.EndpointPage,
    summary="List webhook endpoints",
    scope=Permission.MANAGE_WEBHOOKS,
)
def list_endpoints(asked: requests.PageQuery) -> dict[str, Any]:
    """Return a page of the caller's endpoints, newest first."""
    of = cursors.of_list(LIST, asked)
    found = webhook_queries.search(caller().owns, unseal_newest(of, asked.cursor), asked.limit)
    return resources.page(of, resources.endpoints(found.rows), found)


@reads(
    bp,
    "/<endpoint_id>",
    asks=requests.NothingAsked,
    gives=responses.EndpointShape,
    summary="Get a webhook endpoint",
    scope=Permission.MANAGE_WEBHOOKS,
)
def get_endpoint(asked: requests.NothingAsked, endpoint_id: str) -> dict[str, Any]:  # noqa: ARG001 - nothing is asked
    """Return one endpoint."""
    return _answer(endpoint_id)


@reads(
    bp,
    "/<endpoint_id>/secret",
    asks=requests.NothingAsked,
    gives=responses.SecretShape,
    summary="Get the secrets that sign an endpoint's messages",
    scope=Permission.MANAGE_WEBHOOKS,
    faults=(409,),
)
def get_secret(asked: requests.NothingAsked, endpoint_id: str) -> dict[str, Any]:  # noqa: ARG001 - nothing is asked
    """Return the live secrets."""
    return {"secrets": webhooks.live_secrets(webhook_queries.by_token(caller().owns, endpoint_id))}


@reads(
    bp,
    "/<endpoint_id>/deliveries",
    asks=requests.DeliveriesQuery,
    gives=responses.DeliveryPage,
    summary="List the messages to an endpoint",
    scope=Permission.MANAGE_WEBHOOKS,
)
def list_deliveries(asked: requests.DeliveriesQuery, endpoint_id: str) -> dict[str, Any]:
    """Return a page of the messages, newest first."""
    endpoint = webhook_queries.by_token(caller().owns, endpoint_id)
    of = cursors.of_list(DELIVERIES, asked)
    found = webhook_queries.deliveries(endpoint, asked.state, unseal_newest(of, asked.cursor), asked.limit)
    return resources.page(of, [serializers.delivery(each) for each in found.rows], found)


@writes(
    bp,
    "",
    takes=requests.EndpointBody,
    gives=responses.EndpointShape,
    summary="Make a webhook endpoint",
    scope=Permission.MANAGE_WEBHOOKS,
)
def create_endpoint(body: requests.EndpointBody) -> dict[str, Any]:
    """Make an endpoint; the same address and types again get the same one."""
    who = caller()
    settings = _settings()
    code = body.initiator or who.code
    wish = Wish(body.url, body.types, body.description)
    token = webhooks.register(who, code, wish, settings.initiators.hearing_urls(code), plain_http=settings.development)
    return _answer(token)


@writes(
    bp,
    "/<endpoint_id>",
    method="PATCH",
    takes=requests.EndpointChange,
    gives=responses.EndpointShape,
    status=200,
    summary="Change a webhook endpoint, switch it off or on",
    scope=Permission.MANAGE_WEBHOOKS,
)
def change_endpoint(body: requests.EndpointChange, endpoint_id: str) -> dict[str, Any]:
    """Change what is named."""
    settings = _settings()
    owner = resources.endpoints([webhook_queries.by_token(caller().owns, endpoint_id)])[0]["initiator"]
    wish = Wish(body.url, body.types, body.description, body.enabled)
    allowed = settings.initiators.hearing_urls(owner)
    webhooks.change(caller(), endpoint_id, wish, allowed, plain_http=settings.development)
    return _answer(endpoint_id)


@writes(
    bp,
    "/<endpoint_id>/secret",
    takes=requests.Rotation,
    gives=responses.EndpointShape,
    summary="Give an endpoint a new secret beside the old one",
    scope=Permission.MANAGE_WEBHOOKS,
)
def rotate_secret(body: requests.Rotation, endpoint_id: str) -> dict[str, Any]:
    """Make a new secret; both sign until the overlap is over."""
    webhooks.rotate(caller(), endpoint_id, timedelta(seconds=body.keep_previous_s))
    return _answer(endpoint_id)


@writes(
    bp,
    "/<endpoint_id>/resend",
    takes=requests.ResendBody,
    gives=responses.ResentShape,
    status=200,
    summary="Send events once more: some, or a range",
    faults=[429],
    scope=Permission.MANAGE_WEBHOOKS,
)
def resend(body: requests.ResendBody, endpoint_id: str) -> dict[str, Any]:
    """Owe the messages; what waits already is not owed twice."""
    check(RESENDS, caller().code)
    has_range = body.created_from is not None or body.created_to is not None or body.cursor is not None
    if bool(body.events) == has_range or (body.events and body.types):
        raise Invalid.field("events", "must be named, or else a range by created_from, created_to or cursor")
    if body.events:
        done = webhook_delivery.resend(caller(), endpoint_id, body.events)
    else:
        wanted = EventFilter(tuple(check_wishes(body.types)), body.created_from, body.created_to)
        after = Position(*unseal(cursors.of_log(EVENTS), body.cursor)) if body.cursor is not None else None
        done = webhook_delivery.resend_range(caller(), endpoint_id, wanted, after)
    cursor = seal(cursors.of_log(EVENTS), done.after.xact, done.after.id) if done.after else None
    return {"queued": done.queued, "next_cursor": cursor, "has_more": done.has_more}


def rehearse_ping(body: requests.PingBody, endpoint_id: str) -> dict[str, Any]:  # noqa: ARG001 - nothing is said
    """Find the endpoint and call nobody."""
    webhook_queries.by_token(caller().owns, endpoint_id)
    return serializers.pinged(Pinged("", None, None, "A rehearsal calls nobody"))


@writes(
    bp,
    "/<endpoint_id>/ping",
    takes=requests.PingBody,
    gives=responses.PingShape,
    status=200,
    summary="Send a test message to an endpoint",
    faults=[429],
    rehearsal=rehearse_ping,
    scope=Permission.MANAGE_WEBHOOKS,
)
def ping_endpoint(body: requests.PingBody, endpoint_id: str) -> dict[str, Any]:  # noqa: ARG001 - nothing is said
    """Send it now, signed like any other, and say what the endpoint answered; one that is off is tried as well."""
    check(PINGS, caller().code)
    return serializers.pinged(ping(caller(), endpoint_id, current().webhooks))


def _answer(token: str) -> dict[str, Any]:
    return resources.endpoints([webhook_queries.by_token(caller().owns, token)])[0]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
