"""People of the portal: who may sign in, their sessions, and how both end."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.models.operator import Operator, OperatorSession, WhiteCode
from app.services import timeline
from app.services.timeline import Actor
from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.config import Settings
    from app.domain.ports import Identity

SUBJECT = r"^[A-Z]{2}[A-Za-z0-9/_.-]{3,254}$"
SEEN_STEP = timedelta(minutes=1)


class NotListed(Forbidden):
    """This person is not on the white list; somebody who is must add the full code, country included."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a live session; `is_active` and friends are what Flask-Login asks for."""

    operator_id: int
    session_id: int
    subject: str
    name: str
    role: str
    locale: str | None
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """Return the session's id as text."""
        return str(self.session_id)


def open_session(identity: Identity, *, ip: str, user_agent: str) -> str:
    """Open a session for a white-listed person and return its raw token, which is kept nowhere.

    The white code's row is locked, so that a revocation either comes first and refuses, or later and ends this
    session (security.md T57). Raises NotListed for every subject that is not on the list exactly (T55).
    """
    settings: Settings = current_app.extensions["settings"]
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    with transaction() as tx:
        code = tx.scalars(
            select(WhiteCode)
            .where(WhiteCode.subject == identity.subject, WhiteCode.revoked_at.is_(None), _not_expired(now))
            .with_for_update()
        ).one_or_none()
        if code is None:
            raise NotListed
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
                expires_at=now + timedelta(seconds=settings.session_max_s),
            )
        )
        timeline.record("operator.session.opened", actor=Actor("operator", str(operator_id)))
    return token


def current_operator(token: str) -> SignedIn | None:
    """Return the person of a live session, or None; asks the white list each time (security.md T57)."""
    settings: Settings = current_app.extensions["settings"]
    now = datetime.now(UTC)
    row = (
        session()
        .execute(
            select(OperatorSession, Operator, WhiteCode.role)
            .join(Operator, Operator.id == OperatorSession.operator_id)
            .join(WhiteCode, WhiteCode.id == OperatorSession.white_code_id)
            .where(
                OperatorSession.token_hash == _hash(token),
                OperatorSession.ended_at.is_(None),
                OperatorSession.expires_at > now,
                OperatorSession.last_seen_at > now - timedelta(seconds=settings.session_idle_s),
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
    return SignedIn(operator.id, live.id, operator.subject, operator.name, role, operator.locale)


def end_session(token: str) -> None:
    """End the session of this token; an unknown token changes nothing."""
    with transaction() as tx:
        tx.execute(
            update(OperatorSession)
            .where(OperatorSession.token_hash == _hash(token), OperatorSession.ended_at.is_(None))
            .values(ended_at=datetime.now(UTC), ended_by="self")
        )


def sessions_of(operator_id: int) -> Sequence[OperatorSession]:
    """Return the operator's live sessions, newest first."""
    return (
        session()
        .scalars(
            select(OperatorSession)
            .where(
                OperatorSession.operator_id == operator_id,
                OperatorSession.ended_at.is_(None),
                OperatorSession.expires_at > datetime.now(UTC),
            )
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
            .returning(OperatorSession.id)
        ).scalar_one_or_none()
        if ended is None:
            raise NotFound("session", session_id)
        timeline.record(
            "operator.session.ended", actor=Actor("operator", str(operator_id)), data={"session": session_id}
        )


def add_white_code(subject: str, *, name: str = "", role: str = "tenant_admin", added_by: str = "cli") -> None:
    """Put a full subject, such as EE60001019906, on the white list.

    Raises Invalid when the country is missing, Conflict when the subject is listed already.
    """
    if not re.fullmatch(SUBJECT, subject):
        raise Invalid.field("subject", "must be a country and a code, such as EE60001019906")
    with transaction() as tx:
        added = tx.execute(
            insert(WhiteCode)
            .values(subject=subject, name=name, role=role, added_by=added_by)
            .on_conflict_do_nothing()
            .returning(WhiteCode.id)
        ).scalar_one_or_none()
        if added is None:
            raise Conflict(f"{subject} is on the white list already")
        timeline.record("white_code.added", data={"white_code": added}, reason=added_by)


def list_white_codes() -> Sequence[WhiteCode]:
    """Return the live white codes, oldest first."""
    return session().scalars(select(WhiteCode).where(WhiteCode.revoked_at.is_(None)).order_by(WhiteCode.id)).all()


def revoke_white_code(subject: str, *, revoked_by: str = "cli") -> int:
    """Take a subject off the list and end its sessions at once; returns how many sessions ended.

    Raises NotFound when the subject is not listed.
    """
    now = datetime.now(UTC)
    with transaction() as tx:
        code_id = tx.execute(
            update(WhiteCode)
            .where(WhiteCode.subject == subject, WhiteCode.revoked_at.is_(None))
            .values(revoked_at=now, revoked_by=revoked_by)
            .returning(WhiteCode.id)
        ).scalar_one_or_none()
        if code_id is None:
            raise NotFound("white code", subject)
        ended = tx.execute(
            update(OperatorSession)
            .where(OperatorSession.white_code_id == code_id, OperatorSession.ended_at.is_(None))
            .values(ended_at=now, ended_by=revoked_by)
            .returning(OperatorSession.id)
        ).all()
        timeline.record("white_code.revoked", data={"white_code": code_id, "sessions": len(ended)}, reason=revoked_by)
    return len(ended)


def _touch(session_id: int, now: datetime) -> None:
    with transaction() as tx:
        tx.execute(update(OperatorSession).where(OperatorSession.id == session_id).values(last_seen_at=now))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _not_expired(now: datetime) -> ColumnElement[bool]:
    return or_(WhiteCode.expires_at.is_(None), WhiteCode.expires_at > now)
