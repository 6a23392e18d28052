"""Sends signed messages to the endpoints of services, each through a caller of its own (security.md T43)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from app.integrations.http import Caller, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.domain.ports import Answer

# Shorter than a notice's: an endpoint only has to keep the message, and one worker serves many.
CALL = Profile(connect_s=2, read_s=5, total_s=8)
PARALLEL = 2


class HttpWebhookSender:
    """Posts bytes; one sick endpoint says nothing about another, so each has connections and a breaker of its own."""

    def __init__(
        self, *, allow_private: bool, before_request: Callable[[], None], limit_s: float | None = None
    ) -> None:
        self._allow_private = allow_private
        self._before_request = before_request
        self._profile = CALL.within(limit_s)
        self._callers: dict[str, Caller] = {}
        self._lock = threading.Lock()

    def send(self, endpoint: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST the message. Raises ProviderFailure for anything but a 2xx answer."""
        said = {**headers, "Content-Type": "application/json"}
        return self._caller(endpoint).deliver("POST", url, profile=self._profile, content=body, headers=said)

    def _caller(self, endpoint: str) -> Caller:
        with self._lock:
            if endpoint not in self._callers:
                self._callers[endpoint] = Caller(
                    endpoint,
                    parallel=PARALLEL,
                    allow_private=self._allow_private,
                    before_request=self._before_request,
                    only_json=False,
                )
            return self._callers[endpoint]
