"""`/api/v2/digest`: what a service compares with its own books, day by day."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from app.blueprints.api.guard import caller
from app.blueprints.api.v2 import requests, responses, serializers
from app.blueprints.api.v2.doors import reads
from app.domain.errors import Invalid
from app.queries import digest

bp = APIBlueprint("digest_v2", __name__, url_prefix="/api/v2/digest", tag="Parity v2")
MOST_DAYS = 92


@reads(
    bp,
    "",
    asks=requests.DigestQuery,
    gives=responses.DigestShape,
    summary="Count and sum invoices per day and state",
)
def get_digest(asked: requests.DigestQuery) -> dict[str, Any]:
    """Return one row per service, day, state and currency."""
    if not 0 <= (asked.last_day - asked.first_day).days < MOST_DAYS:
        raise Invalid.field("last_day", f"must be at most {MOST_DAYS - 1} days after first_day, and not before it")
    found = digest.of_days(caller().owns, asked.first_day, asked.last_day)
    return {
        "first_day": asked.first_day.isoformat(),
        "last_day": asked.last_day.isoformat(),
        "data": [serializers.digest_row(each) for each in found],
    }
