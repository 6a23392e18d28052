"""The sealer drains what there is, in its time, in turn with others, and leaves no gap."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
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


def test_a_row_that_was_committed_after_a_higher_one_is_sealed_next(system: System) -> None:
    with system.app.app_context(), db.engine.connect() as slow:
        slow.execute(text(MANY), {"many": 1})
        system.sql(MANY, many=3)
        assert sealing.seal()["event"] == 3
        slow.commit()
        assert sealing.seal()["event"] == 1
    assert report(system).holds


def test_a_sealer_stands_aside_while_a_load_is_written(system: System) -> None:
    """Thirty thousand ids below one that would be sealed are more than a sealer looks back for."""
    with system.app.app_context(), db.engine.connect() as loading:
        loading.execute(text("select pg_advisory_xact_lock_shared(:key)"), {"key": sealing.LOCKS["event"]})
        loading.execute(text(MANY), {"many": sealing.LOOK_BACK + 10_000})
        system.sql(MANY, many=1)
        assert sealing.seal() == {"ledger": 0, "event": 0}
        loading.commit()
        assert sealing.seal_all("event") == sealing.LOOK_BACK + 10_001
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
