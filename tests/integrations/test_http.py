"""Every way a call can end has its outcome (reliability.md 3.9, 3.10; security T17, T20, T43, T87)."""

from __future__ import annotations

import socket
import struct
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Outcome, ProviderFailure
from app.integrations import http as subject
from app.integrations.http import MAX_ANSWER_BYTES, Caller, Profile
from tests.integrations.sockets import Server, closed_port, http, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.domain.ports import Answer

PATIENT = Profile(connect_s=5, read_s=5, total_s=10)
QUICK = Profile(connect_s=1, read_s=0.3, total_s=0.8)


class Calls:
    """Counts what left, and calls."""

    def __init__(self, **said: Any) -> None:
        self.left = 0
        self.caller = Caller("sim", parallel=4, allow_private=True, before_request=self._count, **said)

    def _count(self) -> None:
        self.left += 1

    def get(self, url: str, profile: Profile = PATIENT) -> Answer:
        return self.caller.call("GET", url, profile=profile)

    def failure(self, url: str, profile: Profile = PATIENT) -> ProviderFailure:
        with pytest.raises(ProviderFailure) as caught:
            self.get(url, profile)
        return caught.value


@pytest.fixture
def calls() -> Iterator[Calls]:
    made = Calls()
    yield made
    made.caller.close()


def reset(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answering(status: int, body: bytes = b"{}", **headers: str) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: reply(status, body, **headers))


def reply(status: int, body: bytes = b"{}", **headers: str) -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(body), headers=headers)


def test_an_answer_is_parsed_with_every_digit(calls: Calls):
    with Server(say(http(b'{"amount":120.0,"n":1}'))) as server:
        answer = calls.get(server.url)
    assert (answer.status, answer.body) == (200, {"amount": Decimal("120.0"), "n": 1})
    assert str(answer.body["amount"]) == "120.0"
    assert answer.elapsed_ms >= 0


def test_connections_are_kept_alive(calls: Calls):
    def twice(connection: socket.socket) -> None:
        for _ in range(2):
            say(http(b"{}"))(connection)

    with Server(twice) as server:
        calls.get(server.url)
        calls.get(server.url)
        assert server.connections == 1


def test_what_is_sent_is_json_with_exact_numbers():
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return reply(200)

    calls = Calls(transport=httpx.MockTransport(keep))
    calls.caller.call("PUT", "http://x.example/", profile=QUICK, payload={"amount": Decimal("120.00"), "t": "ä"})
    assert seen[0].content == b'{"amount":120.00,"t":"\\u00e4"}'
    assert seen[0].headers["Content-Type"] == "application/json"
    assert seen[0].headers["Accept-Encoding"] == "identity"


def test_a_refused_connection_was_not_sent(calls: Calls):
    failure = calls.failure(f"http://127.0.0.1:{closed_port()}/")
    assert (failure.outcome, failure.permanent) == (Outcome.NOT_SENT, False)


def test_a_name_nobody_knows_was_not_sent(calls: Calls):
    assert calls.failure("http://no-such-host.invalid/").outcome is Outcome.NOT_SENT


@pytest.mark.parametrize("url", ["", "nowhere", "/payments", "ftp://x.example/", "http://"])
def test_an_address_that_is_none_was_not_sent(calls: Calls, url: str):
    assert calls.failure(url).outcome is Outcome.NOT_SENT


def test_silence_after_the_request_is_unknown(calls: Calls):
    """T17"""

    def silent(connection: socket.socket) -> None:
        connection.recv(65536)
        time.sleep(1)

    with Server(silent) as server:
        assert calls.failure(server.url, QUICK).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "conversation",
    [
        reset,
        say(b""),
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"),
        say(b"garbage that is no protocol\r\n\r\n"),
        say(http(b'{"half": ')),
        say(http(b"<html>")),
        say(http(b'{"a": NaN}')),
        say(http(b'{"a": ' + b"9" * 5000 + b"}")),
        say(http(b"[" * 100_000)),
        say(http(b"{}", headers="Content-Encoding: gzip\r\n")),
        say(http(b'"' + b"x" * MAX_ANSWER_BYTES + b'"')),
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b" " * (MAX_ANSWER_BYTES + 10)),
    ],
    ids=["reset", "closed", "short", "no http", "half json", "html", "nan", "digits", "deep", "gzip", "big", "endless"],
)
def test_an_answer_of_success_that_cannot_be_read_is_unknown(calls: Calls, conversation: Any):
    """T17, T20"""
    with Server(conversation) as server:
        assert calls.failure(server.url).outcome is Outcome.UNKNOWN


