"""EveryPay's notification: no token, nothing believed, kept and answered at once (eis.md 5.12, reliability.md 3.5)."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

from apiflask import APIBlueprint
from flask import request
from pydantic import BaseModel
from werkzeug.exceptions import TooManyRequests

from app.domain.errors import Invalid
from app.integrations import check_reference
from app.queries import gateway_references
from app.services import inbox
from app.web.api import documented
from app.web.limits import MINUTE_S, STRANGERS
from app.web.request_body import read_fields, read_query

GATEWAY = "everypay"
# A returning payer's portal waits a little for the truth; the gateway itself, which names its event, is never kept
# waiting, and no more than two threads of a process ever wait.
WAIT_S, STEP_S = 3.0, 0.05
_waiting = threading.BoundedSemaphore(2)
_EVENT = re.compile(r"[a-z_]{1,60}", re.ASCII)

bp = APIBlueprint("everypay_callback", __name__, url_prefix="/api/v1/callback_handler", tag="Callbacks")


class CallbackAnswer(BaseModel):
    """What a relay may read of a callback; both names of the payer's own field mean the same."""

    message: str | None
    user_unique_id: str | None
    custom_field_1: str | None


PARAMETERS: list[dict[str, Any]] = [
    {"name": "payment_reference", "in": "query", "required": True, "schema": {"type": "string"}},
    {"name": "order_reference", "in": "query", "required": False, "schema": {"type": "string"}},
    {"name": "event_name", "in": "query", "required": False, "schema": {"type": "string"}},
]


@bp.route("/callback", methods=["GET", "POST"])
@bp.output(CallbackAnswer)
@documented("Hear that something happened to a payment", 429, public=True, parameters=PARAMETERS)
def callback() -> dict[str, Any]:
    """Keep the message, see to it that the payment is looked at, and answer what is known.

    A caller that names no event is a browser's portal: it waits up to three seconds for the look.
    """
    said = read_query(request)
    if request.method == "POST" and "payment_reference" not in said:
        said |= read_fields(request)
    reference = _reference(said)
    _check_noise(reference)
    received = inbox.receive_callback(
        source=GATEWAY, reference=reference, raw=_raw(), kind=_kind(said), headers=_headers(), peer=request.remote_addr
    )
    if not received.known:
        STRANGERS.heard(_peer())
    known = received.custom_field_1 if said.get("event_name") else _wait(received)
    return {"message": None, "user_unique_id": known, "custom_field_1": known}


def _reference(said: dict[str, Any]) -> str:
    """Return the payment's reference. Raises Invalid; then nothing was kept."""
    reference = said.get("payment_reference")
    if not reference:
        raise Invalid.field("payment_reference", "is missing")
    if not isinstance(reference, str):
        raise Invalid.field("payment_reference", "must be a string")
    return check_reference(reference)


def _check_noise(reference: str) -> None:
    """Drop what a peer says of strange payments after too much of it; news of known ones always pass."""
    if STRANGERS.is_noisy(_peer()) and not gateway_references.is_known(GATEWAY, reference):
        raise TooManyRequests(retry_after=MINUTE_S)


def _kind(said: dict[str, Any]) -> str:
    event = said.get("event_name")
    return event if isinstance(event, str) and _EVENT.fullmatch(event) else "callback"


def _raw() -> str:
    """Return what was sent as text a database can hold."""
    query = request.query_string.decode("ascii", errors="backslashreplace")
    body = request.get_data().decode(errors="backslashreplace").replace("\0", "\\0")
    return "\n".join(filter(None, (query, body)))


def _headers() -> dict[str, str]:
    return {name: ascii(value)[1:-1] for name, value in request.headers}


def _peer() -> str:
    return request.remote_addr or "unknown"


def _wait(received: inbox.Received) -> str | None:
    """Wait until the payment was looked at, while there is room for one more to wait; return the payer's own field."""
    if not _waiting.acquire(blocking=False):
        return received.custom_field_1
    try:
        ends = time.monotonic() + WAIT_S
        while time.monotonic() < ends:
            looked = inbox.is_clean(received.reference_id, received.dirty_seq)
            if looked is not None:
                return looked.custom_field_1
            time.sleep(STEP_S)
    finally:
        _waiting.release()
    return received.custom_field_1
