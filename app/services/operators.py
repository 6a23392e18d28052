"""People of the portal: who may sign in, their sessions, and how both end."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import Forbidden, NotFound
from app.domain.permission import Role
from app.models.operator import Operator, OperatorSession, WhiteCode
from app.queries.live_sessions import SessionLengths, is_live
from app.queries.settings import whole_numbers
from app.services import people, timeline
from app.services.timeline import SYSTEM, Actor
from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from app.config import Settings
    from app.domain.ports import Identity

SEEN_STEP = timedelta(minutes=1)
HELD = timedelta(minutes=10)


class NotListed(Forbidden):
    """This person is not on the white list; somebody who is must add the full code, country included.

    `subject` is that code, for the page alone: no log shows it.
    """

    def __init__(self, subject: str) -> None:
        super().__init__()
        self.subject = subject


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a live session; `is_active` and friends are what Flask-Login asks for."""

    operator_id: int
    session_id: int
    subject: str
    name: str
    role: str
    locale: str | None
    signed_in_at: datetime
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """Return the session's id as text."""
        return str(self.session_id)


class OtherPerson(Forbidden):
    """Somebody else signed in than who is at work here."""


@dataclass(frozen=True, slots=True)
class HeldForm:
    """A form that waits for its writer to sign in once more: where it goes, and its fields in order."""

    address: str
    fields: tuple[tuple[str, str], ...]


def session_lengths() -> SessionLengths:
    """Return how long sessions live: what an administrator set, else what the environment says."""
    settings: Settings = current_app.extensions["settings"]
    said = whole_numbers(("session_idle_minutes", "session_max_hours"))
    idle, most = said["session_idle_minutes"], said["session_max_hours"]
    return SessionLengths(
        settings.session_idle_s if idle is None else idle * 60, settings.session_max_s if most is None else most * 3600
    )


def open_session(identity: Identity, *, ip: str, user_agent: str) -> str:
    """Open a session for a white-listed person and return its raw token, which is kept nowhere.

    The white code's row is locked, so that a revocation either comes first and refuses, or later and ends this
    session (security.md T57). Raises NotListed for every subject that is not on the list exactly (T55).
    """
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    with transaction() as tx:
        code = tx.scalars(
            select(WhiteCode)
            .where(WhiteCode.subject == identity.subject, WhiteCode.revoked_at.is_(None), _not_expired(now))
            .with_for_update()
        ).one_or_none()
        if code is None:
            raise NotListed(identity.subject)
        name = f"{identity.given_name} {identity.family_name}".strip() or code.name
        operator_id = tx.execute(
            insert(Operator)
            .values(tenant_id=code.tenant_id, subject=identity.subject, name=name, last_login_at=now)
            .on_conflict_do_update(
                constraint="uq_operator_tenant_id_subject", set_={"name": name, "last_login_at": now}
            )
            .returning(Operator.id)
        ).scalar_one()
        tx.add(
            OperatorSession(
                tenant_id=code.tenant_id,
                operator_id=operator_id,
                white_code_id=code.id,
                token_hash=_hash(token),
                acr=identity.acr,
                amr=" ".join(identity.amr),
                ip=ip,
                user_agent=user_agent[:300],
                expires_at=now + timedelta(seconds=session_lengths().max_s),
            )
        )
        _forget_held(tx, OperatorSession.operator_id == operator_id)
        timeline.record("operator.session.opened", actor=Actor("operator", str(operator_id)), tenant_id=code.tenant_id)
    return token


def renew_session(token: str, identity: Identity, *, ip: str, user_agent: str) -> str:
    """Put a fresh session in the place of this token's and return its token (security.md T52).

    What waits to be sent again goes over to it. A session that ended meanwhile is begun anew. Raises OtherPerson,
    and then nothing changes, or NotListed.
    """
    with transaction() as tx:
        before = current_operator(token)
        if before is None:
            return open_session(identity, ip=ip, user_agent=user_agent)
        if before.subject != identity.subject:
            raise OtherPerson
        fresh = open_session(identity, ip=ip, user_agent=user_agent)
        old = tx.get_one(OperatorSession, before.session_id, populate_existing=True)
        tx.execute(
            update(OperatorSession)
            .where(OperatorSession.token_hash == _hash(fresh))
            .values(held_address=old.held_address, held_form=old.held_form, held_at=old.held_at)
        )
        old.ended_at, old.ended_by = datetime.now(UTC), "renewed"
        old.held_address = old.held_form = old.held_at = None
    return fresh


def hold_form(session_id: int, address: str, fields: list[tuple[str, str]]) -> None:
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
            .where(OperatorSession.token_hash == _hash(token), OperatorSession.ended_at.is_(None))
            .values(held_address=address, held_form={"fields": fields}, held_at=datetime.now(UTC))
            .returning(OperatorSession.id)
        )
        return kept.scalar_one_or_none() is not None


def hand_over(before: str, token: str) -> None:
    """Give what waits in a session that ended to the one that follows it, if both are the same person's."""
    with transaction() as tx:
        old, new = (
            tx.scalar(select(OperatorSession).where(OperatorSession.token_hash == _hash(t))) for t in (before, token)
        )
        if old is None or new is None or old.held_at is None or old.operator_id != new.operator_id:
            return
        new.held_address, new.held_form, new.held_at = old.held_address, old.held_form, old.held_at
        old.held_address = old.held_form = old.held_at = None


