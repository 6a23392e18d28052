"""Changes by administrators: people, keys, settings, VAT rates and number ranges, with who made them and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.models.event import Event
from app.queries import actors
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from app.models.base import Json

LONGEST = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `kind` is subject.noun.verb, `who` a person's name, or the kind of actor."""

    at: datetime
    kind: str
    who: str
    reason: str | None
    data: Json


def history(kinds: Collection[str], subject: str, keys: Collection[str]) -> list[Change]:
    """Return the latest changes, newest first, of those whose `keys` the events keep under the name `subject`."""
    found = (
        select(Event)
        .where(Event.invoice_id.is_(None), Event.kind.in_(kinds), Event.data[subject].astext.in_(keys))
        .order_by(Event.id.desc())
        .limit(LONGEST)
    )
    events = session().scalars(found).all()
    names = actors.names_by_id({each.actor for each in events if each.actor_kind == "operator"})
    return [
        Change(each.created_at, each.kind, names.get(each.actor, each.actor or each.actor_kind), each.reason, each.data)
        for each in events
    ]
