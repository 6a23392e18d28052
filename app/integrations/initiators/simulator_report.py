"""The service tells billing that an invoice is paid, while billing still waits for our answer (decisions.md 27)."""

from __future__ import annotations

import json
import threading
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from app.integrations.initiators.simulator_service import Service

WAIT_S = 5


def report_paid(service: Service, number: str) -> None:
    """Report the invoice paid, and wait for the answer as long as the real registry does."""
    thread = threading.Thread(target=_send, args=(service, number), daemon=True)
    thread.start()
    thread.join(WAIT_S)


def _send(service: Service, number: str) -> None:
    status, fault = None, ""
    try:
        call = Request(  # noqa: S310 - the address comes from the configuration
            f"{service.config.billing_url}/api/v1/invoice_generator/invoice_status",
            json.dumps({"invoice_number": number, "status": "paid"}).encode(),
            {"Authorization": f"Bearer {service.config.token}", "Content-Type": "application/json"},
        )
        with urlopen(call, timeout=WAIT_S) as answer:  # noqa: S310
            status = answer.status
    except HTTPError as refusal:
        with refusal:
            status = refusal.code
    except (HTTPException, OSError, ValueError) as broken:
        fault = repr(broken)
    service.store.note("called back", number, status, fault)
