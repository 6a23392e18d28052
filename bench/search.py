"""The invoice list at size: every filter, order, deep page and search term, beside what one would write first.

    .venv/bin/python -m bench.search [--invoices 1000000] [--side 0] [--rounds 5] [--clients 8]

Pages are asked of the whole application, in process: routing, guards, queries, template. Search terms are sampled from
what was seeded; each must find the invoice it was taken from before a time counts. Beside them, in the same run: the
prefix query of sqlalchemy-searchable over the same vector, and ILIKE over four columns. With `--side` that many rows
more stand in the side table (without invoices), and the probes alone are measured over all of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from random import Random
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, text
from sqlalchemy_searchable import search as searchable

from app.demo import seed
from app.extensions import db
from app.models.invoice import Invoice
from app.models.invoice_search import InvoiceSearch
from app.queries import invoice_search, invoices, kept
from app.queries.invoice_filter import InvoiceFilter
from app.queries.invoice_row import InvoiceRow
from app.queries.sorting import Sort
from bench.http import ROOT, durable_servers
from bench.search_terms import Term, sample
from tests.web.conftest import PERSONA
from tests.web.conftest import _running as running
from tests.web.lists import more

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.web.browser import Browser, Portal

PAGE = 50
DEEP = 20
TERMS_A_KIND = 10
FILTERS = {
    "nothing asked": "",
    "status unpaid": "status=unpaid",
    "status cancelled": "status=cancelled",
    "status overdue, one service": "status=overdue&service=auction",
    "one service": "service=eeid",
    "kind deposit": "kind=auction_deposit",
    "kind linkpay": "kind=linkpay",
    "amount window of 1 EUR": "amount_min=36.00&amount_max=37.00",
    "dear ones": "amount_min=5000.00",
    "created, one month": "created_from=2026-03-01&created_to=2026-03-31",
    "created, one day": "created_from=2026-03-05&created_to=2026-03-05",
    "due, one month": "due_from=2026-03-01&due_to=2026-03-31",
    "paid, one day": "paid_from=2026-03-05&paid_to=2026-03-05",
    "in Directo": "in_directo=true",
    "not in Directo": "in_directo=false",
    "e-invoice sent": "e_invoice_sent=true",
    "e-invoice not sent": "e_invoice_sent=false",
    "six at once": "status=paid&service=registry&kind=regular&amount_min=10&amount_max=90&created_from=2026-01-01",
}
SAMPLE = """
create temp table sample as
select row_number() over () as nth, search_text
  from (select search_text from invoice_search order by md5(invoice_id::text) limit 200000) s
"""
AGAIN = """
update invoice_search set search_text = search_text
 where invoice_id in (select invoice_id from invoice_search order by created_at desc limit 50)
"""
SIDE_ROWS = """
insert into invoice_search (invoice_id, created_at, search_text)
select 10000000000 + n, now() - n * interval '4 years' / :rows, s.search_text
  from generate_series(cast(:first as bigint), :last) n
  join sample s on s.nth = 1 + n % :kept
