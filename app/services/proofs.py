"""Proofs: every invariant as a question whose answer must be no rows, and the chain recomputed (reliability.md 4.5)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.services import chain_walk
from app.services.chain_walk import KEPT
from app.services.closed_day_invariants import CLOSED_DAYS
from app.services.credit_note_invariants import CREDIT_NOTES
from app.services.import_invariants import IMPORTS
from app.services.payment_invariants import PAYMENTS
from app.services.seal_invariants import SEALED
from app.services.sealing import CHAINS
from app.uow import transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.services.invariant import Invariant

__all__ = ["INVARIANTS", "KEPT", "Proof", "Report", "verify"]

SHOWN = 5
INVARIANTS = (*PAYMENTS, *CREDIT_NOTES, *CLOSED_DAYS, *SEALED, *IMPORTS)


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of one check."""

    name: str
    sentence: str
    examined: int
    broken: tuple[str, ...]
    took_ms: int = 0

    def __str__(self) -> str:
        """Return one line for a terminal."""
        verdict = "holds" if not self.broken else f"BROKEN at {', '.join(self.broken[:SHOWN])}"
        return f"{self.name}: {self.sentence}: {self.examined} examined, {verdict}"


@dataclass(frozen=True, slots=True)
class Report:
    """All results; `holds` when nothing is broken."""

    proofs: tuple[Proof, ...]

    @property
    def holds(self) -> bool:
        """Return whether every check holds."""
        return not any(proof.broken for proof in self.proofs)

    def __str__(self) -> str:
        """Return one line per check."""
        return "\n".join(str(proof) for proof in self.proofs)


def verify() -> Report:
    """Check every invariant and both chains and return what was found, with the number of rows examined."""
    with transaction() as tx:
        tx.execute(text("set transaction isolation level repeatable read"))
        proofs = [check(tx, invariant) for invariant in INVARIANTS]
        proofs += [_check_chain(tx, chain) for chain in CHAINS]
        return Report(tuple(proofs))


def check(tx: Session, invariant: Invariant) -> Proof:
    """Ask one question of the database, in the caller's transaction, and return what was found."""
    began = time.monotonic()
    examined = tx.scalar(text(invariant.examined)) or 0
    broken = tx.connection().exec_driver_sql(f"select id from ({invariant.broken}) broken limit {KEPT}").scalars()  # noqa: S608 - own text
    rows = tuple(str(each) for each in broken)
    return Proof(invariant.name, invariant.sentence, examined, rows, _ms_since(began))


def _check_chain(tx: Session, chain: str) -> Proof:
    began = time.monotonic()
    walk = chain_walk.go_on(tx, chain_walk.Walk(chain))
    return Proof(chain_name(chain), chain_sentence(chain), walk.position, walk.broken, _ms_since(began))


def chain_name(chain: str) -> str:
    """Return what the check of a chain is called."""
    return f"chain {chain}"


def chain_sentence(chain: str) -> str:
    """Return what the check of a chain proves."""
    return f"the chain of {chain} rows is what its rows hash to"


def _ms_since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
