"""The one way to call a provider over HTTP: bounded, verified, never redirected, every failure an Outcome.

reliability.md 3.9 and 3.10 say how long, how often and when not at all; security T43 and T87 say to whom.
"""

from __future__ import annotations

import email.utils
import os
import re
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import structlog

from app.domain import exact_json
from app.domain.errors import Outcome, ProviderFailure
from app.domain.ports import Answer
from app.integrations.breaker import Breaker
from app.integrations.transport import CheckedTransport, deadline, remaining_s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Explain = Callable[[Answer], tuple[int | str | None, str]]

MAX_ANSWER_BYTES = 1024 * 1024
USER_AGENT = "eis-billing"
_MAX_RETRY_AFTER_S = 24 * 3600
_SECONDS = re.compile(r"[0-9]{1,9}")
_EXCERPT = 300
_MAX_TEXT_BYTES = 4096  # of an answer that is not JSON
_BREATH_S = 0.2  # before an in-call repeat; doubled each time
_FEWEST_S = 0.5  # a repeat with less time than this is not started

# Nothing had been sent when these were raised. Everything else happened after the first byte left.
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
)
# 401 and 403 refuse us, not the payment: once a person has mended the credentials the same call succeeds.
_AGAIN_LATER = frozenset({401, 403, 408, 409, 425, 429})
# A proxy says these when the receiver behind it gave no answer: the receiver may well have done the work.
_NO_ANSWER_BEHIND = frozenset({502, 504})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Profile:
    """How long one kind of call may take, and how often it is repeated within the call. Seconds."""

    connect_s: float
    read_s: float
    total_s: float
    repeats: int = 0

    def within(self, limit_s: float | None) -> Profile:
        """Return this profile with TIMEOUT_IS_SEC, where set, as the bound of each number."""
        if limit_s is None:
            return self
        return replace(
            self,
            connect_s=min(self.connect_s, limit_s),
            read_s=min(self.read_s, limit_s),
            total_s=min(self.total_s, limit_s),
        )

    def timeout(self) -> httpx.Timeout:
        """Return the same for httpx."""
        return httpx.Timeout(self.read_s, connect=self.connect_s, pool=self.connect_s)


