"""The white list as the command line keeps it: nobody signed in does these, so the system is who did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.errors import NotFound
from app.domain.permission import Role
from app.models.operator import WhiteCode
from app.services import people
from app.services.timeline import SYSTEM
from app.uow import session

if TYPE_CHECKING:
    from collections.abc import Sequence


def add(subject: str, *, name: str = "", role: str = "tenant_admin", added_by: str = "cli") -> None:
    """Put a full subject, such as EE60001019906, on the white list without a person who does it.

    Raises Invalid when the country is missing, Conflict when the subject is listed already.
    """
    people.add(subject, people.Access(name, "", Role(role)), actor=SYSTEM, reason=added_by)


def listed() -> Sequence[WhiteCode]:
    """Return the live white codes, oldest first."""
    return session().scalars(select(WhiteCode).where(WhiteCode.revoked_at.is_(None)).order_by(WhiteCode.id)).all()


def revoke(subject: str, *, revoked_by: str = "cli") -> int:
    """Take a subject off the list and end its sessions at once; returns how many sessions ended.

    Raises NotFound when the subject is not listed, LastKeeper when nobody could let people in any more.
    """
    code_id = session().scalar(select(WhiteCode.id).where(WhiteCode.subject == subject, WhiteCode.revoked_at.is_(None)))
    if code_id is None:
        raise NotFound("white code", None, "Nobody with this code is on the white list")
    return people.revoke(code_id, actor=SYSTEM, reason=revoked_by)
