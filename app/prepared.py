"""Statements of the hot paths: parsed once a connection, then one round trip that is a whole transaction.

They go past SQLAlchemy and psycopg's cursors, which cost more than PostgreSQL takes for a small statement
(docs/benchmarks.md); connections, their pool and the faults are still those of SQLAlchemy.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from app.extensions import db

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg.pq.abc import PGresult
    from sqlalchemy import PoolProxiedConnection

Value = str | int | list[int] | None
READY = "prepared statements"
NUMBERED = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Prepared:
    """One statement, its parameters named as for SQLAlchemy; PostgreSQL must see the type of each by itself."""

    def __init__(self, sql: str) -> None:
        self.text = text(sql)
        numbered = self.text.compile(dialect=NUMBERED)
        self._names: list[str] = list(dict.fromkeys(numbered.positiontup or ()))
        self._sql = str(numbered).encode()
        self._id = b"billing_" + hashlib.sha256(self._sql).hexdigest()[:16].encode()

    def run(self, values: Mapping[str, Value]) -> tuple[Any, ...] | None:
        """Run it outside any transaction and return its first row. Raises DBAPIError as SQLAlchemy would."""
        said = [_encoded(values[name]) for name in self._names]
        connection = _connected()
        try:
            result = self._answer(connection, said)
            rows = Transformer(connection.driver_connection)
            rows.set_pgresult(result)
            return rows.load_row(0, tuple) if result.ntuples else None
        except psycopg.Error as fault:
            raise _known(fault, connection) from fault
        finally:
            connection.close()

    def _answer(self, connection: PoolProxiedConnection, said: list[bytes | None]) -> PGresult:
        """Return the result; what the driver or a pooler made the server forget is prepared anew, nothing ran then."""
        ready: set[bytes] = connection.info.setdefault(READY, set())
        if self._id in ready:
            try:
                return self._execute(connection, said)
            except InvalidSqlStatementName:
                ready.discard(self._id)
        _checked(_wire(connection).prepare(self._id, self._sql))
        ready.add(self._id)
        return self._execute(connection, said)

    def _execute(self, connection: PoolProxiedConnection, said: list[bytes | None]) -> PGresult:
        return _checked(_wire(connection).exec_prepared(self._id, said))


def _wire(connection: PoolProxiedConnection) -> Any:
    driver: Any = connection.driver_connection
    return driver.pgconn


def _connected() -> PoolProxiedConnection:
    try:
        return db.engine.raw_connection()
    except psycopg.Error as fault:
        raise _wrapped(fault) from fault


def _checked(result: PGresult) -> PGresult:
    if result.status in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
        return result
    raise error_from_result(result)


def _encoded(value: Value) -> bytes | None:
    """Return the value in PostgreSQL's text format, where a zero byte would end it unseen."""
    if value is None:
        return None
    if isinstance(value, list):
        return f"{{{','.join(map(str, value))}}}".encode()
    written = str(value).encode()
    if b"\0" in written:
        raise ValueError("a text with a zero byte")
    return written


def _known(fault: psycopg.Error, connection: PoolProxiedConnection) -> Exception:
    """Return the fault as SQLAlchemy would raise it; with a connection that broke, the idle ones are thrown away."""
    if _wire(connection).status == ConnStatus.OK:
        return _wrapped(fault)
    connection.invalidate(fault)
    db.engine.dispose()
    return _wrapped(psycopg.OperationalError(str(fault)), broken=True)


def _wrapped(fault: psycopg.Error, *, broken: bool = False) -> Exception:
    made = DBAPIError.instance(
        None, None, fault, psycopg.Error, hide_parameters=True, connection_invalidated=broken, dialect=db.engine.dialect
    )
    return cast("Exception", made)
