"""Forms that wait for their writers to sign in once more: what was typed is not lost with a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from app.models.operator import OperatorSession
from app.uow import session, transaction

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

HELD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class HeldForm:
    """A form that waits for its writer to sign in once more: where it goes, and its fields in order."""

    address: str
    fields: tuple[tuple[str, str], ...]


def hold(session_id: int, address: str, fields: list[tuple[str, str]]) -> None:
    """Keep what was typed until its writer has signed in once more; one form a session, for ten minutes."""
    with transaction() as tx:
        tx.execute(
            update(OperatorSession)
            .where(OperatorSession.id == session_id)
            .values(held_address=address, held_form={"fields": fields}, held_at=datetime.now(UTC))
        )


def hold_for_return(token: str, address: str, fields: list[tuple[str, str]]) -> bool:
    """Keep what was typed in a session that has ended by its time, until its writer signs in again in this browser.

    Returns whether it is kept: a session that was ended, by its person or by an administrator, keeps nothing.
    """
    with transaction() as tx:
        kept = tx.execute(
            update(OperatorSession)
            .where(OperatorSession.token_hash == OperatorSession.hash_of(token), OperatorSession.ended_at.is_(None))
            .values(held_address=address, held_form={"fields": fields}, held_at=datetime.now(UTC))
            .returning(OperatorSession.id)
        )
        return kept.scalar_one_or_none() is not None


def hand_over(before: str, token: str) -> None:
    """Give what waits in a session that ended to the one that follows it, if both are the same person's."""
    with transaction() as tx:
        old, new = (
            tx.scalar(select(OperatorSession).where(OperatorSession.token_hash == OperatorSession.hash_of(each)))
            for each in (before, token)
        )
        if old is None or new is None or old.held_at is None or old.operator_id != new.operator_id:
            return
        new.held_address, new.held_form, new.held_at = old.held_address, old.held_form, old.held_at
        old.held_address = old.held_form = old.held_at = None


def held(session_id: int) -> HeldForm | None:
    """Return what waits to be sent again, or None."""
    row = session().get(OperatorSession, session_id, populate_existing=True)
    if row is None or row.held_at is None or row.held_at < datetime.now(UTC) - HELD:
        return None
    fields = (row.held_form or {}).get("fields", [])
    return HeldForm(row.held_address or "", tuple((name, value) for name, value in fields))


def forget_old(tx: Session, whose: ColumnElement[bool]) -> None:
    """Empty what waited too long to be sent again."""
    nothing = {"held_address": None, "held_form": None, "held_at": None}
    tx.execute(update(OperatorSession).where(whose, OperatorSession.held_at < datetime.now(UTC) - HELD).values(nothing))
