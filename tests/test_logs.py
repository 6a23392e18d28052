"""What never reaches the log (security T81, T82)."""

from __future__ import annotations

import ast
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from app import logs

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "c41f7a80d92e4b63"
ROOT = Path(__file__).parents[1]
CANARIES = {
    "secret": SECRET,
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJpbml0aWF0b3IiOiJiaWxsaW5nIn0.eGuk8HuteATcqhpxPQBpvSb7pBL2QQry_DYYEeQTLmc",
    "bearer": "Bearer 0123456789abcdef",
    "basic": "Basic c2ltdWxhdGVkOnNpbXVsYXRlZC1rZXk=",
    "mail": "mari.maasikas+x@example.ee",
    "iban": "EE382200221020145685",
    "iban with spaces": "EE38 2200 2210 2014 5685",
    "code": "60001019906",
    "subject": "EE60001019906",
    "foreign subject": "LT60001019906",
    "hmac": "hmac=138e4441a32d8542924ae1c5a7a76827580fd04bf9cae7a591bbfbaead006382",
    "url": "postgresql://billing:pa55w0rd@db.example.ee/billing",
    "verifier": "code=AbC-123_def&state=x9x9x9x9",
}


@pytest.fixture
def log() -> Iterator[Any]:
    before = structlog.get_config()
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield structlog.get_logger("test")
    structlog.configure(**before)
    root.setLevel(level)
    root.handlers[:] = handlers
    structlog.contextvars.clear_contextvars()


