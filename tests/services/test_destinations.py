"""News goes to the service whose invoice it is about, whatever a row of the outbox says (security.md T46)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import Api
from tests.services.endpoints import endpoint
from tests.system import SERVICES, System, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.receiver import Receiver

WHOSE = """
select o.kind, l.name, o.payload ->> 'initiator', i.code, w.initiator_id, v.initiator_id
  from outbox o join lane l on l.id = o.lane_id join invoice v on v.id = o.invoice_id
  join initiator i on i.id = v.initiator_id
  left join webhook_endpoint w on w.token = o.payload ->> 'endpoint'
 where o.kind like 'initiator.%' or o.kind = 'webhook.event.send'
"""
OF_A_NOTICE = "kind like 'initiator.%'"
OF_A_WEBHOOK = "kind = 'webhook.event.send'"


@pytest.fixture
def system(fresh_database: str, redis_url: str, receiver: Receiver) -> Iterator[System]:
    made = build(fresh_database, redis_url, WEBHOOK_ORIGINS=receiver.origin)
    yield made
    made.close()


def heard(system: System, code: str) -> list[dict[str, Any]]:
    return [each for each in system.service(code).store.exchanges() if each["what"].startswith("PUT")]


def stories(system: System) -> dict[str, set[int]]:
    """Let each service have invoices paid alone, together and cancelled; return whose numbers are whose."""
    numbers: dict[str, set[int]] = {code: set() for code in SERVICES}
    for code in SERVICES:
        number, _reference = system.settle(code)
        members = [system.invoice(code), system.invoice(code)]
        gone = system.invoice(code)
        system.call(code, "/invoice_generator/invoice_status", {"invoice_number": gone, "status": "cancelled"})
        together = system.bulk(members, code)
        system.pay(together)
        system.callback(together)
        system.drain()
        numbers[code] = {number, *members, gone}
    return numbers


def test_every_message_is_for_whom_its_invoice_belongs_to(system: System, receiver: Receiver) -> None:
    for code in SERVICES:
        endpoint(Api(system), receiver, f"/{code}", code=code)
    numbers = stories(system)
    rows = system.rows(WHOSE)
    assert {row[0] for row in rows} >= {"initiator.payment.notify", "webhook.event.send"}
    for kind, lane, named, owner, hears, owns in rows:
        if kind == "webhook.event.send":
            assert hears == owns
        else:
            assert (lane, named) == (f"initiator:{owner}", owner)
    others = {code: set().union(*(numbers[each] for each in SERVICES if each != code)) for code in SERVICES}
    for code in SERVICES:
        said = " ".join(json.dumps(each) for each in heard(system, code))
        assert said
        assert [number for number in others[code] if str(number) in said] == []
        events = [each.event for each in receiver.got if each.path == f"/{code}"]
        assert {each["initiator"] for each in events} == {code}


def test_a_notice_addressed_to_another_service_goes_to_nobody(system: System) -> None:
    number = system.invoice("registry")
    reference = system.one_off(number)
    system.pay(reference)
    system.callback(reference)
    _spoil_when_owed(system, OF_A_NOTICE, """'{"initiator": "eeid"}'""")
    assert heard(system, "eeid") == []
    assert heard(system, "registry") == []
    assert _ended(system, OF_A_NOTICE) == [("dead", "Misdirected: news of an invoice of registry for eeid")]


def test_an_event_addressed_to_the_endpoint_of_another_service_goes_to_nobody(
    system: System, receiver: Receiver
) -> None:
    api = Api(system)
    endpoint(api, receiver, "/registry", types=["invoice.issued"])
    foreign = endpoint(api, receiver, "/auction", code="auction")
    system.invoice("registry")
    _spoil_when_owed(system, OF_A_WEBHOOK, f"""'{{"endpoint": "{foreign}"}}'""")
    assert receiver.got == []
    ((state, error),) = _ended(system, OF_A_WEBHOOK)
    assert state == "dead"
    assert error.startswith("Misdirected: ")


def _spoil_when_owed(system: System, which: str, more: str) -> None:
    """Let what is owed name somebody else, and try it until it is given up."""
    statement = f"""
    create function spoil() returns trigger language plpgsql as $$
    begin new.payload = new.payload || {more}::jsonb; return new; end $$"""
    system.sql(f"update outbox set payload = payload || cast({more} as jsonb) where {which}")
    system.sql(statement)
    system.sql(f"create trigger spoil before insert on outbox for each row when (new.{which}) execute function spoil()")
    for _try in range(8):
        system.drain()
        system.hurry()


def _ended(system: System, which: str) -> list[tuple[str, str]]:
    return [tuple(row) for row in system.rows(f"select state, last_error from outbox where {which}")]
