"""The sealer drains what there is, in its time, in turn with others, and leaves no gap."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import structlog
from sqlalchemy import text

from app.domain.chain import GENESIS, link_hash
from app.extensions import db
from app.services import chain_walk, imports, proofs, sealing
from app.services.timeline import Actor
from app.uow import transaction

if TYPE_CHECKING:
    from tests.system import System

MANY = """
insert into event (kind, data, created_at)
select 'test.happened', jsonb_build_object('n', n, 'share', n / 8.0, 'word', 'õ' || n), now() - interval '1 hour'
  from generate_series(1, :many) n
"""


@pytest.fixture
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 50)


def seal(system: System, within_s: float = 60.0) -> dict[str, int]:
    with system.app.app_context():
        return sealing.seal(within_s)


def report(system: System) -> proofs.Report:
    with system.app.app_context():
        return proofs.verify()


@pytest.mark.usefixtures("_small_batches")
def test_one_job_goes_on_batch_after_batch_until_nothing_is_left(system: System) -> None:
    system.sql(MANY, many=420)
    assert seal(system) == {"ledger": 0, "event": 420}
    assert seal(system) == {"ledger": 0, "event": 0}
    positions = system.rows("select position, row_id from seal where chain = 'event' order by position")
    assert [row.position for row in positions] == list(range(1, 421))
    assert [row.row_id for row in positions] == sorted(row.row_id for row in positions)
    assert report(system).holds


@pytest.mark.usefixtures("_small_batches")
def test_a_job_whose_time_is_up_leaves_the_rest_to_the_next(system: System) -> None:
    system.sql(MANY, many=120)
    assert [seal(system, 0.0)["event"] for _ in range(4)] == [50, 50, 20, 0]
    assert report(system).holds


def test_all_is_sealed_however_long_it_takes_and_told(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 100)
    system.sql(MANY, many=250)
    heard: list[int] = []
    with system.app.app_context():
        assert sealing.seal_all("event", heard.append) == 250
    assert heard == [100, 200, 250]
    horizon = "select floor_id = (select max(id) from event) from seal_horizon where chain = 'event'"
    assert system.scalar(horizon), "the next job looks through nothing of it"


def test_a_row_that_was_committed_after_a_higher_one_is_sealed_next(system: System) -> None:
    with system.app.app_context(), db.engine.connect() as slow:
        slow.execute(text(MANY), {"many": 1})
        system.sql(MANY, many=3)
        assert sealing.seal()["event"] == 3
        slow.commit()
        assert sealing.seal()["event"] == 1
    assert report(system).holds


@pytest.mark.slow
def test_a_row_is_sealed_however_many_were_committed_while_its_transaction_was_open(system: System) -> None:
    with system.app.app_context(), db.engine.connect() as slow:
        slow.execute(text(MANY), {"many": 1})
        for _ in range(3):
            system.sql(MANY, many=10_000)
            assert sealing.seal()["event"] == 10_000
        slow.commit()
        assert sealing.seal()["event"] == 1
    assert report(system).holds


def test_what_was_looked_through_is_not_looked_through_again(system: System) -> None:
    floor = "select floor_id from seal_horizon where chain = 'event'"
    highest = "select max(id) from event"
    system.sql(MANY, many=300)
    seal(system)
    seal(system)
    assert system.scalar(floor) == system.scalar(highest)
    with system.app.app_context(), db.engine.connect() as slow:
        slow.execute(text(MANY), {"many": 1})
        before = system.scalar(highest)
        system.sql(MANY, many=300)
        for _ in range(3):
            seal(system)
        assert system.scalar(floor) <= before, "a lower one may still come"
        slow.rollback()
    for _ in range(3):
        seal(system)
    assert system.scalar(floor) == system.scalar(highest)


def test_a_transaction_that_somebody_left_open_is_named(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LONG_S", 0)
    with system.app.app_context(), db.engine.connect() as left_open:
        left_open.execute(text(MANY), {"many": 1})
        pid = left_open.scalar(text("select pg_backend_pid()"))
        with structlog.testing.capture_logs() as said:
            for _ in range(2):
                sealing.seal()
        left_open.rollback()
        assert [(each["event"], each["kind"], each["why"], each["alarm"]) for each in said] == [
            ("seal.waits", "event", f"[{pid}]", True)
        ]
        with structlog.testing.capture_logs() as said:
            sealing.seal()
        assert said == []


def test_a_row_too_young_to_be_sealed_keeps_the_floor_below_it(system: System) -> None:
    system.sql("insert into event (kind, data, created_at) values ('test.young', '{}', now() + interval '1 hour')")
    system.sql(MANY, many=3)
    for _ in range(3):
        seal(system)
    young = "select id from event where kind = 'test.young'"
    assert system.scalar("select floor_id from seal_horizon where chain = 'event'") == system.scalar(young) - 1


def test_a_row_that_no_link_holds_is_found(system: System) -> None:
    system.sql(MANY, many=10)
    for _ in range(2):
        seal(system)
    assert report(system).holds
    system.sql("insert into event (id, kind, created_at) values (-1, 'test.planted', now() - interval '1 hour')")
    lost = next(proof for proof in report(system).proofs if proof.name == "S1 sealed")
    assert lost.broken == ("event -1",)


@pytest.mark.slow
def test_a_sealer_stands_aside_while_a_load_is_written(system: System) -> None:
    with system.app.app_context(), db.engine.connect() as loading:
        loading.execute(text("select pg_advisory_xact_lock_shared(:key)"), {"key": sealing.LOCKS["event"]})
        loading.execute(text(MANY), {"many": 30_000})
        system.sql(MANY, many=1)
        assert sealing.seal() == {"ledger": 0, "event": 0}
        loading.commit()
        assert sealing.seal_all("event") == 30_001
    assert not system.scalar("select count(*) from event e where id not in (select row_id from seal)")


def test_a_load_holds_sealers_off_until_it_is_committed(system: System) -> None:
    system.sql(MANY, many=3)
    with system.app.app_context():
        with transaction() as tx:
            sealing.hold_off(tx)
            with db.engine.connect() as other:
                taken = other.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": sealing.LOCKS["event"]})
            assert not taken
        assert sealing.seal()["event"] == 3


def test_an_import_holds_sealers_off_until_it_is_committed(system: System) -> None:
    system.sql(MANY, many=3)
    with system.app.app_context():
        owns = {"registry": int(system.scalar("select id from initiator where code = 'registry'"))}
        with transaction():
            imports.take_references(imports.Importer(1, Actor("system", "test"), "legacy", owns), [])
            with db.engine.connect() as other:
                taken = other.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": sealing.LOCKS["event"]})
            assert not taken
        assert sealing.seal()["event"] == 3


def test_two_sealers_at_once_make_one_chain(system: System) -> None:
    system.sql(MANY, many=2000)
    grown: list[int] = []

    def work() -> None:
        with system.app.app_context():
            grown.append(sealing.seal_all("event"))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(grown) == 2000
    assert report(system).holds


def test_a_hash_is_of_the_row_with_its_own_digits(system: System) -> None:
    system.sql(MANY, many=1)
    seal(system)
    row = system.rows("select id, created_at from event")[0]
    body = {
        "id": row.id, "tenant": 1, "kind": "test.happened", "invoice": None, "payment": None, "actor_kind": "system",
        "actor": "", "reason": None, "at": round(row.created_at.timestamp() * 1_000_000),
        "data": {"n": 1, "share": system.scalar("select (data->>'share')::numeric from event"), "word": "õ1"},
    }  # fmt: skip
    assert bytes(system.scalar("select hash from seal")) == link_hash(GENESIS, body)


@pytest.mark.parametrize(
    "tampering",
    [
        "update event set data = '{}' where id = (select min(id) + 60 from event)",
        "delete from event where id = (select min(id) + 60 from event)",
        "delete from seal where position = 61",
        "update seal set hash = previous_hash where position = 120",
    ],
)
def test_what_was_tampered_with_is_found_beyond_the_first_chunk(
    system: System, monkeypatch: pytest.MonkeyPatch, tampering: str
) -> None:
    monkeypatch.setattr(chain_walk, "CHUNK", 50)
    system.sql(MANY, many=120)
    seal(system)
    assert report(system).holds
    for table in ("event", "seal"):
        system.sql(f"alter table {table} disable trigger append_only")
    system.sql(tampering)
    found = next(proof for proof in report(system).proofs if proof.name == "chain event")
    assert found.broken


def test_a_list_of_faults_ends_somewhere(system: System) -> None:
    system.sql(MANY, many=500)
    seal(system)
    system.sql("alter table event disable trigger append_only")
    system.sql("update event set data = '{}'")
    found = next(proof for proof in report(system).proofs if proof.name == "chain event")
    assert found.examined == 500
    assert len(found.broken) == proofs.KEPT
