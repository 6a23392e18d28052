"""Two verbs that meet at one invoice, row or key, in every merge of their first statements (reliability.md 4.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from app import uow
from app.domain.money import Money
from app.domain.ports import Identity
from app.extensions import db
from app.integrations import current
from app.services import (
    invoices,
    janitor,
    many_invoices,
    operator_sessions,
    outbox,
    proofs,
    reaper,
    sealing,
    status_reports,
    white_list,
)
from app.services.dispatch import OUTBOX
from app.services.initiators import caller_named
from app.services.invoice_status import StatusRefused
from app.services.invoices import RegisteredDifferently, RegisterInvoice
from app.services.many_invoices import InvoiceWish, NumbersTaken
from app.services.refresh import refresh
from app.uow import transaction
from app.web.extensions import limiter
from tests.services.interleaver import inside, races
from tests.thoroughness import DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system import System

LADDER = (60, 180)
SUBJECT = "EE60001019906"


@dataclass(frozen=True)
class Pair:
    """What both find, what each does, what is true afterwards; `refusals` are sound answers of the one who was late."""

    name: str
    prepare: Callable[[System], Any]
    first: Callable[[System, Any], object]
    second: Callable[[System, Any], object]
    ended: Callable[[System, Any, list[Any]], bool]
    refusals: tuple[type[Exception], ...] = ()


@dataclass(frozen=True)
class Heard:
    """An invoice whose payment is settled at the gateway, which has called."""

    number: int
    reference: str
    key: int


def _heard(system: System) -> Heard:
    number = system.invoice("auction")
    reference = system.one_off(number, "auction")
    system.pay(reference)
    system.callback(reference)
    key = int(system.scalar("select id from gateway_reference where external_id = :r", r=reference))
    system.sql("update payment set next_check_at = now() - interval '1 second' where external_id = :r", r=reference)
    return Heard(number, reference, key)


def _look(_: System, heard: Heard) -> None:
    refresh(heard.key, current().everypay, LADDER)


def _report(word: str) -> Callable[[System, Heard], None]:
    def verb(_: System, heard: Heard) -> None:
        status_reports.change_status(caller_named("auction"), heard.number, word)

    return verb


def _reprice(_: System, heard: Heard) -> None:
    invoices.change_amount(caller_named("auction"), heard.number, Money(8000, "EUR"), current().links)


def _settlements(system: System, heard: Heard) -> int:
    question = "select count(*) from settlement s join invoice i on i.id = s.invoice_id where i.number = :n"
    return int(system.scalar(question, n=heard.number))


def _held(system: System, heard: Heard) -> int:
    """Return the captured money that no invoice has and that somebody must look at."""
    question = "select count(*) from review_item r join invoice i on i.id = r.invoice_id where i.number = :n"
    return int(system.scalar(question, n=heard.number))


def _paid(system: System, heard: Heard, _results: list[Any]) -> bool:
    system.drain()
    return system.status(heard.number) == "paid" and _settlements(system, heard) == 1


def _paid_or_in_question(system: System, heard: Heard, results: list[Any]) -> bool:
    """Whoever came first, the money is either on the invoice or an item for a person."""
    system.drain()
    if system.status(heard.number) == "paid":
        return _settlements(system, heard) == 1
    return not isinstance(results[1], Exception) and _held(system, heard) == 1


def _leased(system: System) -> Any:
    system.invoice("eeid")
    with system.app.app_context():
        lane = system.scalar("select id from lane where name = 'search'")
        system.sql("update outbox set run_at = now() - interval '1 second' where state = 'pending'")
        with transaction():
            rows = outbox.claim_lane(lane, limit=1, lease_s=60, of=["search.invoice.index"])
        db.session.remove()
    system.sql("update outbox set lease_until = now() - interval '1 second' where state = 'leased'")
    return rows


def _finish(_: System, rows: Any) -> int:
    with transaction():
        return len(outbox.finish_together(rows))


def _done_or_offered_again(system: System, rows: Any, results: list[Any]) -> bool:
    state = system.scalar("select state from outbox where id = :id", id=rows[0].id)
    system.hurry()
    system.drain()
    over = system.scalar("select state from outbox where id = :id", id=rows[0].id) == "done"
    return over and bool(state == ("done" if results[0] else "pending"))


def _take_number(system: System, key: str) -> Any:
    return system.call("auction", "/invoice_generator/invoice_number_generator", **{"Idempotency-Key": key})


def _one_number(system: System, key: str, results: list[Any]) -> bool:
    taken = {each.json["invoice_number"] for each in results if each.status_code == 201}
    late = {each.status_code for each in results} - {201}
    again = _take_number(system, key).json["invoice_number"]
    return taken == {again} and late <= {409}


def _everything_sealed(system: System, _: Any, __: list[Any]) -> bool:
    with system.app.app_context():
        sealing.seal()
        db.session.remove()
    counts = "select (select count(*) from event) - (select count(*) from seal where chain = 'event')"
    return int(system.scalar(counts)) == 0


def _signed_in(system: System) -> str:
    with system.app.app_context():
        white_list.add(SUBJECT, role="viewer")
        token = operator_sessions.open_session(
            Identity(SUBJECT, "Mary", "Test", "high"), ip="127.0.0.1", user_agent="test"
        )
        db.session.remove()
    return token


def _listed(system: System) -> str:
    with system.app.app_context():
        white_list.add(SUBJECT, role="viewer")
        db.session.remove()
    return SUBJECT


def _sign_in(_: System, subject: str) -> str:
    return operator_sessions.open_session(Identity(subject, "Mary", "Test", "high"), ip="127.0.0.1", user_agent="test")


def _nobody_is_in(system: System, _: str, results: list[Any]) -> bool:
    """Whoever came first, the session was never opened or has ended."""
    return isinstance(results[1], Exception) or _signed_out(system, results[1], results)


def _old_invoice(system: System) -> list[dict[str, Any]]:
    # No range has these, and there are enough for a number of its own in each of the orders.
    number = 1 + max(500_000_000, int(system.scalar("select coalesce(max(number), 0) from invoice")))
    return [{"invoice_number": number, "initiator": "auction", "transaction_amount": "12.0", "status": "paid"}]


def _bring(system: System, rows: list[dict[str, Any]]) -> Any:
    return system.call("auction", "/import_data/invoice_data", rows)


def _brought_once(system: System, rows: list[dict[str, Any]], results: list[Any]) -> bool:
    added = [each.json["added"] for each in results if each.status_code == 200]
    refused = [each for each in results if each.status_code not in {200, 409}]
    there = system.scalar("select count(*) from invoice where number = :n", n=rows[0]["invoice_number"])
    return not refused and sum(added) == there == 1


def _signed_out(system: System, token: str, _: list[Any]) -> bool:
    with system.app.app_context():
        found = operator_sessions.current_operator(token)
        db.session.remove()
    return found is None


def _two_held(system: System) -> list[int]:
    return [system.number("auction") for _ in range(2)]


def _two_of_nobody(system: System) -> list[int]:
    next_ = system.number("auction") + 1
    return [next_ + 3, next_ + 4]


def _make(*cents: int, backwards: bool = False) -> Callable[[System, list[int]], list[int]]:
    """Return the verb that makes invoices of the held numbers over so much each, and one more of a new number."""

    def verb(_: System, held: list[int]) -> list[int]:
        wishes = [
            InvoiceWish(Money(minor, "EUR"), "auction", number) for minor, number in zip(cents, held, strict=True)
        ]
        more = InvoiceWish(Money(5, "EUR"), "auction")
        all_ = [more, *wishes[::-1]] if backwards else [*wishes, more]
        return many_invoices.register_all(caller_named("auction"), all_, date(2026, 3, 2), current().links)

    return verb


def _make_one(_: System, held: list[int]) -> None:
    command = RegisterInvoice(number=held[1], amount=Money(700, "EUR"), initiator_code="auction")
    invoices.register(caller_named("auction"), command, current().links)


def _one_of_them_made(system: System, held: list[int], results: list[Any]) -> bool:
    """Whoever came first has both; the other made nothing, or the one that was left to it."""
    found = system.rows("select number, total_minor from invoice where number = any(:n) order by number", n=held)
    late = [isinstance(each, Exception) for each in results]
    made = {row.number: row.total_minor for row in found}
    if sorted(late) != [False, True]:
        return False
    return made == ({held[1]: 700} if late[0] else dict(zip(held, (100, 200), strict=True)))


def _of_the_first_or_the_second(system: System, held: list[int], results: list[Any]) -> bool:
    found = system.rows("select total_minor from invoice where number = any(:n) order by number", n=held)
    late = [isinstance(each, Exception) for each in results]
    return sorted(late) == [False, True] and [row.total_minor for row in found] == (
        [300, 400] if late[0] else [100, 200]
    )


PAIRS = [
    Pair("callback and callback", _heard, _look, _look, _paid),
    Pair("callback and the clock", _heard, _look, lambda *_: janitor.poll_open_payments(), _paid),
    Pair("callback and cancelled", _heard, _look, _report("cancelled"), _paid_or_in_question, (StatusRefused,)),
    Pair("callback and paid by hand", _heard, _look, _report("paid"), _paid_or_in_question, (StatusRefused,)),
    Pair("callback and another amount", _heard, _look, _reprice, _paid_or_in_question, (StatusRefused,)),
    Pair("a late worker and the reaper", _leased, _finish, lambda *_: reaper.reap(OUTBOX), _done_or_offered_again),
    Pair("one key twice", lambda _: uuid4().hex, _take_number, _take_number, _one_number),
    Pair(
        "two calls that share numbers",
        _two_held,
        _make(100, 200),
        _make(300, 400, backwards=True),
        _of_the_first_or_the_second,
        (NumbersTaken,),
    ),
    Pair(
        "many invoices and one of them",
        _two_held,
        _make(100, 200),
        _make_one,
        _one_of_them_made,
        (NumbersTaken, RegisteredDifferently),
    ),
    Pair(
        "many invoices and one of them whose numbers nobody took",
        _two_of_nobody,
        _make(100, 200),
        _make_one,
        _one_of_them_made,
        (NumbersTaken, RegisteredDifferently),
    ),
    Pair("the sealer and a writer", _heard, lambda *_: sealing.seal(), _look, _everything_sealed),
    Pair(
        "revoked and in use",
        _signed_in,
        lambda *_: white_list.revoke(SUBJECT),
        lambda _, token: operator_sessions.current_operator(token),
        _signed_out,
    ),
    Pair(
        "revoked and signing in",
        _listed,
        lambda *_: white_list.revoke(SUBJECT),
        _sign_in,
        _nobody_is_in,
        (operator_sessions.NotListed,),
    ),
    Pair("one import twice", _old_invoice, _bring, _bring, _brought_once),
]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name.replace(" ", "-"))
def test_no_order_of_two_verbs_harms(system: System, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    # The sealer leaves young rows alone; here it takes them at once, so that it does meet the writer.
    monkeypatch.setattr(sealing, "UNSEALED", sealing.UNSEALED.replace("2 seconds", "0 seconds"))
    # A quick machine tries more orders in a minute than a service may ask for pages.
    monkeypatch.setattr(limiter, "enabled", False)
    # Nothing here has to be repeated: verbs take their locks in one order, or a deadlock shows.
    monkeypatch.setattr(uow, "RETRIABLE", set())
    with system.app.app_context():
        engine = db.engine
    for race in races(DEPTH):
        prepared = pair.prepare(system)
        verbs = [partial(verb, system, prepared) for verb in (pair.first, pair.second)]
        scripts = (inside(system.app, verbs[0]), inside(system.app, verbs[1]))
        results = race.run(engine, scripts)
        faults = [each for each in results if isinstance(each, BaseException) and not isinstance(each, pair.refusals)]
        assert not faults, (str(race), faults)
        assert pair.ended(system, prepared, results), (str(race), results)
    with system.app.app_context():
        report = proofs.verify()
        assert report.holds, str(report)
        db.session.remove()
        db.engine.dispose()  # who leaves tells the statistics what happened
    assert not system.scalar("select deadlocks from pg_stat_database where datname = current_database()")