"""


@dataclass
class Times:
    """How long something took, each time, in milliseconds."""

    ms: list[float] = field(default_factory=list)

    def take(self, work: Callable[[], Any]) -> Any:
        """Do it, write down how long it took, and return what it returned."""
        began = time.perf_counter()
        found = work()
        self.ms.append((time.perf_counter() - began) * 1000)
        return found

    def quantile(self, share: float) -> float:
        """Return the time below which this share lies."""
        ordered = sorted(self.ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    def __str__(self) -> str:
        """Return one line."""
        said = "  ".join(
            f"{name} {self.quantile(share):7.1f}" for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        )
        return f"{said}  max {max(self.ms):7.1f} ms  ({len(self.ms)})"


def main() -> None:
    """Seed, measure, print."""
    asked = _arguments()
    with durable_servers() as env:
        subprocess.run([sys.executable, "-m", "app.cli", "migrate"], env=env, cwd=ROOT, check=True, capture_output=True)
        os.environ.update(env)
        with running(env["DATABASE_URL"], env["REDIS_URL"]) as portal:
            with portal.system.app.app_context():
                print(seed.fill(asked.invoices, say=lambda _line: None), flush=True)
            browser = portal.browser()
            assert browser.sign_in(PERSONA).status_code == 303
            with portal.system.app.app_context():
                terms = sample(Random(asked.seed), TERMS_A_KIND)
                db.session.remove()
            pages(browser, asked.rounds)
            searches(portal, browser, terms, asked)
            if asked.side:
                side(portal, terms, asked)


def pages(browser: Browser, rounds: int) -> None:
    """Measure the list with each filter, in each order, and far down."""
    print("\npages, at the server (routing, guards, questions, template)")
    all_pages = Times()
    for name, query in FILTERS.items():
        _measured(name, [f"/invoices?{query}"] * (4 * rounds), browser, all_pages)
    for sort in Sort:
        path = f"/invoices?sort={sort}&column=paid"
        _measured(f"order {sort}", [path] * (4 * rounds), browser, all_pages)
        _measured(f"order {sort}, {DEEP} pages down", _down(browser, path), browser, all_pages)
    print(f"  {'all of these':34} {all_pages}", flush=True)


def _measured(name: str, paths: Iterable[str], browser: Browser, together: Times) -> None:
    times = Times()
    browser.client.get(next(iter(paths := list(paths))))
    for path in paths:
        answer = times.take(partial(browser.client.get, path))
        assert answer.status_code == 200, (path, answer.status_code)
    together.ms += times.ms
    print(f"  {name:34} {times}", flush=True)


def _down(browser: Browser, path: str) -> list[str]:
    found: list[str] = []
    following: str | None = path
    while following and len(found) < DEEP:
        found.append(following)
        following = more(browser.client.get(following).text)
    return found


def searches(portal: Portal, browser: Browser, terms: list[Term], asked: argparse.Namespace) -> None:
    """Measure the search: the whole page, the question alone, and what one would write first, in turns."""
    ways = {"page": Times(), "question": Times(), "searchable": Times(), "ilike": Times()}
    kinds: dict[str, Times] = {}
    with portal.system.app.app_context():
        for nth in range(asked.rounds):
            for term in terms:
                page = partial(browser.client.get, "/invoices", query_string={"q": term.typed})
                assert ways["page"].take(page).status_code == 200
                took = Times()
                found = took.take(partial(rows_of, term.typed))
                kinds.setdefault(term.kind, Times()).ms += took.ms
                ways["question"].ms += took.ms
                _found(term, found)
                ways["searchable"].take(partial(by_searchable, term.typed))
                if nth == 0:
                    ways["ilike"].take(partial(by_ilike, term.typed))
                db.session.rollback()
    print("\nsearch, by what is typed: the question for a page of rows")
    for kind, times in kinds.items():
        print(f"  {kind:34} {times}")
    print("\nsearch, all terms")
    for name, said in (
        ("page", "the page, at the server"),
        ("question", "the question for its rows"),
        ("searchable", "sqlalchemy-searchable, prefix"),
        ("ilike", "ILIKE on four columns (one round)"),
    ):
        print(f"  {said:34} {ways[name]}")
    ours = ways["question"].quantile(0.95)
    for peer in ("searchable", "ilike"):
        print(f"  p95 of {peer} / p95 of ours: {ways[peer].quantile(0.95) / ours:.1f}")
    if asked.clients:
        _with_company(portal, terms, asked)


def rows_of(typed: str) -> list[InvoiceRow]:
    """Return the first page of what was typed and one row more, without its count."""
    if not invoice_search.words_of(typed):
        return invoices.search(InvoiceFilter(text=typed)).rows
    places = invoice_search.newest(typed, None, PAGE + 1)
    return [InvoiceRow(*row) for row in kept.rows_of(invoices.THESE, {"ids": [each.id for each in places]})]


def _found(term: Term, rows: list[InvoiceRow]) -> None:
    """Fail unless the invoice the term was taken from is meant by it, and a page is newest first."""
    order = [(row.created_at, row.id) for row in rows]
    assert order == sorted(order, reverse=True)
    if term.invoice_id is None:
        assert not rows
        return
    if len(rows) < PAGE:
        assert term.invoice_id in {row.id for row in rows}, term
        return
    meant = select(Invoice.id).where(Invoice.id == term.invoice_id, invoice_search.asked_for(term.typed))
    assert db.session.scalar(meant) == term.invoice_id, term


def by_searchable(typed: str) -> Any:
    """Return a page as sqlalchemy-searchable's documentation would have it, newest first."""
    vector: Any = InvoiceSearch.document_vector
    every: Any = select(InvoiceSearch.invoice_id)
    found = searchable(every, typed, vector=vector, regconfig="simple")
    return db.session.execute(found.order_by(InvoiceSearch.created_at.desc()).limit(PAGE + 1)).all()


