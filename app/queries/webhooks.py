"""Endpoints of services, and what became of every message to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, select, tuple_

from app.models.announcement import Announcement
from app.models.initiator import Initiator
from app.models.outbox import OutboxRow
from app.models.webhook import SEND, WebhookEndpoint
from app.queries.keyset import Slice, cut, newest
from app.queries.lookup import one
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.queries.paging import Cursor

# How a message stands, as its service calls it. What ended without an answer was owed to an endpoint switched off.
STANDING = case(
    (OutboxRow.state.in_(["pending", "leased"]), "waiting"),
    (OutboxRow.state.in_(["dead", "held"]), "failed"),
    ((OutboxRow.state == "done") & OutboxRow.answer_status.is_not(None), "delivered"),
    else_="skipped",
)
MOST_SHOWN = 500
STANDINGS = ("waiting", "delivered", "failed", "skipped")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one endpoint, with the last answer."""

    id: int
    created_at: datetime
    event: str
    type: str
    state: str
    attempts: int
    answer_status: int | None
    answer_ms: int | None
    last_error: str | None
    next_try_at: datetime | None
    done_at: datetime | None


def search(owns: Sequence[int], cursor: Cursor | None, size: int) -> Slice[WebhookEndpoint]:
    """Return a page of the endpoints of these initiators, newest first."""
    return newest(WebhookEndpoint, owns, [], cursor, size)


def by_token(owns: Sequence[int], token: str) -> WebhookEndpoint:
    """Return one endpoint. Raises NotFound alike for what nobody has and what somebody else has."""
    found = select(WebhookEndpoint).where(WebhookEndpoint.token == token, WebhookEndpoint.initiator_id.in_(owns))
    return one(found, "endpoint", token)


def all_endpoints() -> list[tuple[WebhookEndpoint, Initiator]]:
    """Return the endpoints of all services with their owners, those that are on first; a service has ten at most."""
    found = session().execute(
        select(WebhookEndpoint, Initiator)
        .join(Initiator, Initiator.id == WebhookEndpoint.initiator_id)
        .order_by(WebhookEndpoint.enabled.desc(), Initiator.code, WebhookEndpoint.id.desc())
        .limit(MOST_SHOWN)
    )
    return [(row[0], row[1]) for row in found]


def with_service(token: str) -> tuple[WebhookEndpoint, Initiator]:
    """Return an endpoint and its service. Raises NotFound."""
    endpoint: WebhookEndpoint = one(select(WebhookEndpoint).where(WebhookEndpoint.token == token), "endpoint", token)
    return endpoint, session().get_one(Initiator, endpoint.initiator_id)


def deliveries(endpoint: WebhookEndpoint, states: Sequence[str], cursor: Cursor | None, size: int) -> Slice[Delivery]:
    """Return a page of the messages to an endpoint, newest first; of all states, or of these."""
    wanted: list[Any] = [OutboxRow.lane_id == endpoint.lane_id, OutboxRow.kind == SEND]
    if cursor is not None:
        wanted.append(tuple_(OutboxRow.created_at, OutboxRow.id) < (cursor.created_at, cursor.id))
    if states:
        wanted.append(STANDING.in_(states))
    rows = session().execute(
        select(OutboxRow, Announcement.type, STANDING)
        .join(Announcement, Announcement.token == OutboxRow.payload["event"].astext)
        .where(*wanted)
        .order_by(OutboxRow.created_at.desc(), OutboxRow.id.desc())
        .limit(size + 1)
    )
    return cut([_delivery(*row) for row in rows], size)


def _delivery(row: OutboxRow, type_: str, standing: str) -> Delivery:
    return Delivery(
        id=row.id,
        created_at=row.created_at,
        event=row.payload["event"],
        type=type_,
        state=standing,
        attempts=row.attempts,
        answer_status=row.answer_status,
        answer_ms=row.answer_ms,
        last_error=row.last_error,
        next_try_at=row.run_at if standing == "waiting" else None,
        done_at=row.done_at,
    )
