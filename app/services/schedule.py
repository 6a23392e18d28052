"""Periodic work: whoever writes the row of a planned moment owes it; a missed moment is caught up once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Select, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.models.base import DEFAULT_TENANT
from app.models.schedule import ScheduleRun
from app.services import outbox
from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.services.outbox import Claimed


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work that comes back every `every_s` seconds."""

    name: str
    every_s: int

    @property
    def kind(self) -> str:
        """Return the outbox kind of one run."""
        return f"schedule.{self.name}"

    def planned_at(self, now: datetime) -> datetime:
        """Return the moment this run is for: the last whole multiple of the interval."""
        return datetime.fromtimestamp(int(now.timestamp()) // self.every_s * self.every_s, UTC)


def tick(periodic: Sequence[Periodic]) -> list[str]:
    """Owe every periodic work whose moment has come; returns the names.

    Any number of clocks may tick: the unique key on (name, moment) lets one of them win (reliability.md 3.7).
    """
    with transaction() as tx:
        now = tx.scalar(text("select now()"))
        assert isinstance(now, datetime)  # noqa: S101 - the database's clock decides
        known = {(row.name, row.planned_at) for row in tx.execute(_recent(periodic, now))}
        return [each.name for each in periodic if (each.name, each.planned_at(now)) not in known and _owe(each, now)]


def _recent(periodic: Sequence[Periodic], now: datetime) -> Select[str, datetime]:
    longest = max(each.every_s for each in periodic)
    return select(ScheduleRun.name, ScheduleRun.planned_at).where(
        ScheduleRun.planned_at >= now - timedelta(seconds=longest)
    )


def _owe(each: Periodic, now: datetime) -> bool:
    planned_at = each.planned_at(now)
    run_id = (
        session()
        .execute(
            insert(ScheduleRun)
            .values(name=each.name, planned_at=planned_at)
            .on_conflict_do_nothing()
            .returning(ScheduleRun.id)
        )
        .scalar_one_or_none()
    )
    if run_id is None:
        return False
    outbox_id = outbox.post(
        each.kind,
        planned_at.isoformat(),
        lane="schedule",
        payload={"run": run_id, "name": each.name},
        tenant_id=DEFAULT_TENANT,
    )
    session().execute(update(ScheduleRun).where(ScheduleRun.id == run_id).values(outbox_id=outbox_id))
    return True


def finished(rows: Sequence[Claimed]) -> None:
    """Stamp the runs these rows stand for; in the caller's transaction."""
    session().execute(
        update(ScheduleRun)
        .where(ScheduleRun.id.in_([row.payload["run"] for row in rows]))
        .values(finished_at=text("clock_timestamp()"))
    )
