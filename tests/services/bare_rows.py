"""Rows of no meaning, for trying what the database itself refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import psycopg

COLUMNS = """
select attname, format_type(atttypid, atttypmod),
       attnotnull and not atthasdef and attgenerated = '' and attidentity = ''
  from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped
"""
MEANINGLESS = {
    "boolean": True,
    "bytea": b"x",
    "date": "2026-01-01",
    "jsonb": "{}",
    "timestamp with time zone": "2026-01-01",
    "tsvector": "x",
    "uuid": "00000000-0000-0000-0000-000000000001",
    "inet": "192.0.2.1",
}


def put(bare: psycopg.Connection, table: str, given: Mapping[str, Any], same: Iterable[str] = ()) -> None:
    """Insert a row: what may not be null and the columns of `same` are alike each time, unless they are given."""
    kinds = {name: (kind, needed) for name, kind, needed in bare.execute(COLUMNS, [table]).fetchall()}
    needed = {name for name, (_, is_needed) in kinds.items() if is_needed}
    row = {name: _meaningless(kinds[name][0]) for name in sorted(needed | set(same))} | dict(given)
    columns = ", ".join(f'"{name}"' for name in row)
    do(bare, f"insert into {table} ({columns}) values ({', '.join(['%s'] * len(row))})", *row.values())


def texts(bare: psycopg.Connection, question: LiteralString, *about: str) -> list[str]:
    """Return the first column of the answer."""
    return [row[0] for row in bare.execute(question, about).fetchall()]


def do(bare: psycopg.Connection, statement: str, *values: Any) -> None:
    """Execute a statement that was put together here."""
    bare.execute(statement.encode(), values or None)


def _meaningless(kind: str) -> Any:
    if kind.endswith("[]"):
        return "{}"
    if kind in MEANINGLESS:
        return MEANINGLESS[kind]
    return "x" if kind == "text" or kind.startswith("character") else 1
