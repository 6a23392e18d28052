"""The simulated gateway's callbacks: sent from a thread of their own, lost, doubled, delayed or reordered on demand."""

from __future__ import annotations

import queue
import threading
import time
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.integrations.fault_dial import FaultDial
    from app.integrations.simulator_store import Store

SPOILERS = ("lose", "double", "delay", "reorder")
REORDER_S = 1.0
TRIES = 5
ANSWER_S = 10


class CallbackSender:
    """Sends GET callbacks in the order they are due; a refused one is tried again, as gateways do."""

    def __init__(self, store: Store, dial: FaultDial, target: Callable[[], str]) -> None:
        self._store = store
        self._dial = dial
        self._target = target
        self._due: queue.PriorityQueue[tuple[float, int, str, str, int]] = queue.PriorityQueue()
        self._counter = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        dial.offer("callback", SPOILERS)

    def send(self, payment: dict[str, Any], event_name: str = "status_updated", times: int = 1) -> None:
        """Owe the callback of a payment; the dial may lose, double, delay or reorder it."""
        if not self._target():
            return
        fault = self._dial.take("callback", SPOILERS)
        if fault is not None and fault.kind == "lose":
            self._store.note("callback lost", payment["payment_reference"])
            return
        wait = fault.seconds if fault is not None and fault.kind == "delay" else 0.0
        wait += REORDER_S if fault is not None and fault.kind == "reorder" else 0.0
        copies = times * (fault.count if fault is not None and fault.kind == "double" else 1)
        for _ in range(copies):
            self._put(time.monotonic() + wait, self._url(payment, event_name), payment["payment_reference"], TRIES)

    def _url(self, payment: dict[str, Any], event_name: str) -> str:
        said = {
            "payment_reference": payment["payment_reference"],
            "order_reference": payment["order_reference"],
            "event_name": event_name,
        }
        return f"{self._target()}?{urlencode(said)}"

    def _put(self, at: float, url: str, reference: str, tries: int) -> None:
        with self._lock:
            self._counter += 1
            self._due.put((at, self._counter, url, reference, tries))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="callbacks", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            at, _, url, reference, tries = self._due.get()
            wait = at - time.monotonic()
            if wait > 0:
                time.sleep(min(wait, 0.05))
                self._put(at, url, reference, tries)
                continue
            status = _get(url)
            self._store.note("callback sent", reference, status)
            if (status is None or status >= 500) and tries > 1:  # noqa: PLR2004 - a server's own failure
                self._put(time.monotonic() + 2.0 ** (TRIES - tries), url, reference, tries - 1)


def _get(url: str) -> int | None:
    try:
        with urlopen(url, timeout=ANSWER_S) as answer:  # noqa: S310 - the address comes from the configuration
            return int(answer.status)
    except HTTPError as fault:
        with fault:
            return fault.code
    except (HTTPException, OSError, ValueError):  # no HTTP, a broken connection, an address that is none
        return None