class Caller:
    """Calls one destination. Keeps connections alive, counts its failures, is safe for threads and forks."""

    def __init__(
        self,
        provider: str,
        *,
        parallel: int,
        allow_private: bool,
        before_request: Callable[[], None],
        explain: Explain | None = None,
        only_json: bool = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Make a caller of `provider` with at most `parallel` calls at once.

        `before_request` runs before each request leaves. `explain` reads (code, sentence) out of a refusal.
        `only_json`: an answer of success that is not JSON is no answer. `transport` replaces the network in tests.
        """
        self.provider = provider
        self.breaker = Breaker()
        self._explain = explain or _plain_explanation
        self._only_json = only_json
        self._parallel = parallel
        self._allow_private = allow_private
        self._before_request = before_request
        self._transport = transport
        self._lock = threading.Lock()
        self._client: tuple[int, httpx.Client] | None = None

    def call(
        self, method: str, url: str, *, profile: Profile, payload: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the 2xx answer to a JSON request. Raises ProviderFailure for every other end.

        NOT_SENT: nothing left this process. REFUSED: an answer came and it is no. UNKNOWN: it may have been executed.
        """
        said = dict(headers or {})
        content = None
        if payload is not None:
            content = exact_json.dumps(payload).encode("ascii")
            said["Content-Type"] = "application/json"
        return self.deliver(method, url, profile=profile, content=content, headers=said)

    def deliver(
        self, method: str, url: str, *, profile: Profile, content: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """Do the same with bytes that are given, because they are signed."""
        answer, retry_after_s = self._exchange(self._request(method, url, profile, content, headers), profile)
        if httpx.codes.is_success(answer.status):
            return answer
        raise self._refusal(answer, retry_after_s)

    def exchange(
        self, method: str, url: str, *, profile: Profile, content: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """Return the answer whatever its status, to a request whose bytes are given.

        Raises ProviderFailure only where there is no answer, or one of success that is not JSON.
        """
        return self._exchange(self._request(method, url, profile, content, headers), profile)[0]

    def close(self) -> None:
        """Close every connection; a later call opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client[1].close()
            self._client = None

    def _request(
        self, method: str, url: str, profile: Profile, content: bytes | None, headers: Mapping[str, str]
    ) -> httpx.Request:
        if not self._allow_private and not url.startswith("https://"):
            raise self._failure("plain http is for development only", Outcome.NOT_SENT, permanent=True)
        try:
            target = httpx.URL(url)
        except httpx.InvalidURL:
            target = httpx.URL()
        if target.scheme not in {"http", "https"} or not target.host:
            raise self._failure("its address is not set or is no address", Outcome.NOT_SENT, permanent=True)
        # No compression: a small answer cannot grow beyond its limit on the way in.
        ours = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
        timeout = profile.timeout().as_dict()
        return httpx.Request(
            method, target, headers={**headers, **ours}, content=content, extensions={"timeout": timeout}
        )

    def _exchange(self, request: httpx.Request, profile: Profile) -> tuple[Answer, int | None]:
        """Send, and send again as often as the profile allows while the time lasts.

        A wish for later (Retry-After, an open breaker) is for the outbox to grant, not slept through here.
        """
        with deadline(profile.total_s):
            for repeat in range(profile.repeats):
                try:
                    answer, retry_after_s = self._once(request)
                except ProviderFailure as fault:
                    if fault.retry_after_s is not None or not _pause(_BREATH_S * 2**repeat):
                        raise
                else:
                    final = answer.status < httpx.codes.INTERNAL_SERVER_ERROR or retry_after_s is not None
                    if final or not _pause(_BREATH_S * 2**repeat):
                        return answer, retry_after_s
            return self._once(request)

    def _once(self, request: httpx.Request) -> tuple[Answer, int | None]:
        wait_s = self.breaker.wait_s()
        if wait_s:
            raise self._failure("does not answer; asking again later", Outcome.NOT_SENT, retry_after_s=wait_s)
        self._before_request()
        started = time.monotonic()
        try:
            response, content = self._send(request)
        except httpx.TransportError as fault:
            self._note(request, started, outcome=type(fault).__name__)
            if not isinstance(fault, httpx.PoolTimeout):  # our own queue was full: says nothing about the other side
                self.breaker.record(success=False)
            outcome = Outcome.NOT_SENT if isinstance(fault, _NEVER_LEFT) else Outcome.UNKNOWN
            raise self._failure(_sentence(fault), outcome) from fault
        elapsed_ms = self._note(request, started, status=response.status_code)
        self.breaker.record(success=response.status_code < httpx.codes.INTERNAL_SERVER_ERROR)
        answer = Answer(response.status_code, self._body(response, content), elapsed_ms)
        return answer, _retry_after_s(response.headers.get("Retry-After"))

    def _send(self, request: httpx.Request) -> tuple[httpx.Response, bytes | None]:
        """Return the answer and its bytes; None for a body beyond the limit, of which no more is read."""
        response = self._open_client().send(request, stream=True)
        try:
            content = bytearray()
            for chunk in response.iter_raw():
                content += chunk
                if len(content) > MAX_ANSWER_BYTES:
                    return response, None
            return response, bytes(content)
        finally:
            response.close()

    def _open_client(self) -> httpx.Client:
        with self._lock:
            if self._client is None or self._client[0] != os.getpid():  # a fork must not share its parent's connections
                transport = self._transport or CheckedTransport(
                    parallel=self._parallel, allow_private=self._allow_private
                )
                self._client = (
                    os.getpid(),
                    httpx.Client(transport=transport, follow_redirects=False, trust_env=False),
                )
            return self._client[1]

    def _body(self, response: httpx.Response, content: bytes | None) -> Any:
        """Return the JSON of the answer. An answer of success that cannot be read is no answer: UNKNOWN."""
        if content is not None and response.headers.get("Content-Encoding", "identity") == "identity":
            try:
                return exact_json.storable(exact_json.loads(content)) if content else None
            except ValueError:
                pass
        if response.is_success and self._only_json:
            raise self._failure("answered something that is not JSON", Outcome.UNKNOWN, status=response.status_code)
        return (content or b"")[:_MAX_TEXT_BYTES].decode("utf-8", errors="replace").replace("\0", "\ufffd")

    def _refusal(self, answer: Answer, retry_after_s: int | None) -> ProviderFailure:
        code, detail = self._explain(answer)
        server_fault = answer.status >= httpx.codes.INTERNAL_SERVER_ERROR
        return ProviderFailure(
            self.provider,
            detail,
            outcome=Outcome.UNKNOWN if answer.status in _NO_ANSWER_BEHIND else Outcome.REFUSED,
            permanent=not server_fault and answer.status not in _AGAIN_LATER,
            status=answer.status,
            code=code,
            retry_after_s=retry_after_s,
        )

    def _failure(self, detail: str, outcome: Outcome, **facts: Any) -> ProviderFailure:
        return ProviderFailure(self.provider, detail, outcome=outcome, **facts)

    def _note(self, request: httpx.Request, started: float, **facts: Any) -> int:
        elapsed_ms = round((time.monotonic() - started) * 1000)
        # The query is left out: it carries the user name at the provider.
        log.info(
            "provider.called",
            provider=self.provider,
            method=request.method,
            host=request.url.host,
            path=request.url.path,
            elapsed_ms=elapsed_ms,
            **facts,
        )
        return elapsed_ms


def excerpt(body: Any) -> str:
    """Return at most 300 characters of an answer, on one line, for a person to read."""
    text = body if isinstance(body, str) else exact_json.dumps(body)
    return "".join(each if each.isprintable() else " " for each in text[:_EXCERPT])


def _plain_explanation(answer: Answer) -> tuple[int | str | None, str]:
    return None, f"answered {answer.status}: {excerpt(answer.body)}"


def _sentence(fault: httpx.TransportError) -> str:
    """Return what happened, in words that carry neither address nor secret."""
    if isinstance(fault, httpx.LocalProtocolError):
        return "the request cannot be written"
    if isinstance(fault, httpx.PoolTimeout):
        return "too many calls at once"
    if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout):
        return f"cannot be reached ({excerpt(str(fault)) or type(fault).__name__})"
    if isinstance(fault, httpx.TimeoutException):
        return "did not answer in time"
    return "broke off before answering"


def _pause(seconds: float) -> bool:
    """Wait and return True, or return False at once when too little time would be left for another try."""
    if remaining_s() < seconds + _FEWEST_S:
        return False
    time.sleep(seconds)
    return True


def _retry_after_s(header: str | None) -> int | None:
    """Return the seconds a Retry-After header asks for, as a number or as a date, at most a day."""
    if header is None:
        return None
    if _SECONDS.fullmatch(header.strip()):
        return min(int(header), _MAX_RETRY_AFTER_S)
    try:
        then = email.utils.parsedate_to_datetime(header)
    except (ValueError, OverflowError):  # the latter for a day or a zone beyond what a machine counts
        return None
    wait_s = int((then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return max(0, min(wait_s, _MAX_RETRY_AFTER_S))
