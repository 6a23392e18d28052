"""Each part of the system in words: what was seen, and what to do when it is not well."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flask import url_for

from app.queue import QUEUES
from app.services.dispatch import PERIODIC
from app.web.delivery_words import lane_name, regular_work
from app.web.filters import clock, day, decimal, grouped
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.queries.audit import ChainState
    from app.queries.deliveries import LaneState
    from app.queries.health import Compared, DatabaseState, PeriodicRun, StuckState
    from app.queries.proofs import Run
    from app.queue import QueueStatus

GOOD, WARN, BAD = "good", "warn", "bad"
HERE = Path(__file__).parents[3]
SILENT_S = 90  # a worker signs every few seconds; a busy one at the end of its job
LATE_S = 120
OLDEST_TRANSACTION_S = 30
FEW_CONNECTIONS = 0.8
LITTLE_DISK = 0.1
NO_DISK = 0.03
COMPARED_H = 36
GIB = 2**30


class Part(NamedTuple):
    """One part: its tone, what was seen, and what to do; `address` is where its rows are."""

    name: str
    tone: str
    seen: str
    advice: str = ""
    address: str = ""


def redis(found: QueueStatus | None) -> Part:
    """Return how the bell is."""
    if found is None:
        return Part(
            _("Redis"),
            WARN,
            _("does not answer"),
            _("Nothing is lost: workers take the work straight from the database. See that the server runs."),
        )
    return Part(_("Redis"), GOOD, _("answers, version %(version)s", version=found.version))


def workers(found: QueueStatus | None, now: datetime) -> list[Part]:
    """Return how the workers of each queue and the relays are; while Redis is away nobody can be counted."""
    if found is None:
        return []
    parts = []
    for queue in QUEUES:
        name = _("Workers, queue %(queue)s", queue=queue)
        seen = [each for each in found.workers if each.queue == queue]
        awake = [each for each in seen if (now - each.heard_at).total_seconds() < SILENT_S]
        if not awake:
            advice = _("Start one: billing worker %(queue)s. Its work waits until then.", queue=queue)
            parts.append(Part(name, BAD, _("nobody is at work"), advice))
            continue
        last = max(each.heard_at for each in awake)
        parts.append(
            Part(name, GOOD, _("at work: %(many)d, last heard at %(time)s", many=len(awake), time=clock(last)))
        )
    relay = _("Relay")
    if found.relays:
        parts.append(Part(relay, GOOD, ngettext("%(num)d listens", "%(num)d listen", found.relays)))
    else:
        parts.append(Part(relay, BAD, _("nobody listens"), _("Start one: billing relay. Without it nothing is sent.")))
    return parts


def regular(ticks: Sequence[PeriodicRun], now: datetime) -> tuple[Part, list[tuple[PeriodicRun, bool]]]:
    """Return how the clock is, and for each regular work whether it is late."""
    every = {each.name: each.every_s for each in PERIODIC}
    judged = [(tick, _is_late(tick, every[tick.name], now)) for tick in ticks]
    late = [regular_work(tick.name) for tick, is_late in judged if is_late]
    if late:
        advice = _("See that a relay and a worker of the queue background run.")
        return Part(_("Regular work"), BAD, _("late: %(names)s", names=", ".join(late)), advice, "#clock"), judged
    return Part(_("Regular work"), GOOD, _("all on time"), "", "#clock"), judged


def _is_late(tick: PeriodicRun, every_s: int, now: datetime) -> bool:
    limit = timedelta(seconds=2 * every_s + LATE_S)
    return tick.done_planned_at is None or now - tick.done_planned_at > limit


def database(found: DatabaseState) -> list[Part]:
    """Return how large and busy the database is."""
    size = _("%(size)s GiB", size=decimal(f"{found.bytes / GIB:.1f}"))
    many = _("%(used)d of %(most)d connections", used=found.connections, most=found.most_connections)
    parts = [Part(_("Database"), GOOD, f"PostgreSQL {found.version}, {size}, {many}")]
    if found.connections > found.most_connections * FEW_CONNECTIONS:
        parts[0] = parts[0]._replace(tone=WARN, advice=_("Nearly all connections are taken: start fewer processes."))
    if found.oldest_s > OLDEST_TRANSACTION_S:
        seen = _("one has been open for %(seconds)s s", seconds=grouped(found.oldest_s))
        advice = _("Find out who holds it: nothing of ours lasts so long.")
        parts.append(Part(_("Transactions"), WARN, seen, advice))
    return parts


def disk() -> Part:
    """Return how much room this machine has where the program lies."""
    usage = shutil.disk_usage(HERE)
    free = usage.free / usage.total
    tone = GOOD if free > LITTLE_DISK else WARN if free > NO_DISK else BAD
    seen = _(
        "%(free)s GiB of %(total)s free", free=decimal(f"{usage.free / GIB:.1f}"), total=f"{usage.total / GIB:.0f}"
    )
    return Part(_("Disk of this machine"), tone, seen, "" if tone == GOOD else _("Make room before it is full."))


def destinations(lanes: Sequence[LaneState]) -> Part:
    """Return which destinations get nothing at the moment."""
    address = url_for("deliveries.index")
    quiet = [lane_name(each) for each in lanes if each.rests or each.stopped_at is not None]
    if not quiet:
        return Part(_("Destinations"), GOOD, _("nothing keeps any of them from being sent to"), "", address)
    advice = _("Those at rest are asked again by themselves; those stopped wait for a person.")
    return Part(_("Destinations"), WARN, _("at rest or stopped: %(names)s", names=", ".join(quiet)), advice, address)


def stuck(found: StuckState) -> Part:
    """Return what waits for a person."""
    address = url_for("deliveries.index", state=["dead", "held"])
    if not found.dead + found.held:
        return Part(_("Deliveries"), GOOD, _("nothing is stuck"), "", address)
    seen = _("%(dead)d given up, %(held)d wait for a person", dead=found.dead, held=found.held)
    return Part(_("Deliveries"), BAD, seen, _("Open them: each says why, and what to do."), address)


def compared(found: Compared | None, now: datetime) -> Part:
    """Return when our books were last compared with the gateway's."""
    name = _("Comparison with the gateway")
    if found is None:
        return Part(name, WARN, _("never"), _("It comes each night by itself; or run billing compare."))
    seen = _("%(day)s, differences: %(many)d", day=day(found.day), many=found.differences)
    is_old = now - found.finished_at > timedelta(hours=COMPARED_H)
    return Part(
        name, WARN if is_old else GOOD, seen, _("It should have come last night: see the clock.") if is_old else ""
    )


