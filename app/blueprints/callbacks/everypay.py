"""EveryPay's notification: no token, nothing believed, kept and answered at once (eis.md 5.12)."""

from __future__ import annotations

import threading
import time
from typing import Any

from apiflask import APIBlueprint
from flask import request

from app.domain.errors import Invalid
from app.integrations import check_reference
from app.services import inbox

bp = APIBlueprint("everypay_callback", __name__, url_prefix="/api/v1/callback_handler", tag="Callbacks")

# A returning payer's portal waits a little for the truth; the gateway itself is never kept waiting, and no more than
# two threads of a process ever wait.
WAIT_S, STEP_S = 3.0, 0.05
_waiting = threading.BoundedSemaphore(2)


@bp.route("/callback", methods=["GET", "POST"])
@bp.doc(summary="Hear that something happened to a payment", responses={200: "Kept", 422: "No such reference"})
def callback() -> tuple[dict[str, Any], int]:
    """Keep the message and answer what is known already."""
    said = request.values
    reference = said.get("payment_reference", "")
    if not reference:
        raise Invalid.field("payment_reference", "is missing")
    received = inbox.receive_callback(
        source="everypay",
        reference=check_reference(reference),
        raw=request.query_string.decode("ascii", errors="replace") or request.get_data(as_text=True),
        kind=said.get("event_name", "callback")[:60],
        headers=dict(request.headers),
        peer=request.remote_addr,
    )
    known = received.custom_field_1
    if "event_name" not in said and known is None:
        known = _wait(received)
    return {"message": None, "user_unique_id": known, "custom_field_1": known}, 200


def _wait(received: inbox.Received) -> str | None:
    """Wait up to three seconds until the payment has been looked at; return the payer's own field."""
    if not _waiting.acquire(blocking=False):
        return None
    try:
        ends = time.monotonic() + WAIT_S
        while time.monotonic() < ends:
            looked = inbox.is_clean(received.reference_id, received.dirty_seq)
            if looked is not None:
                return looked.custom_field_1
            time.sleep(STEP_S)
        return None
    finally:
        _waiting.release()
