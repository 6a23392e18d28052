"""The Idempotency-Key header: which call this is, and the answer that says it was given before (reliability.md 3.6)."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from flask import request
from pydantic import BaseModel

from app.domain.idempotency import check_key, fingerprint
from app.domain.money import Money

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

Replay = tuple[dict[str, Any], int, dict[str, str]]


def given_key() -> str | None:
    """Return the key of this call, or None. Raises Invalid unless it is 1 to 255 visible ASCII characters."""
    key = request.headers.get(HEADER)
    return None if key is None else check_key(key)


def fingerprint_of(body: BaseModel) -> bytes:
    """Return the SHA-256 of what the body means: fields nobody reads and ways to write a number do not count."""
    return fingerprint(json.dumps(dict(body), sort_keys=True, separators=(",", ":"), default=_plain).encode())


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return dict(value)
    if isinstance(value, Money):  # what `asdict` returns, which looks at each field anew
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else asdict(value)


def replay(status: int, body: dict[str, Any]) -> Replay:
    """Return the answer of the first call once more, marked as such.

    It goes through the route's schema as the first one did, which puts its fields in the same order.
    """
    return body, status, {REPLAYED: "true"}
