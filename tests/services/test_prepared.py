"""Statements that are a transaction of their own keep every promise SQLAlchemy makes (reliability.md 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from app.extensions import db
from app.prepared import Prepared
from app.uow import retried, run_statement, session, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System

ECHO = Prepared("select cast(:number as bigint), cast(:word as text), cast(:many as bigint[])")
OPEN = Prepared("insert into ledger_account (tenant_id, code, kind) values (1, :code, 'asset') returning id")
CODES = "select count(*) from ledger_account where code = :code"
WHOSE = Prepared("select pg_backend_pid()")
END = Prepared("select pg_terminate_backend(pg_backend_pid())")
BUSY_ONCE = """
create sequence tries;
create function busy_once() returns bigint language plpgsql as $$
begin
  if nextval('tries') = 1 then raise exception 'busy' using errcode = 'serialization_failure'; end if;
  return currval('tries');
end $$
"""


@pytest.fixture
def own(system: System) -> Iterator[System]:
    with system.app.app_context():
        yield system
        db.session.remove()


def _open_and_fail() -> None:
    run_statement(OPEN, {"code": "dropped"})
    raise RuntimeError("after it")


def _count(code: str) -> Any:
    with db.engine.connect() as connection:
        return connection.execute(text(CODES), {"code": code}).scalar_one()


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("word", ["", "õ €", "'; drop table invoice; --", "\\", "{,}", "%(x)s $1 :word", None])
def test_what_goes_in_comes_out(word: str | None) -> None:
    assert run_statement(ECHO, {"number": -(2**63), "word": word, "many": [1, -2]}) == (-(2**63), word, [1, -2])
    with transaction():
        assert run_statement(ECHO, {"number": 7, "word": word, "many": [1]}) == (7, word, [1])


@pytest.mark.usefixtures("own")
def test_a_zero_byte_is_refused_and_does_not_end_the_text() -> None:
    with pytest.raises(ValueError, match="zero byte"):
        run_statement(ECHO, {"number": 1, "word": "a\0b", "many": []})


@pytest.mark.usefixtures("own")
def test_it_is_committed_when_it_returns_and_rolled_back_with_the_transaction_it_is_in() -> None:
    assert run_statement(OPEN, {"code": "kept"}) is not None
    assert _count("kept") == 1
    with pytest.raises(RuntimeError, match="after it"), transaction():
        _open_and_fail()
    assert _count("dropped") == 0


@pytest.mark.usefixtures("own")
def test_a_broken_rule_is_sqlalchemy_s_error_and_says_no_value() -> None:
    run_statement(OPEN, {"code": "one"})
    with pytest.raises(IntegrityError) as raised:
        run_statement(OPEN, {"code": "one"})
    assert getattr(raised.value.orig, "sqlstate", None) == "23505"
    assert "parameters" not in str(raised.value)
    with pytest.raises(DataError):
        run_statement(ECHO, {"number": "1,5", "word": "", "many": []})
    assert run_statement(OPEN, {"code": "two"}) is not None


@pytest.mark.usefixtures("own")
def test_what_the_server_forgot_is_prepared_anew() -> None:
    values = {"number": 1, "word": "x", "many": []}
    run_statement(ECHO, values)
    with db.engine.connect() as connection:
        connection.execute(text("deallocate all"))
    assert run_statement(ECHO, values) == (1, "x", [])


@pytest.mark.usefixtures("own")
def test_a_connection_that_broke_is_told_once_and_none_of_its_time_is_used_again() -> None:
    with db.engine.connect() as first, db.engine.connect() as second:
        idle = {each.exec_driver_sql("select pg_backend_pid()").scalar_one() for each in (first, second)}
    with pytest.raises(OperationalError) as raised:
        run_statement(END, {})
    assert raised.value.connection_invalidated
    here = run_statement(WHOSE, {})
    assert here is not None
    assert here[0] not in idle


@pytest.mark.usefixtures("own")
def test_a_moment_that_was_not_right_is_waited_out() -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql(BUSY_ONCE)
    assert retried(run_statement)(Prepared("select busy_once()"), {}) == (2,)


@pytest.mark.usefixtures("own")
def test_asking_for_a_transaction_makes_no_session() -> None:
    db.session.remove()
    run_statement(WHOSE, {})
    assert not db.session.registry.has()
    assert session().info.get("depth") is None
