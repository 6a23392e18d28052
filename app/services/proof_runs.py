"""Checking the books in the background, a part at a time, and keeping what was found (reliability.md 4.5).

Each part is a row of the outbox: one invariant, or a stretch of a chain. A run that is interrupted goes on where it
was, and nobody waits behind it for longer than a part takes.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text, update

from app.domain.chain import GENESIS
from app.domain.errors import Conflict
from app.models.base import DEFAULT_TENANT
from app.models.proof import ProofResult, ProofRun
from app.services import chain_walk, outbox, proofs, timeline
from app.services.chain_walk import Walk
from app.services.sealing import CHAINS
from app.uow import retried, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.integrations import Integrations
    from app.services.outbox import Claimed
    from app.services.proofs import Proof, Report
    from app.services.timeline import Actor

CHECK = "proofs.part.check"
LANE = "proofs"
LEASE_S = 300
PART_S = 100  # less than a job of the worker may take
STRETCH = 100_000
TURN = 7_312

MAKE_LANE = text("insert into lane (name, queue) values (:name, 'background') on conflict (name) do nothing")


class UnderWay(Conflict):
    """A check is under way already: its results appear here as they come."""


@retried
def ask(*, by: Actor) -> int:
    """Owe a check of everything and return the run. Raises UnderWay while one has not ended."""
    with transaction() as tx:
        tx.execute(text("select pg_advisory_xact_lock(:key)"), {"key": TURN})
        if tx.scalar(select(ProofRun.id).where(ProofRun.finished_at.is_(None)).limit(1)):
            raise UnderWay
        run_id = tx.execute(insert(ProofRun).values(asked_by=str(by)).returning(ProofRun.id)).scalar_one()
        tx.execute(MAKE_LANE, {"name": LANE})
        for name, sentence, payload in _parts():
            tx.execute(insert(ProofResult).values(run_id=run_id, name=name, sentence=sentence))
            _owe(run_id, name, payload)
        timeline.record("proofs.run.asked", actor=by, data={"run": run_id}, tenant_id=DEFAULT_TENANT)
        return run_id


def ask_by_clock() -> int | None:
    """Owe the check of the day; None while one that somebody asked for has not ended."""
    try:
        return ask(by=timeline.SYSTEM)
    except UnderWay:
        return None


def keep(report: Report, *, by: str) -> int:
    """Keep what the command found, as a run that has ended; returns the run."""
    with transaction() as tx:
        values = {"asked_by": by, "finished_at": func.clock_timestamp()}
        run_id = tx.execute(insert(ProofRun).values(**values).returning(ProofRun.id)).scalar_one()
        tx.execute(insert(ProofResult), [{"run_id": run_id, **_found(each)} for each in report.proofs])
        return run_id


def check_part(row: Claimed, _integrations: Integrations) -> None:
    """Check one invariant, or the next stretch of a chain, in a snapshot of its own."""
    said = row.payload
    began = time.monotonic()
    with transaction() as tx:
        tx.execute(text("set transaction isolation level repeatable read"))
        tx.execute(text(f"set local statement_timeout = '{PART_S}s'"))
        if "chain" in said:
            walk = _walk(tx, said)
            _keep_stretch(tx, said, walk, int((time.monotonic() - began) * 1000))
        else:
            invariant = next(each for each in proofs.INVARIANTS if each.name == said["name"])
            _write(tx, said, **_found(proofs.check(tx, invariant)))
    # In a new transaction: of two parts that end together, the later must see what the other has written.
    with transaction() as tx:
        _end_when_done(tx, said["run"])


def give_up(row: Claimed) -> None:
    """Note that a part could not be checked: that proves nothing, and the run ends without it."""
    with transaction() as tx:
        _write(tx, row.payload, state="failed", checked_at=func.clock_timestamp())
        _end_when_done(tx, row.payload["run"])


def _parts() -> list[tuple[str, str, dict[str, Any]]]:
    parts: list[tuple[str, str, dict[str, Any]]] = [(each.name, each.sentence, {}) for each in proofs.INVARIANTS]
    start = {"position": 0, "previous": GENESIS.hex(), "broken": []}
    parts += [(proofs.chain_name(each), proofs.chain_sentence(each), {"chain": each, **start}) for each in CHAINS]
    return parts


def _owe(run_id: int, name: str, payload: dict[str, Any]) -> None:
    key = f"{run_id}:{name}:{payload.get('position', 0)}"
    outbox.post(CHECK, key, lane=LANE, payload={"run": run_id, "name": name, **payload}, tenant_id=DEFAULT_TENANT)


def _walk(tx: Session, said: dict[str, Any]) -> Walk:
    walk = Walk(said["chain"], said["position"], bytes.fromhex(said["previous"]), tuple(said["broken"]))
    return chain_walk.go_on(tx, walk, STRETCH)


def _keep_stretch(tx: Session, said: dict[str, Any], walk: Walk, took_ms: int) -> None:
    found = {"examined": walk.position, "broken": list(walk.broken), "took_ms": ProofResult.took_ms + took_ms}
    if walk.ended:
        _write(tx, said, state=_state(walk.broken), checked_at=func.clock_timestamp(), **found)
        return
    _write(tx, said, **found)
    gone = {"position": walk.position, "previous": walk.previous.hex(), "broken": list(walk.broken)}
    _owe(said["run"], said["name"], {"chain": said["chain"], **gone})


def _write(tx: Session, said: dict[str, Any], **values: Any) -> None:
    of_it = (ProofResult.run_id == said["run"], ProofResult.name == said["name"])
    tx.execute(update(ProofResult).where(*of_it, ProofResult.state == "waiting").values(**values))


def _end_when_done(tx: Session, run_id: int) -> None:
    tx.execute(select(ProofRun.id).where(ProofRun.id == run_id).with_for_update())
    open_ = select(ProofResult.id).where(ProofResult.run_id == run_id, ProofResult.state == "waiting")
    tx.execute(
        update(ProofRun)
        .where(ProofRun.id == run_id, ProofRun.finished_at.is_(None), ~open_.exists())
        .values(finished_at=func.clock_timestamp())
    )


def _found(proof: Proof) -> dict[str, Any]:
    return {
        "name": proof.name,
        "sentence": proof.sentence,
        "state": _state(proof.broken),
        "examined": proof.examined,
        "broken": list(proof.broken),
        "took_ms": proof.took_ms,
        "checked_at": datetime.now(UTC),
    }


def _state(broken: tuple[str, ...]) -> str:
    return "broken" if broken else "holds"
