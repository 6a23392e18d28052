"""Who may sign in and as what: adding, changing and removing people, so that somebody can always let others in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import exists, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.permission import Role
from app.models.operator import Operator, OperatorSession, WhiteCode
from app.services import timeline
from app.uow import retried, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.services.timeline import Actor

TAKE_TURNS = text("select 1 from tenant where id = (select tenant_id from white_code where id = :id) for no key update")
SUBJECT = r"^[A-Z]{2}[A-Za-z0-9/_.-]{3,254}$"


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody may be in the portal: `owner` answers for it, `expires_at` None is until further notice."""

    name: str
    owner: str
    role: Role
    expires_at: datetime | None = None


class AlreadyListed(Conflict):
    """This person has access already."""


class OwnAccess(Conflict):
    """Nobody changes their own access: ask another administrator."""


class LastKeeper(Conflict):
    """Somebody must be able to let people in: one tenant administrator without an end date stays."""


class ChangedMeanwhile(Conflict):
    """Somebody changed this in the meantime: look again before you change it."""


@retried
def add(subject: str, access: Access, *, actor: Actor, reason: str) -> int:
    """Let a full subject, such as EE60001019906, sign in and return the id of its white code.

    Raises Invalid when the country is missing, AlreadyListed.
    """
    if not re.fullmatch(SUBJECT, subject):
        raise Invalid.field("subject", "must be a country and a code, such as EE60001019906")
    with transaction() as tx:
        added = tx.execute(
            insert(WhiteCode)
            .values(subject=subject, added_by=str(actor), **_columns(access))
            .on_conflict_do_nothing()
            .returning(WhiteCode.id, WhiteCode.tenant_id)
        ).one_or_none()
        if added is None:
            raise AlreadyListed
        # The event is kept for ever, the name and the code of a person need not be: only the row's id is said.
        said = {"white_code": added.id, **_said(access)}
        timeline.record("white_code.added", actor=actor, reason=reason, data=said, tenant_id=added.tenant_id)
    return int(added.id)


@retried
def change(white_code_id: int, access: Access, *, seen: Access, actor: Actor, reason: str) -> None:
    """Change what somebody may be; it counts from their next request on.

    `seen` is what the person who decides was shown. Raises NotFound, OwnAccess, ChangedMeanwhile, LastKeeper.
    """
    with transaction() as tx:
        code = _lock(tx, white_code_id)
        _refuse_own(tx, code, actor)
        before = access_of(code)
        if before != seen:
            raise ChangedMeanwhile
        if before == access:
            return
        _check_keeper_stays(tx, code, access)
        tx.execute(update(WhiteCode).where(WhiteCode.id == code.id).values(**_columns(access)))
        said = {"white_code": code.id, "before": _said(before), "after": _said(access)}
        timeline.record("white_code.changed", actor=actor, reason=reason, data=said, tenant_id=code.tenant_id)


@retried
def revoke(white_code_id: int, *, actor: Actor, reason: str) -> int:
    """Take somebody off the list and end their sessions at once; returns how many sessions ended.

    Raises NotFound when they are off already, OwnAccess, LastKeeper.
    """
    now = datetime.now(UTC)
    with transaction() as tx:
        code = _lock(tx, white_code_id)
        _refuse_own(tx, code, actor)
        _check_keeper_stays(tx, code, None)
        tx.execute(update(WhiteCode).where(WhiteCode.id == code.id).values(revoked_at=now, revoked_by=str(actor)))
        ended = tx.execute(
            update(OperatorSession)
            .where(OperatorSession.white_code_id == code.id, OperatorSession.ended_at.is_(None))
            .values(ended_at=now, ended_by=str(actor))
            .returning(OperatorSession.id)
        ).all()
        said = {"white_code": code.id, "sessions": len(ended)}
        timeline.record("white_code.revoked", actor=actor, reason=reason, data=said, tenant_id=code.tenant_id)
    return len(ended)


@retried
def end_session(session_id: int, *, actor: Actor, reason: str) -> None:
    """End a session of anybody. Raises NotFound when it has ended."""
    with transaction() as tx:
        ended = tx.execute(
            update(OperatorSession)
            .where(OperatorSession.id == session_id, OperatorSession.ended_at.is_(None))
            .values(ended_at=datetime.now(UTC), ended_by=str(actor))
            .returning(OperatorSession.white_code_id, OperatorSession.tenant_id)
        ).one_or_none()
        if ended is None:
            raise NotFound("session", session_id)
        said = {"session": session_id, "white_code": ended.white_code_id}
        timeline.record("operator.session.ended", actor=actor, reason=reason, data=said, tenant_id=ended.tenant_id)


def speak(operator_id: int, locale: str) -> None:
    """Remember the language somebody chose."""
    with transaction() as tx:
        tx.execute(update(Operator).where(Operator.id == operator_id).values(locale=locale))


def access_of(code: WhiteCode) -> Access:
    """Return what a white code gives."""
    return Access(code.name, code.owner, Role(code.role), code.expires_at)


def _lock(tx: Session, white_code_id: int) -> WhiteCode:
    """Return a live white code, locked; its tenant's row first, so that two who remove each other take turns."""
    tx.execute(TAKE_TURNS, {"id": white_code_id})
    found = select(WhiteCode).where(WhiteCode.id == white_code_id, WhiteCode.revoked_at.is_(None)).with_for_update()
    code = tx.scalars(found.execution_options(populate_existing=True)).one_or_none()
    if code is None:
        raise NotFound("person", white_code_id, "This person has no access any more")
    return code


def _refuse_own(tx: Session, code: WhiteCode, actor: Actor) -> None:
    if actor.kind == "operator" and tx.scalar(
        select(exists().where(Operator.id == int(actor.name), Operator.subject == code.subject))
    ):
        raise OwnAccess


def _check_keeper_stays(tx: Session, code: WhiteCode, after: Access | None) -> None:
    """Raise LastKeeper when nobody would be left who can let people in; the database says the same."""
    if not _keeps(access_of(code)) or (after is not None and _keeps(after)):
        return
    others = exists().where(
        WhiteCode.tenant_id == code.tenant_id,
        WhiteCode.id != code.id,
        WhiteCode.role == Role.TENANT_ADMIN,
        WhiteCode.revoked_at.is_(None),
        WhiteCode.expires_at.is_(None),
    )
    if not tx.scalar(select(others)):
        raise LastKeeper


def _keeps(access: Access) -> bool:
    return access.role is Role.TENANT_ADMIN and access.expires_at is None


def _columns(access: Access) -> dict[str, object]:
    return {"name": access.name, "owner": access.owner, "role": str(access.role), "expires_at": access.expires_at}


def _said(access: Access) -> dict[str, str | None]:
    return {"role": str(access.role), "until": access.expires_at.isoformat() if access.expires_at else None}
