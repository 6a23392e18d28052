"""What the database holds is what the models say, what may not overlap does not, and rows stay (reliability.md 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import CheckConstraint

from app.models.base import Base
from tests.services.bare_rows import do, put, texts
from tests.services.sound_rows import SOUND

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKS = """
select conname, pg_get_constraintdef(oid), convalidated from pg_constraint
 where contype = 'c' and connamespace = 'public'::regnamespace
"""
EXCLUSIONS = "select conname from pg_constraint where contype = 'x' and connamespace = 'public'::regnamespace"
KEPT = """
select distinct tgrelid::regclass::text from pg_trigger
 where tgname in ('never_deleted', 'append_only') and tgenabled = 'O'
"""
RATE = {"code": "standard", "category": "S", "basis_points": 2400, "valid_from": "2026-01-01", "valid_to": None}
RANGE = {"kind": "invoice", "active": False, "first_number": 5, "last_number": 9, "next_number": 5}

# Exclusion -> its table, rows that stand beside each other, touching, and one that lies over them by the least.
APART: dict[str, tuple[str, list[Mapping[str, Any]], Mapping[str, Any]]] = {
    "ex_vat_rate_days": (
        "vat_rate",
        [
            RATE | {"valid_to": "2026-01-03"},
            RATE | {"valid_from": "2026-01-04"},
            RATE | {"code": "other"},
            RATE | {"tenant_id": 2},
        ],
        RATE | {"valid_from": "2025-01-01", "valid_to": "2026-01-01"},
    ),
    "number_range_overlap": (
        "number_range",
        [
            RANGE,
            RANGE | {"kind": "deposit", "first_number": 10, "last_number": 10, "next_number": 10},
            RANGE | {"tenant_id": 2},
        ],
        RANGE | {"kind": "deposit", "first_number": 9, "next_number": 9},
    ),
}
# Tables without money or history: what they hold is said elsewhere, is over after its time, or is the schema's own.
MAY_GO = {
    *("closed_day", "day_payer", "day_total", "invoice_search"),
    *("idempotency_key", "schedule_run"),
    *("lane", "saved_view", "seal_horizon"),
    *("alembic_version", "dispute_edge", "invoice_edge", "payment_edge", "refund_edge"),
}


def test_the_checks_are_those_of_the_models(bare: psycopg.Connection) -> None:
    """The database writes a check in a form of its own: the model's is put beside it and read back."""
    ours = [
        (str(each.name), table.name, str(each.sqltext))
        for table in Base.metadata.tables.values()
        for each in table.constraints
        if isinstance(each, CheckConstraint)
    ]
    before = {name: (says, validated) for name, says, validated in bare.execute(CHECKS).fetchall()}
    for name, table, says in ours:
        do(bare, f"alter table {table} drop constraint if exists {name}")
        do(bare, f"alter table {table} add constraint {name} check ({says})")
    assert {name: (says, valid) for name, says, valid in bare.execute(CHECKS).fetchall()} == before
    assert {name for name, _, _ in ours} == set(before)


def test_what_may_not_overlap_is_refused(bare: psycopg.Connection) -> None:
    assert set(texts(bare, EXCLUSIONS)) == set(APART)
    for name, (table, apart, over) in APART.items():
        do(bare, f"delete from {table}")
        for row in apart:
            put(bare, table, SOUND.get(table, {}) | dict(row))
        with pytest.raises(psycopg.errors.ExclusionViolation, match=name):
            put(bare, table, SOUND.get(table, {}) | dict(over))
        bare.rollback()


def test_nothing_is_deleted_but_what_may_go(bare: psycopg.Connection) -> None:
    every = set(texts(bare, "select tablename from pg_tables where schemaname = 'public'"))
    assert every - set(texts(bare, KEPT)) == MAY_GO
