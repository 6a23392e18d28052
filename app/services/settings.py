"""Changing what an administrator may set while the system runs: checked, on the timeline, undone in one click."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import Conflict, NotFound
from app.domain.setting import BY_CODE, Known
from app.models.setting import Setting
from app.services import timeline
from app.uow import retried, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.services.timeline import Actor


class OtherValue(Conflict):
    """Somebody changed this setting in the meantime."""


class NothingToUndo(Conflict):
    """This setting was never changed."""


@retried
def change(code: str, typed: str, *, seen: str | None, actor: Actor, reason: str) -> bool:
    """Set what was typed, nothing being the default again; it counts at once, in web and workers.

    `seen` is the value that was shown. Returns whether anything changed. Raises NotFound, Invalid naming `value`,
    OtherValue.
    """
    known = named(code)
    value = known.parse(typed)
    with transaction() as tx:
        row = _lock(tx, known)
        if row.value != seen:
            raise OtherValue
        if row.value == value:
            return False
        _put(row, value, actor, reason, "setting.changed")
    return True


@retried
def undo(code: str, *, seen: str | None, actor: Actor) -> None:
    """Put the value before back, which can be undone likewise. Raises NotFound, NothingToUndo, OtherValue."""
    with transaction() as tx:
        row = _lock(tx, named(code))
        if row.updated_at is None:
            raise NothingToUndo
        if row.value != seen:
            raise OtherValue
        _put(row, row.previous_value, actor, None, "setting.undone")


def named(code: str) -> Known:
    """Return what is known of a setting. Raises NotFound."""
    if code not in BY_CODE:
        raise NotFound("setting", code[:40])
    return BY_CODE[code]


def _put(row: Setting, value: str | None, actor: Actor, reason: str | None, kind: str) -> None:
    data = {"setting": row.code, "before": row.value, "after": value}
    row.previous_value, row.value = row.value, value
    row.updated_by, row.updated_at = str(actor), datetime.now(UTC)
    timeline.record(kind, actor=actor, reason=reason, data=data, tenant_id=row.tenant_id)


def _lock(tx: Session, known: Known) -> Setting:
    """Return the row, made when this setting was never set, locked."""
    fresh = {"code": known.code, "group": str(known.group), "format": known.format}
    tx.execute(insert(Setting).values(fresh).on_conflict_do_nothing())
    found = select(Setting).where(Setting.code == known.code, Setting.tenant_id == 1).with_for_update()
    return tx.scalars(found.execution_options(populate_existing=True)).one()
