"""What the log says and what it never says: one JSON object per line, known fields only, secrets and people masked.

Security T81: a field nobody listed is not written; what looks like a token, a code, an account or an address is masked
wherever it stands; control characters and text that runs backwards are escaped.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping
    from types import TracebackType

    from structlog.typing import Processor

    Event = MutableMapping[str, Any]

# A new field is added here on purpose, after asking whether it can carry a person or a secret.
FIELDS = frozenset({
    "alarm", "attempts", "code", "detail", "elapsed_ms", "endpoint", "error_class", "event", "exception", "failures",
    "fault", "head", "host", "job", "kind", "lane", "level", "logger", "method", "outcome", "path", "position",
    "process", "provider", "queue", "request_id", "row", "seconds", "sqlstate", "status", "timestamp", "traceback_id",
    "why", "wrong",
})  # fmt: skip
LONGEST = 1000  # characters of one value
_READ = 4 * LONGEST
DEEPEST = 30  # frames of one traceback

# Talkative ones: httpx writes whole addresses, Authlib the verifier of a login, Alembic a line for each of its parts.
QUIET = ("httpx", "httpcore", "authlib", "werkzeug", "urllib3", "fontTools", "weasyprint", "alembic.runtime.plugins")

_PATTERNS = [
    (re.compile(r"\[parameters: .*", re.DOTALL), "[parameters]"),
    (re.compile(r"(DETAIL|CONTEXT|LINE [0-9]+): .*", re.DOTALL), "[detail]"),
    (
        re.compile(r"(invalid input (?:syntax|value) for [\w ]{1,60}|value out of range): \".*", re.DOTALL),
        r"\1: [value]",
    ),
    (re.compile(r"input_value=.*", re.DOTALL), "[value]"),
    (re.compile(r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]+(\.[\w-]+)?", re.ASCII), "[token]"),
    (re.compile(r"\b(bearer|basic)\s+[\w+/=.~-]{6,}", re.IGNORECASE | re.ASCII), "[token]"),
    (re.compile(r"\b(hmac|code|state|nonce|token|password|secret|api_key)=[^&\s\"']+", re.IGNORECASE), "[token]"),
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), "://[credentials]@"),
    (re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(\.[\w-]+)+"), "[mail]"),
    (re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.ASCII), "[iban]"),
    (re.compile(r"(?<![0-9A-Za-z])(?:[A-Z]{2})?[1-8][0-9]{2}(?:0[1-9]|1[0-2])[0-9]{6}(?![0-9])", re.ASCII), "[person]"),
]
_HANDLER = "billing"


class Masking:
    """Keeps secrets and people out of text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({each for each in secrets if len(each) >= 6}, key=len, reverse=True)  # noqa: PLR2004 - "secret"
        self._secrets = re.compile("|".join(map(re.escape, known))) if known else None

    def text(self, value: str) -> str:
        """Return `value` with everything masked that must not be written, at most a thousand characters."""
        if len(value) > _READ:  # a pattern must not cost more than the line is worth; half a word is no word
            value = value[:_READ].rpartition(" ")[0] + " ..."
        if self._secrets is not None:
            value = self._secrets.sub("[secret]", value)
        for pattern, mask in _PATTERNS:
            value = pattern.sub(mask, value)
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}..."

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        """Return the event with known fields only, each masked; a processor of structlog."""
        kept = {name: value for name, value in event.items() if name in FIELDS or name.startswith("_")}
        dropped = sorted(set(event) - set(kept))
        for name, value in kept.items():
            if name == "exception":
                kept[name] = "\n".join(map(self.text, str(value).split("\n")))
            elif not (name.startswith("_") or value is None or isinstance(value, bool | int)):
                kept[name] = self.text(str(value))
        return kept | ({"not_written": ", ".join(dropped)[:LONGEST]} if dropped else {})


class StandardError(logging.StreamHandler[Any]):
    """Writes to what standard error is now, not to what it was when the process began."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        """Return standard error."""
        return sys.stderr


def configure(*, level: str, secrets: Iterable[str] = (), readable: bool = False) -> None:
    """Let this process write its log to standard error: JSON, or lines for a person when `readable`.

    What other packages log takes the same way. May be called again; the last call counts.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace,
        Masking(secrets),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = StandardError()
    handler.set_name(_HANDLER)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _line if readable else _json()],
        )
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if each.get_name() == _HANDLER]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _json() -> structlog.processors.JSONRenderer:
    """ASCII only: control characters and marks of direction come out as escapes."""
    return structlog.processors.JSONRenderer(ensure_ascii=True, sort_keys=True)


def _line(_logger: object, _method: str, event: Event) -> str:
    """Return one line for a person, with nothing in it that a terminal would obey."""
    when, level, name = (event.pop(each, "") for each in ("timestamp", "level", "event"))
    trace = event.pop("exception", None)
    facts = " ".join(f"{key}={value!r}" for key, value in sorted(event.items()) if key != "logger")
    head = f"{str(when)[11:19]} {level:<8}{name} {facts}".rstrip()
    lines = [head, *(str(trace).split("\n") if trace else [])]
    return "\n".join("".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in line) for line in lines)


def _trace(_logger: object, _method: str, event: Event) -> Event:
    """Replace an exception by its frames, without the values that were in them."""
    said = event.pop("exc_info", None)
    fault = said if isinstance(said, BaseException) else (sys.exc_info()[1] if said is True else _second(said))
    if fault is not None:
        event["exception"] = "\n".join(_frames(fault))
    return event


def _second(said: Any) -> BaseException | None:
    return said[1] if isinstance(said, tuple) else None


def _frames(fault: BaseException) -> list[str]:
    """Return the chain of causes, the first one first: where each was raised and what it said."""
    chain = [] if fault.__cause__ is None else _frames(fault.__cause__)
    return [*chain, *_places(fault.__traceback__), f"{type(fault).__name__}: {fault}".replace("\n", " ")]


def _places(trace: TracebackType | None) -> list[str]:
    found = traceback.extract_tb(trace, limit=-DEEPEST)
    return [f"  {each.filename}:{each.lineno} {each.name}" for each in found]
