"""Invoices that are registered at the same moment are made in one statement, each as if it came alone (eis.md 5.1)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.domain.money import Money
from app.extensions import db
from app.integrations import current
from app.services import invoices, numbering, registering
from app.services.initiators import caller_named
from app.services.invoices import NumberNotAvailable, RegisteredDifferently, RegisterInvoice
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.system import System

    Deed = Callable[[], Any]

WRITTEN = """
select i.number, i.total_minor, o.code as owner,
       (select count(*) from ledger_transaction t where t.invoice_id = i.id) as booked,
       (select array_agg(e.amount_minor order by e.id) from ledger_entry e
          join ledger_transaction t on t.id = e.transaction_id where t.invoice_id = i.id) as entries,
       (select array_agg(e.kind order by e.id) from event e where e.invoice_id = i.id) as told,
       (select array_agg(e.data->>'amount' order by e.id) from event e where e.invoice_id = i.id) as amounts,
       (select count(*) from outbox x where x.invoice_id = i.id and x.kind = 'search.invoice.index') as owed
  from invoice i join initiator o on o.id = i.initiator_id where i.number = any(:numbers) order by i.number
"""
OWNER = "select id from initiator where code = 'auction'"
ACCOUNT = f"insert into account (tenant_id, name, initiator_id) select 1, 'Payer', ({OWNER}) returning id"
REFERENCE = f"""
insert into reference (tenant_id, number, initiator_id, account_id) select 1, '2144032', ({OWNER}), :account
"""
TOLD = ["invoice.issued", "invoice.link.made"]


@pytest.fixture
def own(system: System) -> Iterator[System]:
    with system.app.app_context():
        yield system
        db.session.remove()


def row(number: int, minor: int = 700, code: str = "auction") -> dict[str, Any]:
    command = RegisterInvoice(number=number, amount=Money(minor, "EUR"), initiator_code=code)
    return invoices._row(caller_named(code), command, f"https://pay.example/{number}")


def made(rows: Sequence[dict[str, Any]]) -> list[int | None]:
    db.session.remove()
    return registering._make(rows)


def written(system: System, *numbers: int) -> list[tuple[Any, ...]]:
    return [tuple(each) for each in system.rows(WRITTEN, numbers=list(numbers))]


def one(number: int, minor: int, amount: str, code: str = "auction") -> tuple[Any, ...]:
    """Return what one invoice writes, whoever came with it."""
    return (number, minor, code, 1, [minor, -minor], TOLD, [amount, amount], 1)


def test_many_are_made_as_each_would_be_alone(own: System) -> None:
    ids = made([row(700_003, 300), row(700_001, 100, "registry"), row(700_002, 200)])
    assert None not in ids
    assert len(set(ids)) == 3
    assert written(own, 700_001, 700_002, 700_003) == [
        one(700_001, 100, "1.00", "registry"),
        one(700_002, 200, "2.00"),
        one(700_003, 300, "3.00"),
    ]


def test_of_two_that_ask_for_one_number_one_is_made_once(own: System) -> None:
    ids = made([row(700_004, 100), row(700_004, 900), row(700_005, 500)])
    assert [each is None for each in ids[:2]].count(True) == 1
    assert ids[2] is not None
    first, other = written(own, 700_004, 700_005)
    minor = 900 if ids[0] is None else 100
    assert first == one(700_004, minor, f"{minor // 100}.00")
    assert other == one(700_005, 500, "5.00")


def test_a_number_that_others_reserved_makes_no_row_and_one_s_own_is_used(own: System) -> None:
    mine = numbering.take_invoice_number(caller_named("auction"))
    theirs = numbering.take_invoice_number(caller_named("registry"))
    ids = made([row(theirs), row(mine), row(700_006)])
    assert [each is None for each in ids] == [True, False, False]
    assert written(own, theirs) == []
    used = own.rows(
        "select number, used_at is not null from number_reservation where number = any(:n) order by 1", n=[mine, theirs]
    )
    assert [tuple(each) for each in used] == sorted([(mine, True), (theirs, False)])


def test_the_counter_passes_the_highest_of_many(own: System) -> None:
    next_ = numbering.take_invoice_number(caller_named("auction")) + 1
    assert None not in made([row(next_ + 4), row(next_ + 9), row(next_ + 2), row(700_007)])
    assert numbering.take_invoice_number(caller_named("auction")) == next_ + 10


def test_an_account_is_found_by_its_reference_for_each(own: System) -> None:
    with transaction() as tx:
        account = tx.execute(text(ACCOUNT)).scalar_one()
        tx.execute(text(REFERENCE), {"account": account})
    with_, without = row(700_008) | {"reference_number": "2144032"}, row(700_009)
    foreign = row(700_010, code="registry") | {"reference_number": "2144032"}
    made([with_, without, foreign])
    found = own.rows("select account_id from invoice where number between 700008 and 700010 order by number")
    assert [each.account_id for each in found] == [account, None, None]


def held(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event, list[int]]:
    """Let the first statement wait; returns the signs for begun and let go, and how many each statement made."""
    begun, let_go, sizes = threading.Event(), threading.Event(), []
    make: Callable[..., Any] = registering._make

    def waiting(rows: Sequence[dict[str, Any]]) -> Any:
        sizes.append(len(rows))
        begun.set()
        assert let_go.wait(10)
        return make(rows)

    monkeypatch.setattr(registering, "_make", waiting)
    monkeypatch.setattr("app.coalescing.LONGEST_WAIT_S", 10)
    return begun, let_go, sizes


def together(
    system: System, monkeypatch: pytest.MonkeyPatch, deeds: list[Callable[[], Any]]
) -> tuple[list[Any], list[int]]:
    """Do the first alone and the others together; returns what each came to, and how many each statement made."""
    begun, let_go, sizes = held(monkeypatch)

    def do(deed: Callable[[], Any]) -> Any:
        with system.app.app_context():
            try:
                return deed()
            except Exception as fault:  # noqa: BLE001 - the test looks at it
                return fault

    with ThreadPoolExecutor(len(deeds)) as pool:
        first = pool.submit(do, deeds[0])
        assert begun.wait(10)
        rest = [pool.submit(do, each) for each in deeds[1:]]
        shared = system.app.extensions[registering.TOGETHER]
        while len(shared._waiting or []) != len(rest):
            assert not any(each.done() for each in rest)
        let_go.set()
        return [each.result(10) for each in (first, *rest)], sizes


def register(number: int, minor: int = 700, code: str = "auction") -> Callable[[], Any]:
    def deed() -> Any:
        command = RegisterInvoice(number=number, amount=Money(minor, "EUR"), initiator_code=code)
        return invoices.register(caller_named(code), command, current().links)

    return deed


def test_services_that_come_at_the_same_moment_get_their_own_answers(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    deeds = [
        register(700_020),
        register(700_021, 100),
        register(700_021, 100),
        register(700_022, 200, "registry"),
        register(700_022, 200),
        register(700_020, 900),
    ]
    (first, one_, again, *rivals, differs), sizes = together(system, monkeypatch, deeds)
    assert first.created
    assert sorted([one_.created, again.created]) == [False, True]
    assert one_.link == again.link
    assert isinstance(differs, RegisteredDifferently)
    assert sorted(type(each).__name__ for each in rivals) == ["NumberNotAvailable", "Registered"]
    winner = "auction" if isinstance(rivals[0], NumberNotAvailable) else "registry"
    assert sizes[:2] == [1, 5]
    assert written(system, 700_020, 700_021, 700_022) == [
        one(700_020, 700, "7.00"),
        one(700_021, 100, "1.00"),
        one(700_022, 200, "2.00", winner),
    ]


def test_a_fault_of_one_is_not_that_of_those_who_came_with_it(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        return registering.make(row(700_031) | {"initiator_id": 0})

    deeds = [register(700_030), broken, register(700_032), register(700_033)]
    (_, fault, *others), sizes = together(system, monkeypatch, deeds)
    assert isinstance(fault, IntegrityError)
    assert [each.created for each in others] == [True, True]
    assert sorted(sizes) == [1, 1, 1, 1, 3]
    found = written(system, 700_030, 700_031, 700_032, 700_033)
    assert found == [one(number, 700, "7.00") for number in (700_030, 700_032, 700_033)]