@pytest.fixture(params=[False, True], ids=["json", "readable"])
def either(request: pytest.FixtureRequest, log: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    logs.configure(level="INFO", secrets=[SECRET], readable=request.param)
    return log


@pytest.fixture
def json_log(log: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    logs.configure(level="INFO", secrets=[SECRET])
    return log


def fail(fault: Exception, cause: Exception | None = None) -> None:
    raise fault from cause


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES.keys())
def test_no_canary_is_written(either: Any, canary: str, capsys: pytest.CaptureFixture[str]):
    """T81: as an event, a field, an unknown field, another package's message and an exception."""
    either.warning(f"said {canary} here", detail=f"x {canary}.", code=canary, customer_name=canary, why=[canary])
    logging.getLogger("other").warning("said %s", canary)
    try:
        fail(ValueError(canary), RuntimeError(f"because of {canary}"))
    except ValueError:
        either.exception("crash")
    written = capsys.readouterr().err
    assert written.count("said") == 2
    assert canary not in written
    assert canary.replace(" ", "").rstrip("=").split("=")[-1] not in written.replace(" ", "")


def test_what_is_worth_reading_is_written(json_log: Any, capsys: pytest.CaptureFixture[str]):
    structlog.contextvars.bind_contextvars(request_id="r1")
    json_log.info(
        "provider.called", provider="everypay", path="/api/v4/payments/db98561ec7a380d2", status=200, elapsed_ms=7
    )
    (line,) = lines(capsys)
    assert line["timestamp"].endswith("Z")
    assert line | {"timestamp": ""} == {
        "event": "provider.called", "provider": "everypay", "path": "/api/v4/payments/db98561ec7a380d2", "status": 200,
        "elapsed_ms": 7, "level": "info", "logger": "test", "request_id": "r1", "timestamp": "",
    }  # fmt: skip


def test_a_field_nobody_listed_is_named_and_not_written(json_log: Any, capsys: pytest.CaptureFixture[str]):
    """T81"""
    json_log.info("x", customer_name="Mari Maasikas")
    assert lines(capsys)[0]["not_written"] == "customer_name"


@pytest.mark.parametrize("evil", ["a\nb", "a\r\nevent=forged", "\x1b[2J", "\u202egnp.exe", "\0", "\x9b31m", "\u2028"])
def test_a_value_cannot_forge_a_line(either: Any, evil: str, capsys: pytest.CaptureFixture[str]):
    """T81"""
    either.info("x", detail=evil)
    (written,) = capsys.readouterr().err.splitlines()
    assert all(each.isprintable() for each in written)


def test_an_exception_says_where_and_not_with_what(json_log: Any, capsys: pytest.CaptureFixture[str]):
    """T81"""
    customer = "Mari Maasikas"
    try:
        fail(RuntimeError("no such row\n[parameters: {'name': 'Mari Maasikas'}]\nDETAIL: Key (name)=(Mari Maasikas)"))
    except RuntimeError:
        json_log.exception("crash")
    (line,) = lines(capsys)
    assert customer not in json.dumps(line)
    assert "test_logs.py" in line["exception"]
    assert line["exception"].endswith("RuntimeError: no such row [parameters]")


@pytest.mark.parametrize(
    "said",
    [
        "duplicate key value\nDETAIL:  Key (name)=(Mari Maasikas) already exists.",
        'invalid input syntax for type bigint: "Mari Maasikas"',
        'invalid input value for enum mood: "Mari Maasikas"',
        'date/time field value out of range: "Mari Maasikas"',
        'value too long for type character varying(3)\nCONTEXT:  COPY incoming, line 2, column name: "Mari Maasikas"',
        'missing data for column "name"\nCONTEXT:  COPY incoming, line 2: "7\tMari Maasikas\nxx"',
        "operator does not exist\nLINE 1: select 'Mari Maasikas' + 1\n               ^",
        "name\n  Input should be a number [type=int_type, input_value='Mari Maasikas', input_type=str]",
    ],
)
def test_what_the_database_quotes_is_not_written(either: Any, capsys: pytest.CaptureFixture[str], said: str):
    try:
        fail(RuntimeError(said))
    except RuntimeError as fault:
        structlog.get_logger("app.test").error("outbox.dead", detail=said, exc_info=fault)
    written = capsys.readouterr().err
    assert "outbox.dead" in written
    assert "Mari" not in written
    assert "Maasikas" not in written


def test_other_packages_do_not_write_whole_addresses(json_log: Any, capsys: pytest.CaptureFixture[str]):
    """T81: the query carries the user name at the gateway."""
    logging.getLogger("httpx").info("HTTP Request: GET https://pay.example/?api_username=abc")
    logging.getLogger("authlib.integrations").debug("Using code_verifier: 'x'")
    assert lines(capsys) == []


def test_looking_at_the_migrations_says_nothing(json_log: Any, capsys: pytest.CaptureFixture[str]):
    logging.getLogger("alembic.runtime.plugins").info("setup plugin alembic.autogenerate.schemas")
    logging.getLogger("alembic.runtime.migration").info("Running upgrade 0001 -> 0002")
    assert len(lines(capsys)) == 1


def test_the_level_is_obeyed(log: Any, capsys: pytest.CaptureFixture[str]):
    logs.configure(level="WARNING")
    log.info("quiet")
    log.warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_configuring_twice_writes_once(json_log: Any, capsys: pytest.CaptureFixture[str]):
    logs.configure(level="INFO")
    json_log.info("once")
    assert len(lines(capsys)) == 1


@given(st.text())
def test_masking_never_fails_and_never_grows_without_bound(text: str):
    assert len(logs.Masking([SECRET]).text(text)) <= logs.LONGEST + 3


@pytest.mark.parametrize("part", ["a@", "EE38", "eyJ", "Bearer ", "://a:", "1"])
def test_masking_ends_on_text_that_invites_backtracking(part: str):
    assert len(logs.Masking([SECRET]).text(part * (100_000 // len(part)))) <= logs.LONGEST + 3


def test_every_field_the_code_logs_is_listed():
    """T81: a new field is a decision."""
    unknown = []
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _is_log(node.func):
                names = {each.arg for each in node.keywords if each.arg} - {"exc_info"}
                unknown += [f"{path.name}:{node.lineno} {name}" for name in names - logs.FIELDS]
    assert unknown == []


def _is_log(function: ast.expr) -> bool:
    methods = {"debug", "info", "warning", "error", "exception", "critical", "bind_contextvars"}
    if not isinstance(function, ast.Attribute) or function.attr not in methods:
        return False
    return ast.unparse(function.value) in {"log", "LOG", "structlog.contextvars"}
