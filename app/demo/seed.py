"""Synthetic invoices by the million: two years of plausible business, true to every invariant.

Stories are invented from seeded dice and streamed into every table by COPY, a chunk and so a transaction at a time. All
guards of the database stay on. The numbers come from a range of their own, so that no service loses one of its own.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import text

from app.demo import seed_imports
from app.demo.seed_chunk import Chunk, bookings_of
from app.demo.seed_endings import SERVICE_SHARES, SERVICES, SHOWCASE, Storyteller, midnight, moment
from app.demo.seed_names import invent
from app.demo.seed_story import Payer, Story
from app.demo.seed_tables import TABLES
from app.domain.numbering import NumberRangeExhausted
from app.domain.reference import with_check_digit
from app.extensions import db
from app.services import closed_days, ledger, sealing
from app.services.copying import copy_rows
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Flask
    from sqlalchemy.orm import Session

CHUNK = 25_000
# The first few alone: without statistics the deferred checks of all others would be planned for empty tables, and a
# check by allocation costs forty times as much.
FIRST = 500
SAID_EVERY = 500_000  # sealed rows between two lines
SINCE = timedelta(days=730)
FIRST_NUMBER, LAST_NUMBER = 1_000_000_000, 1_999_999_999
INVOICES_PER_PAYER = 25
MOST_PAYERS = 40_000
REFERENCE_BASE = 1_000_000  # above those that are handed out, which have six digits and the check digit

# The range of the seed is never active: services take from theirs (eis.md 7.1).
OPEN_RANGE = text("""
insert into number_range (kind, first_number, last_number, next_number, active)
select 'invoice', :first, :last, 1 + coalesce(max(number), :first - 1), false
  from invoice where number between :first and :last
on conflict (tenant_id, kind, first_number) do nothing
""")
TAKE = text("""
update number_range set next_number = next_number + :count
 where tenant_id = 1 and kind = 'invoice' and first_number = :first and next_number + :count - 1 <= last_number