def proven(runs: Sequence[Run]) -> Part:
    """Return how the last check of the books that ended, or found something, ended; they come newest first."""
    address = url_for("proofs.index")
    last = next((each for each in runs if each.finished_at or each.broken), runs[0] if runs else None)
    if last is None:
        return Part(_("Proofs"), WARN, _("never checked"), _("It comes once a day by itself: see the clock."), address)
    seen = f"{day(last.created_at)} {clock(last.created_at)}"
    if last.broken:
        return Part(_("Proofs"), BAD, _("broken, %(when)s", when=seen), _("Open what is broken."), address)
    if last.finished_at is None:
        done = _("Being checked: %(done)d of %(many)d.", done=last.many - last.waiting, many=last.many)
        return Part(_("Proofs"), WARN, done, "", address)
    if last.failed:
        headline = ngettext("%(num)d check could not be made.", "%(num)d checks could not be made.", last.failed)
        return Part(_("Proofs"), WARN, headline, _("That proves nothing: run billing verify on the server."), address)
    return Part(_("Proofs"), GOOD, _("everything holds, %(when)s", when=seen), "", address)


def sealed(chains: dict[str, ChainState], now: datetime) -> Part:
    """Return whether the seals keep up."""
    address = url_for("audit.index")
    behind = max(each.behind for each in chains.values())
    stale = [each for each in chains.values() if each.sealed_at is None or now - each.sealed_at > timedelta(minutes=10)]
    if behind and stale:
        advice = _("See that a worker of the queue background runs.")
        waiting = ngettext("%(many)s row waits", "%(many)s rows wait", behind, many=grouped(behind))
        return Part(_("Seals"), WARN, waiting, advice, address)
    return Part(_("Seals"), GOOD, _("up to date"), "", address)


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)
