"""Synthetic invoices by the hundred thousand: two years of plausible business, true to every invariant.

Set-based: a batch is one temporary table of facts, from which every table is filled by one statement. All guards of the
database stay on. The numbers lie above every range that is handed out.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import text

from app.demo.seed_statements import FACTS, INDEXES, OPEN_ACCOUNTS, STATEMENTS
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

BATCH = 20_000
FIRST_NUMBER = 1_000_000_000
REBUILD_FROM = 100_000  # above this, building the search indexes once is quicker than keeping them current


def fill(invoices: int, say: Callable[[str], None] = lambda _line: None) -> str:
    """Add so many invoices with their payments, books, timeline and search rows; returns what was done in a sentence."""
    began = time.monotonic()
    with transaction() as tx:
        tx.execute(text("set local statement_timeout = 0"))
        first = 1 + (
            tx.scalar(text("select max(number) from invoice where number >= :low"), {"low": FIRST_NUMBER})
            or FIRST_NUMBER
        )
        tx.execute(text(OPEN_ACCOUNTS))
        dropped = _drop_search_indexes(tx) if invoices >= REBUILD_FROM else []
    try:
        for done in range(0, invoices, BATCH):
            _fill_batch(first, done, min(BATCH, invoices - done), invoices)
            say(f"{min(done + BATCH, invoices)} of {invoices} after {time.monotonic() - began:.0f} s")
    finally:
        _run_alone([*dropped, "analyze"])
    return f"{invoices} invoices from number {first} in {time.monotonic() - began:.1f} s"


def _fill_batch(first: int, done: int, size: int, total: int) -> None:
    with transaction() as tx:
        tx.execute(text("set local statement_timeout = 0"))
        tx.execute(
            text(FACTS),
            {
                "first": first + done,
                "size": size,
                "done": done,
                "total": total,
                "account": current_app.extensions["settings"].everypay.account_name or "EUR3D1",
            },
        )
        for statement in STATEMENTS:
            tx.execute(text(statement))


def _drop_search_indexes(tx: Session) -> list[str]:
    """Drop the two large indexes and return the statements that bring them back."""
    rows = tx.execute(text(INDEXES)).all()
    for row in rows:
        tx.execute(text(f"drop index {row.indexname}"))
    return [row.indexdef for row in rows]


def _run_alone(statements: list[str]) -> None:
    for statement in statements:
        with transaction() as tx:
            tx.execute(text("set local statement_timeout = 0"))
            tx.connection().exec_driver_sql(statement)
