"""Who may sign in, who has, and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select

from app.domain.errors import NotFound
from app.models.operator import Operator, OperatorSession, WhiteCode
from app.queries import administration
from app.queries.live_sessions import is_live
from app.queries.session import session

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from app.queries.administration import Change
    from app.queries.live_sessions import SessionLengths

MOST = 500
KINDS = ("white_code.added", "white_code.changed", "white_code.revoked", "operator.session.ended")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the white list, or who was: `signed_in_at` is the last time, `sessions` those that live."""

    code: WhiteCode
    name: str
    signed_in_at: datetime | None
    sessions: int

    @property
    def has_ended(self) -> bool:
        """Return whether the access is over by its date."""
        return self.code.expires_at is not None and self.code.expires_at <= datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class LiveSession:
    """Where somebody is signed in."""

    session: OperatorSession
    name: str
    subject: str
    white_code_id: int


def listed(lengths: SessionLengths, *, removed: bool = False) -> list[Person]:
    """Return the people who may sign in, or those who may not any more, by name."""
    which = WhiteCode.revoked_at.is_not(None) if removed else WhiteCode.revoked_at.is_(None)
    return _people(which, lengths)


def one(white_code_id: int, lengths: SessionLengths) -> Person:
    """Return a person by the id of a white code, live or not. Raises NotFound."""
    found = _people(WhiteCode.id == white_code_id, lengths)
    if not found:
        raise NotFound("person", white_code_id)
    return found[0]


def history(person: Person) -> list[Change]:
    """Return what was decided about a person, under earlier white codes as well."""
    ids = session().scalars(select(WhiteCode.id).where(WhiteCode.subject == person.code.subject))
    return administration.history(KINDS, "white_code", [str(each) for each in ids])


def live_sessions(lengths: SessionLengths, white_code_id: int | None = None) -> list[LiveSession]:
    """Return where people are signed in, or one of them, the last seen first."""
    found = (
        select(OperatorSession, Operator.name, Operator.subject)
        .join(Operator, Operator.id == OperatorSession.operator_id)
        .where(*is_live(lengths))
        .order_by(OperatorSession.last_seen_at.desc())
        .limit(MOST)
    )
    if white_code_id is not None:
        found = found.where(OperatorSession.white_code_id == white_code_id)
    return [LiveSession(row, name, subject, row.white_code_id) for row, name, subject in session().execute(found)]


def live_session(session_id: int, lengths: SessionLengths) -> LiveSession:
    """Return one of them. Raises NotFound."""
    found = next((each for each in live_sessions(lengths) if each.session.id == session_id), None)
    if found is None:
        raise NotFound("session", session_id)
    return found


def _people(which: ColumnElement[bool], lengths: SessionLengths) -> list[Person]:
    sessions = (
        select(OperatorSession.white_code_id, func.count().label("number"))
        .where(*is_live(lengths))
        .group_by(OperatorSession.white_code_id)
        .subquery()
    )
    same = and_(Operator.tenant_id == WhiteCode.tenant_id, Operator.subject == WhiteCode.subject)
    name = func.coalesce(func.nullif(WhiteCode.name, ""), Operator.name, "")
    found = (
        select(WhiteCode, name, Operator.last_login_at, func.coalesce(sessions.c.number, 0))
        .outerjoin(Operator, same)
        .outerjoin(sessions, sessions.c.white_code_id == WhiteCode.id)
        .where(which)
        .order_by(func.lower(name), WhiteCode.id)
        .limit(MOST)
    )
    return [Person(*row) for row in session().execute(found)]