def test_an_answer_that_drips_ends_at_the_deadline(calls: Calls):
    """Every byte comes in time for the read limit; the whole does not come in time for the call."""
    drip = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *[b" "] * 100]
    with Server(say(*drip, pause_s=0.05)) as server:
        started = time.monotonic()
        assert calls.failure(server.url, QUICK).outcome is Outcome.UNKNOWN
        assert time.monotonic() - started < QUICK.total_s + 2


def test_headers_that_drip_end_at_the_deadline(calls: Calls):
    drip = [b"HTTP/1.1 200 OK\r\n", *[b"X-A: b\r\n"] * 100]
    with Server(say(*drip, pause_s=0.05)) as server:
        started = time.monotonic()
        assert calls.failure(server.url, QUICK).outcome is Outcome.UNKNOWN
        assert time.monotonic() - started < QUICK.total_s + 2


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (404, True), (410, True), (422, True), (302, True), (304, True),
     (401, False), (403, False), (408, False), (409, False), (425, False), (429, False), (500, False), (503, False)],
)  # fmt: skip
def test_an_error_status_is_a_refusal(status: int, permanent: bool):  # noqa: FBT001
    failure = Calls(transport=answering(status)).failure("http://x.example/")
    assert (failure.outcome, failure.permanent, failure.status) == (Outcome.REFUSED, permanent, status)


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxy_that_got_no_answer_leaves_it_unknown(status: int):
    """T17: the service behind it may have done the work."""
    failure = Calls(transport=answering(status)).failure("http://x.example/")
    assert (failure.outcome, failure.status, failure.permanent) == (Outcome.UNKNOWN, status, False)


def test_redirects_are_not_followed(calls: Calls):
    """T43"""
    with Server(say(http(b"{}"))) as trap:
        away = f"Location: {trap.url}/\r\n"
        with Server(say(http(b"", status="302 Found", headers=away))) as server:
            assert calls.failure(server.url).status == 302
        assert trap.connections == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), (" 120 ", 120), ("999999", 86400), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("soon", None), ("-5", None),
     ("1e3", None), ("", None), ("٣", None), ("Wed, 99 Oct 2015", None),
     ("Mon, 99999999999999999999 Jan 2026 00:00:00 GMT", None),
     ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", None)],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_date(header: str, seconds: int | None):
    assert subject._retry_after_s(header) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_breaks_the_call(header: str):
    found = subject._retry_after_s(header)
    assert found is None or 0 <= found <= 86400


def test_a_refusal_carries_the_wish_for_later():
    assert (
        Calls(transport=answering(429, b"{}", **{"Retry-After": "30"})).failure("http://x.example/").retry_after_s == 30
    )


def test_the_hook_runs_before_each_request_and_may_forbid_it():
    def forbid() -> None:
        raise RuntimeError("a transaction is open")

    caller = Caller("sim", parallel=1, allow_private=True, before_request=forbid, transport=answering(200))
    with pytest.raises(RuntimeError, match="transaction"):
        caller.call("GET", "http://x.example/", profile=QUICK)


def test_a_fetch_is_repeated_within_its_time():
    answers = iter([500, 503, 200])
    calls = Calls(transport=httpx.MockTransport(lambda _: reply(next(answers))))
    assert calls.get("http://x.example/", Profile(1, 1, 10, repeats=2)).status == 200
    assert calls.left == 3


def test_a_refusal_is_not_repeated():
    calls = Calls(transport=answering(404))
    calls.failure("http://x.example/", Profile(1, 1, 10, repeats=2))
    assert calls.left == 1


