"""Synthetic invoices by the hundred thousand: two years of plausible business, true to every invariant.

Set-based: a batch is one temporary table of facts, from which every table is filled by one statement. All guards of the
database stay on. The numbers lie above every range that is handed out.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import text

from app.demo.seed_statements import FACTS, OPEN_ACCOUNTS, STATEMENTS
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

BATCH = 20_000
FIRST_NUMBER = 1_000_000_000


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
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - for the threads

    def one(done: int) -> None:
        with app.app_context():
            _fill_batch(first, done, min(BATCH, invoices - done), invoices)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for nth, _ in enumerate(pool.map(one, range(0, invoices, BATCH)), 1):
            say(f"{min(nth * BATCH, invoices)} of {invoices} after {time.monotonic() - began:.0f} s")
    with transaction() as tx:
        tx.execute(text("set local statement_timeout = 0"))
        tx.execute(text("analyze"))
    return f"{invoices} invoices from number {first} in {time.monotonic() - began:.1f} s"


def _fill_batch(first: int, done: int, size: int, total: int) -> None:
    account = current_app.extensions["settings"].everypay.account_name or "EUR3D1"
    with transaction() as tx:
        tx.execute(text("set local statement_timeout = 0"))
        tx.execute(text("set local billing.silent = 'on'"))  # two years of history are no news
        facts = {"first": first + done, "size": size, "done": done, "total": total, "account": account}
        tx.execute(text(FACTS), facts)
        for statement in STATEMENTS:
            tx.execute(text(statement))
