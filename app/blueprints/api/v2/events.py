"""`/api/v2/events`: what happened, in an order that never changes, as it was when it happened."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from app.blueprints.api.guard import caller
from app.blueprints.api.v2 import cursors, requests, responses, serializers
from app.blueprints.api.v2.doors import reads
from app.queries import announcements
from app.queries.announcements import EventFilter, Position
from app.web.sealed_cursor import seal, unseal

bp = APIBlueprint("events_v2", __name__, url_prefix="/api/v2/events", tag="Events v2")
LIST = "events"


@reads(
    bp,
    "",
    asks=requests.EventsQuery,
    gives=responses.EventPage,
    summary="List events, to catch up from a cursor",
)
def list_events(asked: requests.EventsQuery) -> dict[str, Any]:
    """Return the next events, oldest first; the cursor stays good when there are none yet."""
    of = cursors.of_log(LIST)
    after = Position(*unseal(of, asked.cursor)) if asked.cursor is not None else None
    wanted = EventFilter(asked.type, asked.created_from, asked.created_to)
    found = announcements.page(caller().owns, wanted, after, asked.limit)
    return {
        "data": [serializers.event(each) for each in found.rows],
        "next_cursor": seal(of, found.after.xact, found.after.id) if found.after else None,
        "has_more": found.has_more,
    }


@reads(bp, "/<event_id>", asks=requests.NothingAsked, gives=responses.EventShape, summary="Get an event")
def get_event(asked: requests.NothingAsked, event_id: str) -> dict[str, Any]:  # noqa: ARG001 - nothing is asked
    """Return one event as it was told, or would have been."""
    return serializers.event(announcements.by_token(caller().owns, event_id))
