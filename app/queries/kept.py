"""Statements written out once: SQLAlchemy looks at each part of one it runs, which takes longer than the answer.

Everything else stays as it is: the session's connection and transaction, its events and its faults.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Select, TextClause


class Written(NamedTuple):
    """A statement as the driver takes it, and the values that are always the same."""

    sql: str
    fixed: Mapping[str, Any]


def rows_of(statement: Select[Any] | TextClause, values: Mapping[str, Any]) -> Sequence[Any]:
    """Return what a statement that is built once finds with these values, as the driver reads it."""
    written = _written(statement)
    return session().connection().exec_driver_sql(written.sql, {**written.fixed, **values}).all()


@cache
def _written(statement: Select[Any] | TextClause) -> Written:
    compiled = statement.compile(dialect=session().get_bind().dialect)
    return Written(str(compiled), {name: value for name, value in compiled.params.items() if value is not None})