def held_form(session_id: int) -> HeldForm | None:
    """Return what waits to be sent again, or None."""
    row = session().get(OperatorSession, session_id, populate_existing=True)
    if row is None or row.held_at is None or row.held_at < datetime.now(UTC) - HELD:
        return None
    fields = (row.held_form or {}).get("fields", [])
    return HeldForm(row.held_address or "", tuple((name, value) for name, value in fields))


def current_operator(token: str) -> SignedIn | None:
    """Return the person of a live session, or None; asks the white list each time (security.md T57)."""
    now = datetime.now(UTC)
    row = (
        session()
        .execute(
            select(OperatorSession, Operator, WhiteCode.role)
            .join(Operator, Operator.id == OperatorSession.operator_id)
            .join(WhiteCode, WhiteCode.id == OperatorSession.white_code_id)
            .where(
                OperatorSession.token_hash == _hash(token),
                *is_live(session_lengths()),
                WhiteCode.revoked_at.is_(None),
                _not_expired(now),
            )
        )
        .one_or_none()
    )
    if row is None:
        return None
    live, operator, role = row
    if now - live.last_seen_at > SEEN_STEP:
        _touch(live.id, now)
    return SignedIn(operator.id, live.id, operator.subject, operator.name, role, operator.locale, live.created_at)


def end_session(token: str) -> None:
    """End the session of this token; an unknown token changes nothing."""
    with transaction() as tx:
        ended = tx.execute(
            update(OperatorSession)
            .where(OperatorSession.token_hash == _hash(token), OperatorSession.ended_at.is_(None))
            .values(ended_at=datetime.now(UTC), ended_by="self")
            .returning(OperatorSession)
        ).scalar_one_or_none()
        if ended is not None:
            _tell_ended(ended)


def sessions_of(operator_id: int) -> Sequence[OperatorSession]:
    """Return the operator's live sessions, newest first."""
    return (
        session()
        .scalars(
            select(OperatorSession)
            .where(OperatorSession.operator_id == operator_id, *is_live(session_lengths()))
            .order_by(OperatorSession.id.desc())
        )
        .all()
    )


def revoke_session(operator_id: int, session_id: int) -> None:
    """End one of the operator's own sessions. Raises NotFound when it is not theirs or has ended."""
    with transaction() as tx:
        ended = tx.execute(
            update(OperatorSession)
            .where(
                OperatorSession.id == session_id,
                OperatorSession.operator_id == operator_id,
                OperatorSession.ended_at.is_(None),
            )
            .values(ended_at=datetime.now(UTC), ended_by="self")
            .returning(OperatorSession)
        ).scalar_one_or_none()
        if ended is None:
            raise NotFound("session", session_id)
        _tell_ended(ended)


def _tell_ended(ended: OperatorSession) -> None:
    timeline.record(
        "operator.session.ended",
        actor=Actor("operator", str(ended.operator_id)),
        data={"session": ended.id},
        tenant_id=ended.tenant_id,
    )


def add_white_code(subject: str, *, name: str = "", role: str = "tenant_admin", added_by: str = "cli") -> None:
    """Put a full subject, such as EE60001019906, on the white list without a person who does it.

    Raises Invalid when the country is missing, Conflict when the subject is listed already.
    """
    people.add(subject, people.Access(name, "", Role(role)), actor=SYSTEM, reason=added_by)


def list_white_codes() -> Sequence[WhiteCode]:
    """Return the live white codes, oldest first."""
    return session().scalars(select(WhiteCode).where(WhiteCode.revoked_at.is_(None)).order_by(WhiteCode.id)).all()


def revoke_white_code(subject: str, *, revoked_by: str = "cli") -> int:
    """Take a subject off the list and end its sessions at once; returns how many sessions ended.

    Raises NotFound when the subject is not listed, LastKeeper when nobody could let people in any more.
    """
    code_id = session().scalar(select(WhiteCode.id).where(WhiteCode.subject == subject, WhiteCode.revoked_at.is_(None)))
    if code_id is None:
        raise NotFound("white code", None, "Nobody with this code is on the white list")
    return people.revoke(code_id, actor=SYSTEM, reason=revoked_by)


def _touch(session_id: int, now: datetime) -> None:
    with transaction() as tx:
        tx.execute(update(OperatorSession).where(OperatorSession.id == session_id).values(last_seen_at=now))
        _forget_held(tx, OperatorSession.id == session_id)


def _forget_held(tx: Session, whose: ColumnElement[bool]) -> None:
    """Empty what waited too long to be sent again."""
    nothing = {"held_address": None, "held_form": None, "held_at": None}
    tx.execute(update(OperatorSession).where(whose, OperatorSession.held_at < datetime.now(UTC) - HELD).values(nothing))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _not_expired(now: datetime) -> ColumnElement[bool]:
    return or_(WhiteCode.expires_at.is_(None), WhiteCode.expires_at > now)
