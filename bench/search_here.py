"""The search over the database of DATABASE_URL as it is, beside the plain ways, and in company: for ten million rows.

    .venv/bin/python -m bench.search_here [--rounds 3] [--clients 8] [--ilike 6]

Each term's own invoice must be among what is found. Beside the time on the clock stands the processor time of the
server process, which says what a quiet machine would take.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from functools import partial
from random import Random
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, text

from app.extensions import db
from app.queries import invoice_search
from bench.pages import Database, here
from bench.search import AGAIN, PAGE, Times, _found, by_ilike, by_searchable, rows_of
from bench.search_terms import Term, sample
from tests.system import build
from tests.web.conftest import PERSONA

if TYPE_CHECKING:
    from collections.abc import Callable

TERMS_A_KIND = 12
_ready: Any = None
_application: Any = None
STATEMENT_TIMEOUT = "set statement_timeout = '120s'"


class Way:
    """One way to find: its times on the clock and those of the server's processor."""

    def __init__(self, database: Database) -> None:
        """Begin with no times."""
        self.database, self.clock, self.worked = database, Times(), Times()

    def take(self, work: Callable[[], Any]) -> Any:
        """Do it, and write both times down."""
        self.database.worked_ms = 0.0
        found = self.clock.take(work)
        self.worked.ms.append(self.database.worked_ms)
        return found

    def say(self, name: str) -> None:
        """Print both."""
        if self.clock.ms:
            print(f"  {name:34} {self.clock}\n  {'  processor of the server':34} {self.worked}", flush=True)


def _be_patient(raw: Any, _record: object) -> None:
    """Let a connection wait for the plain ways, which take longer than any page may."""
    raw.execute(STATEMENT_TIMEOUT)
    raw.commit()


def main() -> None:
    """Measure and print."""
    asked = _arguments()
    with here(os.environ["DATABASE_URL"], os.environ["REDIS_URL"]) as portal:
        browser = portal.browser()
        assert browser.sign_in(PERSONA).status_code == 303
        database = Database()
        with portal.system.app.app_context():
            database.listen()
            event.listen(db.engine, "connect", _be_patient)
            db.engine.dispose()
            rows = db.session().scalar(text("select count(*) from invoice_search"))
            terms = sample(Random(asked.seed), TERMS_A_KIND)
            print(f"{rows} rows, {len(terms)} terms, {asked.rounds} rounds; load {os.getloadavg()}", flush=True)
            ways = {name: Way(database) for name in ("question", "probes", "page", "searchable", "ilike")}
            kinds: dict[str, Way] = {}
            for nth in range(asked.rounds + 1):
                for at, term in enumerate(terms):
                    way = Way(database)
                    _found(term, way.take(partial(rows_of, term.typed)))
                    if nth == 0:
                        continue  # what nobody asked for lately is read from the disk once
                    _together(kinds.setdefault(term.kind, Way(database)), way)
                    _together(ways["question"], way)
                    ways["probes"].take(partial(probe, term.typed))
                    ways["page"].take(partial(browser.client.get, "/invoices", query_string={"q": term.typed}))
                    if nth == 1 and at % asked.every == 0:
                        ways["searchable"].take(partial(by_searchable, term.typed))
                    if nth == 1 and at % asked.ilike == 0:
                        ways["ilike"].take(partial(by_ilike, term.typed))
                    db.session.rollback()
        for kind, way in kinds.items():
            way.say(kind)
        ways["question"].say("the question, all terms")
        ways["probes"].say("its probes alone, all terms")
        ways["page"].say("the page, all terms")
        ways["searchable"].say("sqlalchemy-searchable, prefix")
        ways["ilike"].say("ILIKE on four columns")
        in_company(terms, asked.clients)
        print(f"load {os.getloadavg()}")


def _together(all_of: Way, one: Way) -> None:
    all_of.clock.ms += one.clock.ms
    all_of.worked.ms += one.worked.ms


def in_company(terms: list[Term], clients: int) -> None:
    """Measure both while others ask, too, each from a process of its own, and invoices are indexed anew."""
    stop = Event()
    writer = Thread(target=_write, args=(stop,))
    writer.start()
    for name, ask in (("the question", rows_of), ("its probes", probe)):
        together = multiprocessing.get_context("spawn")
        ready = together.Barrier(clients)
        with together.Pool(clients, _begin, (ready,)) as pool:
            times = pool.map(_asks, [(ask, nth, terms) for nth in range(clients)], chunksize=1)
        print(
            f"  {f'{name}, {clients} clients and writes':34} {Times([ms for each in times for ms in each])}", flush=True
        )
    stop.set()
    writer.join()


def probe(typed: str) -> Any:
    """Return where the first page of what was typed is, without its lines."""
    return invoice_search.newest(typed, None, PAGE + 1) if invoice_search.words_of(typed) else rows_of(typed)


def _write(stop: Event) -> None:
    with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
        while not stop.wait(0.05):
            connection.execute(text(AGAIN))
            connection.commit()


def _begin(ready: Any) -> None:
    """Make a client of this process."""
    global _ready, _application
    _ready, _application = ready, build(os.environ["DATABASE_URL"], os.environ["REDIS_URL"], process="web").app


def _asks(work: tuple[Callable[[str], Any], int, list[Term]]) -> list[float]:
    """Return how long each of the terms took, in an order of this client's own, once all clients are there."""
    ask, nth, terms = work
    times, dice = Times(), Random(nth)
    with _application.app_context():
        ask(terms[0].typed)
        _ready.wait()
        for _ in terms:
            times.take(partial(ask, dice.choice(terms).typed))
            db.session.rollback()
    return times.ms


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each term is asked for")
    parser.add_argument("--clients", type=int, default=8, help="how many ask at once in the last measurement")
    parser.add_argument("--every", type=int, default=1, help="every which term is asked of sqlalchemy-searchable")
    parser.add_argument("--ilike", type=int, default=20, help="every which term is asked of ILIKE")
    parser.add_argument("--seed", type=int, default=1, help="what the terms are chosen by")
    return parser.parse_args()


if __name__ == "__main__":
    main()
