"""What no row may be: each check constraint is tried with rows that only it refuses (reliability.md 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from tests.services.bare_rows import do, put, texts
from tests.services.sound_rows import SOUND
from tests.services.unsound_rows import UNSOUND

if TYPE_CHECKING:
    from collections.abc import Mapping

CONSTRAINTS = """
select conname, conrelid::regclass::text from pg_constraint
 where contype = 'c' and connamespace = 'public'::regnamespace
"""
# These look at the other rows of a table, and compute with what a check constraint was to refuse.
EXCLUSIONS = "select conname from pg_constraint where contype = 'x' and conrelid = %s::regclass"


def test_every_check_constraint_is_there_and_is_tried(bare: psycopg.Connection) -> None:
    there = texts(bare, CONSTRAINTS)
    assert sorted(there) == sorted(UNSOUND)
    assert all(UNSOUND.values())


def test_rows_are_refused_by_the_constraint_that_is_for_them_and_by_no_other(bare: psycopg.Connection) -> None:
    tables: dict[str, str] = dict(bare.execute(CONSTRAINTS).fetchall())
    bare.execute("delete from seal_horizon")  # has a row for each chain there is
    refused, let_in = [], []
    for name, changes in UNSOUND.items():
        with bare.transaction(force_rollback=True):
            refused += [(name, change, _refusal(bare, tables[name], change)) for change in changes]
            for each in (name, *texts(bare, EXCLUSIONS, tables[name])):
                do(bare, f"alter table {tables[name]} drop constraint {each}")
            let_in += [(name, change, _refusal(bare, tables[name], change)) for change in changes]
    assert [each for each in refused if each[0] != each[2]] == []
    assert [each for each in let_in if each[2]] == []


def _refusal(bare: psycopg.Connection, table: str, change: Mapping[str, Any]) -> str:
    """Return which constraint refuses this change of a sound row, empty when none does."""
    try:
        with bare.transaction(force_rollback=True):
            put(bare, table, SOUND.get(table, {}) | dict(change))
    except psycopg.errors.IntegrityError as fault:
        return fault.diag.constraint_name or str(fault)
    return ""
