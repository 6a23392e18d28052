"""Sessions of people at the portal: opened for who is on the white list, renewed, ended."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import Forbidden, NotFound
from app.models.operator import Operator, OperatorSession, WhiteCode
from app.queries.live_sessions import SessionLengths, is_live
from app.queries.settings import whole_numbers
from app.services import held_forms, timeline
from app.services.timeline import Actor
from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from app.config import Settings
    from app.domain.ports import Identity

SEEN_STEP = timedelta(minutes=1)


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
                token_hash=OperatorSession.hash_of(token),
                acr=identity.acr,
                amr=" ".join(identity.amr),
                ip=ip,
                user_agent=user_agent[:300],
                expires_at=now + timedelta(seconds=session_lengths().max_s),
            )
        )
        held_forms.forget_old(tx, OperatorSession.operator_id == operator_id)
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
            .where(OperatorSession.token_hash == OperatorSession.hash_of(fresh))
            .values(held_address=old.held_address, held_form=old.held_form, held_at=old.held_at)
        )
        old.ended_at, old.ended_by = datetime.now(UTC), "renewed"
        old.held_address = old.held_form = old.held_at = None
    return fresh


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
                OperatorSession.token_hash == OperatorSession.hash_of(token),
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
            .where(OperatorSession.token_hash == OperatorSession.hash_of(token), OperatorSession.ended_at.is_(None))
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


def _touch(session_id: int, now: datetime) -> None:
    with transaction() as tx:
        tx.execute(update(OperatorSession).where(OperatorSession.id == session_id).values(last_seen_at=now))
        held_forms.forget_old(tx, OperatorSession.id == session_id)


def _not_expired(now: datetime) -> ColumnElement[bool]:
    return or_(WhiteCode.expires_at.is_(None), WhiteCode.expires_at > now)