returning id, next_number - :count as first_taken
""")
# What a long load needs for itself; searching through a long list of words not yet sorted in would be slow later.
SETTINGS = (
    "set local statement_timeout = 0",
    "set local lock_timeout = 0",
    "set local idle_in_transaction_session_timeout = 0",
    "set local synchronous_commit = off",
    "set local gin_pending_list_limit = '64MB'",
    "set local work_mem = '64MB'",
    "set local billing.silent = 'on'",  # two years of history are no news
)
ANALYZED = ("account", "reference", *(each.name for each in TABLES))


@dataclass(frozen=True, slots=True)
class Plan:
    """What all chunks of one seeding share; `invoices` are those that are invented, `brought` those after them."""

    seed: int
    invoices: int
    brought: int
    first_number: int
    until: datetime
    payers: dict[str, Sequence[Payer]]
    frame: Chunk


def fill(
    invoices: int,
    say: Callable[[str], None] = lambda _line: None,
    *,
    seed: int = 1,
    until: datetime | None = None,
    chunk: int = CHUNK,
) -> str:
    """Add so many invoices with all that belongs to them, seal the books, close the days; returns a sentence.

    The same seed on an empty database gives the same data for the same day `until`, by default this one. Raises
    NumberRangeExhausted when the seed's own range has not so many numbers left.
    """
    began = time.monotonic()
    before = _count()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - for the threads
    plan = _plan(seed, invoices, until or midnight())
    written = _load(app, plan, chunk, say)
    loaded_s = time.monotonic() - began
    sealed = _seal(app, say)
    _sort_words()
    while closed_days.close():
        pass
    return (
        f"{invoices} invoices with {written.total()} rows, numbered from {plan.first_number}, "
        f"added to the {before} that were there, in {loaded_s:.1f} s; "
        f"{sealed} rows sealed in {time.monotonic() - began - loaded_s:.1f} s"
    )


def _load(app: Flask, plan: Plan, chunk: int, say: Callable[[str], None]) -> Counter[str]:
    """Write all invoices, the chunks side by side, and return how many rows went where."""
    began = time.monotonic()
    first = min(FIRST, plan.invoices)

    def write(done: int) -> Counter[str]:
        with app.app_context():
            return _write(plan, done, min(chunk, plan.invoices - done))

    written = _write(plan, 0, first)
    _gather_statistics()
    say(_progress(first, plan.invoices, written, time.monotonic() - began))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for nth, rows in enumerate(pool.map(write, range(FIRST, plan.invoices, chunk)), 1):
            written += rows
            done = min(FIRST + nth * chunk, plan.invoices)
            say(_progress(done, plan.invoices, written, time.monotonic() - began))
    written["invoice"] += _bring(plan)
    _gather_statistics()
    return written


def _progress(done: int, invoices: int, written: Counter[str], elapsed_s: float) -> str:
    speed = f"{done / elapsed_s:.0f} invoices and {written.total() / elapsed_s:.0f} rows a second"
    return f"{done} of {invoices} invoices after {elapsed_s:.0f} s, {speed}"


def _seal(app: Flask, say: Callable[[str], None]) -> int:
    """Seal both chains, one beside the other, and return how many rows that were."""

    def one(chain: str) -> int:
        said = 0

        def hear(rows: int) -> None:
            nonlocal said
            if rows >= said + SAID_EVERY:
                said = rows
                say(f"{rows} rows of the chain {chain} sealed")

        with app.app_context():
            return sealing.seal_all(chain, hear)

    with ThreadPoolExecutor() as pool:
        return sum(pool.map(one, sealing.CHAINS))


def _count() -> int:
    with transaction() as tx:
        return tx.scalar(text("select count(*) from invoice")) or 0


def _plan(seed: int, invoices: int, until: datetime) -> Plan:
    with transaction() as tx:
        for setting in SETTINGS:
            tx.execute(text(setting))
        tx.execute(OPEN_RANGE, {"first": FIRST_NUMBER, "last": LAST_NUMBER})
        taken = tx.execute(TAKE, {"first": FIRST_NUMBER, "count": invoices}).one_or_none()
        if taken is None:
            raise NumberRangeExhausted("invoice")
        range_id, first = taken
        initiators = {
            row.code: row.id for row in tx.execute(text("select code, id from initiator where tenant_id = 1"))
        }
        lanes = {row.name: row.id for row in tx.execute(text("select name, id from lane"))}
        account = current_app.extensions["settings"].everypay.account_name or "EUR3D1"
        frame = Chunk([], initiators, lanes, ledger.account_ids(_ledger_accounts(), 1), range_id, account)
        dice = Random(f"{seed}/payers/{first}")
        payers = _make_payers(tx, dice, frame, invoices, until)
        brought = seed_imports.many(invoices)
        return Plan(seed, invoices - brought, brought, first, until, payers, frame)


def _ledger_accounts() -> list[str]:
    of_services = [f"{kind}:{code}" for code in SERVICES for kind in ("receivables", "invoiced", "outside", "credit")]
    return [*of_services, "clearing:everypay", "clearing:bank", "losses"]


def _make_payers(tx: Session, dice: Random, frame: Chunk, invoices: int, until: datetime) -> dict[str, Sequence[Payer]]:
    """Invent payers for each service and write their accounts and reference numbers."""
    made: dict[str, Sequence[Payer]] = {}
    for code, share in zip(SERVICES, SERVICE_SHARES, strict=True):
        many = 5 + min(MOST_PAYERS, invoices // INVOICES_PER_PAYER) * share // 100
        names = [invent(dice) for _ in range(many)]
        ids = _ids(tx, "account", many)
        accounts = [
            (id_, frame.initiators[code], each.kind, each.name, each.email, each.country, until - SINCE)
            for id_, each in zip(ids, names, strict=True)
        ]
        copy_rows(tx, "account", "id, initiator_id, kind, name, email, country, created_at", accounts)
        numbers = ["" if code == "business_registry" else with_check_digit(str(REFERENCE_BASE + id_)) for id_ in ids]
        made[code] = [
            Payer(id_, code, each.name, each.email, number, each.country == "EE")
            for id_, each, number in zip(ids, names, numbers, strict=True)
        ]
        owned = [
            (p.reference, frame.initiators[code], p.account_id, p.name, p.email, until - SINCE) for p in made[code]
        ]
        copy_rows(
            tx,
            "reference",
            "number, initiator_id, account_id, owner, email, created_at",
            [row for row in owned if row[0]],
        )
    return made


def _write(plan: Plan, done: int, size: int) -> Counter[str]:
    """Write one chunk in a transaction of its own and return how many rows went where."""
    chunk = replace(plan.frame, stories=_tell(plan, done, size), bookings=[])
    with transaction() as tx:
        sealing.hold_off(tx)
        for setting in SETTINGS:
            tx.execute(text(setting))
        for story, id_ in zip(chunk.stories, _ids(tx, "invoice", size), strict=True):
            story.id = id_
        tries = [each for _, each in chunk.tries()]
        for each, id_ in zip(tries, _ids(tx, "payment", len(tries)), strict=True):
            each.id = id_
        disputed = [story for story in chunk.stories if story.dispute and story.gone_at]
        for story, id_ in zip(disputed, _ids(tx, "dispute", len(disputed)), strict=True):
            story.dispute_id = id_
        booked = [each for story in chunk.stories for each in bookings_of(story)]
        ids = _ids(tx, "ledger_transaction", len(booked))
        chunk.bookings = [each._replace(id=id_) for each, id_ in zip(booked, ids, strict=True)]
        return Counter({each.name: copy_rows(tx, each.name, each.columns, each.rows(chunk)) for each in TABLES})


def _bring(plan: Plan) -> int:
    """Let a service bring the last numbers along, in one transaction; return how many invoices that were."""
    numbers = range(plan.first_number + plan.invoices, plan.first_number + plan.invoices + plan.brought)
    with transaction() as tx:
        for setting in SETTINGS:
            tx.execute(text(setting))
        return seed_imports.bring(plan.seed, numbers, plan.frame.initiators, plan.until, plan.frame.gateway_account)


def _tell(plan: Plan, done: int, size: int) -> list[Story]:
    dice = Random(f"{plan.seed}/{plan.first_number + done}")
    teller = Storyteller(dice, plan.payers, plan.until)
    since, stories = plan.until - SINCE, []
    for nth in range(done, done + size):
        shown = nth - plan.invoices + len(SHOWCASE)
        if shown >= 0:
            ending, age = SHOWCASE[shown]
            created_at = plan.until - age - timedelta(hours=1)
        else:
            ending, created_at = None, moment((nth + dice.random()) / plan.invoices, since, plan.until)
        stories.append(teller.tell(plan.first_number + nth, created_at, ending))
    return stories


def _ids(tx: Session, table: str, many: int) -> list[int]:
    """Take ids from the table's own sequence: rows of others may come between."""
    taken = text("select nextval(pg_get_serial_sequence(:table, 'id')) from generate_series(1, :many)")
    return list(tx.scalars(taken, {"table": table, "many": many}))


def _gather_statistics() -> None:
    _maintain(*(f"analyze {table}" for table in ANALYZED))


def _sort_words() -> None:
    """Bring the words that wait in a list into the search indexes."""
    _maintain("vacuum (analyze) invoice_search", "analyze seal")


def _maintain(*statements: str) -> None:
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("set statement_timeout = 0"))
        for statement in statements:
            connection.execute(text(statement))
        connection.execute(text("reset statement_timeout"))
