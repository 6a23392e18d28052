"""How a trigger is tried: with what it refuses or does, in a database where each table has one row of no meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import psycopg

from tests.services.bare_rows import do, put, texts
from tests.services.sound_rows import SOUND

if TYPE_CHECKING:
    from collections.abc import Iterator

FOREIGN_KEYS = """
select 'alter table ' || conrelid::regclass || ' drop constraint ' || quote_ident(conname)
  from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace
"""
TABLES = "select tablename from pg_tables where schemaname = 'public' order by 1"


class Refuses(NamedTuple):
    """Each of the statements is refused with these words when `given` has come to pass behind the guards' backs."""

    words: str
    statements: list[str]
    given: str = "select"


class Does(NamedTuple):
    """After each of the statements the question is answered with yes."""

    question: str
    statements: list[str]
    given: str = "select"


def updates(table: str, *changes: str) -> list[str]:
    """Return a statement for each change."""
    return [f"update {table} set {change}" for change in changes]


def fill(bare: psycopg.Connection) -> None:
    """Put a row with the id 1 into each table that has none, and take away the foreign keys, which are not tried."""
    for statement in texts(bare, FOREIGN_KEYS):
        do(bare, statement)
    for table in texts(bare, TABLES):
        if not bare.execute(f"select from {table} limit 1".encode()).fetchall():
            put(bare, table, SOUND.get(table, {}))


def faults(bare: psycopg.Connection, trigger: str, tried: Refuses | Does) -> Iterator[str]:
    """Tell of each statement that shows nothing of the trigger, or shows the same without it."""
    table, _, name = trigger.partition(".")
    for statement in tried.statements:
        for dropped in ("", f"drop trigger {name} on {table}"):
            outcome = _outcome(bare, tried, statement, dropped)
            if outcome is not (not dropped):
                yield f"{trigger}: {statement}{' without it' if dropped else ''}: {outcome}"


def _outcome(bare: psycopg.Connection, tried: Refuses | Does, statement: str, dropped: str) -> bool | str:
    """Return whether the trigger was seen, or what else was said."""
    try:
        with bare.transaction(force_rollback=True):
            do(bare, f"set local session_replication_role = replica; {tried.given}; {dropped or 'select'}")
            bare.execute("set local session_replication_role = origin")
            do(bare, statement)
            if isinstance(tried, Does):
                return bare.execute(tried.question.encode()).fetchone() is not None
            bare.execute("set constraints all immediate")
    except psycopg.Error as fault:
        words = fault.diag.message_primary or str(fault)
        return (isinstance(tried, Refuses) and tried.words in words) or words
    return False
