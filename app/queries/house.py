"""What happened in the house itself: people, keys, settings and number ranges, with who did it and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.models.event import Event
from app.models.operator import Operator
from app.queries.keyset import session

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from app.models.base import Json

LONGEST = 100


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was done: `kind` is subject.noun.verb, `who` a person's name, or the kind of actor."""

    at: datetime
    kind: str
    who: str
    reason: str | None
    data: Json


def history(kinds: Collection[str], subject: str, keys: Collection[str]) -> list[Done]:
    """Return what was done, newest first, to those whose `keys` the events keep under the name `subject`."""
    found = (
        select(Event)
        .where(Event.invoice_id.is_(None), Event.kind.in_(kinds), Event.data[subject].astext.in_(keys))
        .order_by(Event.id.desc())
        .limit(LONGEST)
    )
    events = session().scalars(found).all()
    names = names_of({each.actor for each in events if each.actor_kind == "operator"})
    return [
        Done(each.created_at, each.kind, names.get(each.actor, each.actor or each.actor_kind), each.reason, each.data)
        for each in events
    ]


def names_of(ids: Collection[str]) -> dict[str, str]:
    """Return operator id as text -> name."""
    whole = [int(each) for each in ids if each.isdecimal()]
    rows = session().execute(select(Operator.id, Operator.name).where(Operator.id.in_(whole))) if whole else ()
    return {str(key): name for key, name in rows}
