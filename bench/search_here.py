"""The search over the database of DATABASE_URL as it is, beside the plain ways, and in company: for ten million rows.

    .venv/bin/python -m bench.search_here [--rounds 3] [--clients 8] [--ilike 6]

Each term's own invoice must be among what is found. Beside the time on the clock stands the processor time of the
server process, which says what a quiet machine would take.
"""

from __future__ import annotations

import argparse
import os
import time
from functools import partial
from random import Random
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, text

from app.extensions import db
from bench.pages import Database, here
from bench.search import AGAIN, Times, _found, by_ilike, by_searchable, rows_of
from bench.search_terms import Term, sample
from tests.web.conftest import PERSONA

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.browser import Portal

TERMS_A_KIND = 12
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
            ways = {name: Way(database) for name in ("question", "page", "searchable", "ilike")}
            kinds: dict[str, Way] = {}
            for nth in range(asked.rounds + 1):
                for at, term in enumerate(terms):
                    way = Way(database)
                    _found(term, way.take(partial(rows_of, term.typed)))
                    if nth == 0:
                        continue  # what nobody asked for lately is read from the disk once
                    _together(kinds.setdefault(term.kind, Way(database)), way)
                    _together(ways["question"], way)
                    ways["page"].take(partial(browser.client.get, "/invoices", query_string={"q": term.typed}))
                    if nth == 1 and at % asked.every == 0:
                        ways["searchable"].take(partial(by_searchable, term.typed))
                    if nth == 1 and at % asked.ilike == 0:
                        ways["ilike"].take(partial(by_ilike, term.typed))
                    db.session.rollback()
        for kind, way in kinds.items():
            way.say(kind)
        ways["question"].say("the question, all terms")
        ways["page"].say("the page, all terms")
        ways["searchable"].say("sqlalchemy-searchable, prefix")
        ways["ilike"].say("ILIKE on four columns")
        in_company(portal, terms, asked.clients)
        print(f"load {os.getloadavg()}")


def _together(all_of: Way, one: Way) -> None:
    all_of.clock.ms += one.clock.ms
    all_of.worked.ms += one.worked.ms


def in_company(portal: Portal, terms: list[Term], clients: int) -> None:
    """Measure the question while others ask, too, and invoices are indexed anew."""
    stop, times = Event(), [Times() for _ in range(clients)]

    def write() -> None:
        with portal.system.app.app_context():
            while not stop.is_set():
                with db.engine.begin() as tx:
                    tx.execute(text(AGAIN))
                time.sleep(0.05)

    def ask(nth: int) -> None:
        dice = Random(nth)
        with portal.system.app.app_context():
            for _ in terms:
                times[nth].take(partial(rows_of, dice.choice(terms).typed))
                db.session.rollback()

    writer, askers = Thread(target=write), [Thread(target=ask, args=(nth,)) for nth in range(clients)]
    for each in (writer, *askers):
        each.start()
    for each in askers:
        each.join()
    stop.set()
    writer.join()
    print(f"  {f'the question, {clients} clients and writes':34} {Times([ms for each in times for ms in each.ms])}")


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