def test_nothing_is_repeated_without_leave():
    """T17"""
    calls = Calls(transport=answering(500))
    calls.failure("http://x.example/")
    assert calls.left == 1


def test_no_repeat_is_started_that_cannot_finish():
    calls = Calls(transport=answering(500))
    calls.failure("http://x.example/", Profile(0.1, 0.1, 0.4, repeats=2))
    assert calls.left == 1


def test_five_failures_stop_the_calls_before_they_leave():
    calls = Calls(transport=answering(500))
    for _ in range(5):
        calls.failure("http://x.example/")
    failure = calls.failure("http://x.example/")
    assert (failure.outcome, failure.permanent, calls.left) == (Outcome.NOT_SENT, False, 5)
    assert failure.retry_after_s is not None
    assert 0 < failure.retry_after_s <= 30


def test_refusals_do_not_open_the_breaker():
    calls = Calls(transport=answering(422))
    for _ in range(30):
        assert calls.failure("http://x.example/").status == 422


def test_our_own_queue_being_full_was_not_sent_and_blames_nobody():
    def full(request: httpx.Request) -> httpx.Response:
        raise httpx.PoolTimeout("full", request=request)

    calls = Calls(transport=httpx.MockTransport(full))
    for _ in range(8):
        assert calls.failure("http://x.example/").outcome is Outcome.NOT_SENT
    assert not calls.caller.breaker.is_open


@pytest.mark.parametrize("fault", [httpx.ReadTimeout, httpx.ReadError, httpx.WriteError, httpx.WriteTimeout,
                                   httpx.RemoteProtocolError])  # fmt: skip
def test_whatever_happens_after_the_first_byte_is_unknown(fault: type[httpx.TransportError]):
    """T17"""

    def broken(request: httpx.Request) -> httpx.Response:
        raise fault("x", request=request)

    assert Calls(transport=httpx.MockTransport(broken)).failure("http://x.example/").outcome is Outcome.UNKNOWN


def test_plain_http_is_refused_outside_development():
    """T87"""
    caller = Caller("sim", parallel=1, allow_private=False, before_request=lambda: None, transport=answering(200))
    with pytest.raises(ProviderFailure, match="development") as caught:
        caller.call("GET", "http://x.example/", profile=QUICK)
    assert caught.value.outcome is Outcome.NOT_SENT


def test_a_lenient_caller_takes_text_for_an_answer():
    calls = Calls(transport=answering(200, b"ok\0" + b"x" * 9000), only_json=False)
    body = calls.get("http://x.example/").body
    assert body.startswith("ok\N{REPLACEMENT CHARACTER}x")
    assert len(body) <= 4096


def test_an_empty_answer_is_an_answer():
    assert Calls(transport=answering(204, b"")).get("http://x.example/").body is None


def test_nul_and_half_characters_never_reach_the_database():
    body = Calls(transport=answering(200, b'{"a":"x\\u0000y","b":["\\ud800"]}')).get("http://x.example/").body
    assert body == {"a": "x\N{REPLACEMENT CHARACTER}y", "b": ["\N{REPLACEMENT CHARACTER}"]}


def test_a_failure_says_nothing_unprintable_and_nothing_long():
    """T81"""
    failure = Calls(transport=answering(400, b'"\\u001b[31m\\n' + b"x" * 5000 + b'"')).failure("http://x.example/")
    assert failure.detail.isprintable()
    assert len(failure.detail) < 400


def test_a_bound_of_the_operator_bounds_every_part():
    bounded = Profile(3, 15, 20, repeats=2).within(3)
    assert (bounded.connect_s, bounded.read_s, bounded.total_s, bounded.repeats) == (3, 3, 3, 2)
    assert Profile(3, 7, 10).within(None) == Profile(3, 7, 10)


def test_a_fork_does_not_share_connections(monkeypatch: pytest.MonkeyPatch):
    calls = Calls(transport=answering(200))
    calls.get("http://x.example/")
    before = calls.caller._client
    monkeypatch.setattr("app.integrations.http.os.getpid", lambda: -1)
    calls.get("http://x.example/")
    assert before is not None
    assert calls.caller._client is not None
    assert calls.caller._client[1] is not before[1]