def by_ilike(typed: str) -> Any:
    """Return a page as one would write it on the first day."""
    like = f"%{typed}%"
    columns = (Invoice.reference_number, Invoice.customer_name, Invoice.customer_email, Invoice.description)
    found = select(Invoice.id).where(or_(*(column.ilike(like) for column in columns)))
    return db.session.execute(found.order_by(Invoice.created_at.desc()).limit(PAGE + 1)).all()


def side(portal: Portal, terms: list[Term], asked: argparse.Namespace) -> None:
    """Measure the probes over a side table of many more rows, which have no invoices."""
    began = time.monotonic()
    chunk = 200_000
    with portal.system.app.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
        for statement in (
            "set statement_timeout = 0",
            "alter table invoice_search drop constraint fk_invoice_search_tenant_id_invoice_id",
            SAMPLE,
            "create unique index on sample (nth)",
            "analyze sample",
        ):
            tx.execute(text(statement))
        kept = tx.scalar(text("select count(*) from sample"))
        for first in range(1, asked.side + 1, chunk):
            last = min(first + chunk - 1, asked.side)
            tx.execute(text(SIDE_ROWS), {"rows": asked.side, "first": first, "last": last, "kept": kept})
        tx.execute(text("vacuum (analyze) invoice_search"))
        rows = tx.scalar(text("select count(*) from invoice_search"))
    print(f"\nside table of {rows} rows, filled in {time.monotonic() - began:.0f} s; the probes alone")
    probes, peer = Times(), Times()
    with portal.system.app.app_context():
        for _ in range(asked.rounds):
            for term in terms:
                if invoice_search.words_of(term.typed):
                    probes.take(partial(invoice_search.newest, term.typed, None, PAGE + 1))
                    peer.take(partial(by_searchable, term.typed))
    print(f"  {'two probes':34} {probes}")
    print(f"  {'sqlalchemy-searchable, prefix':34} {peer}")
    print(f"  p95 of searchable / p95 of ours: {peer.quantile(0.95) / probes.quantile(0.95):.1f}", flush=True)


def _with_company(portal: Portal, terms: list[Term], asked: argparse.Namespace) -> None:
    """Measure the question while others ask, too, and invoices are indexed anew."""
    stop, times = Event(), [Times() for _ in range(asked.clients)]

    def write() -> None:
        with portal.system.app.app_context():
            while not stop.is_set():
                with db.engine.begin() as tx:
                    tx.execute(text(AGAIN))
                time.sleep(0.05)

    def ask(nth: int) -> None:
        dice = Random(nth)
        with portal.system.app.app_context():
            for _ in range(len(terms)):
                times[nth].take(lambda: rows_of(dice.choice(terms).typed))
                db.session.rollback()

    writer = Thread(target=write)
    writer.start()
    askers = [Thread(target=ask, args=(nth,)) for nth in range(asked.clients)]
    for each in askers:
        each.start()
    for each in askers:
        each.join()
    stop.set()
    writer.join()
    together = Times([ms for each in times for ms in each.ms])
    print(f"  {f'the question, {asked.clients} clients and writes':34} {together}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=1_000_000, help="how many invoices to seed")
    parser.add_argument("--side", type=int, default=0, help="how many rows more to put into the side table")
    parser.add_argument("--rounds", type=int, default=5, help="how often each term and page is asked for")
    parser.add_argument("--clients", type=int, default=8, help="how many ask at once in the last measurement")
    parser.add_argument("--seed", type=int, default=1, help="what the terms are chosen by")
    return parser.parse_args()


if __name__ == "__main__":
    main()
