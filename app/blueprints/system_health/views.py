"""The door to how the system is."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flask import Blueprint, current_app, render_template

from app.blueprints.system_health import parts
from app.domain.permission import Permission
from app.integrations import current
from app.queries import actors, audit, deliveries, health, proofs, schema_version
from app.queue import queue_status
from app.services import checkup
from app.services.dispatch import PERIODIC
from app.web.delivery_words import lane_name
from app.web.guards import needs
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.blueprints.system_health.parts import Part
    from app.config import Settings
    from app.services.checkup import Finding

blueprint = Blueprint("system_health", __name__, url_prefix="/system-health")
PACKAGES = ("flask", "sqlalchemy", "psycopg", "rq", "redis", "granian")


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> str:
    """Show every part with what to do, the destinations, the clock, and what runs here."""
    now = parts.now()
    queues = queue_status()
    lanes = deliveries.lanes()
    clock, ticks = parts.regular(health.periodic_runs([each.name for each in PERIODIC]), now)
    runs = proofs.runs()
    shown = [
        *parts.database(health.database()),
        parts.redis(queues),
        *parts.workers(queues, now),
        clock,
        parts.destinations(lanes),
        parts.stuck(health.stuck()),
        parts.sealed({each: audit.chain(each) for each in audit.CHAINS}, now),
        parts.proven(runs),
        parts.compared(health.compared(), now),
        parts.disk(),
    ]
    return render_template(
        "system_health/index.html",
        parts=shown,
        verdict=_verdict(shown),
        lanes=lanes,
        lane_names={each.id: lane_name(each) for each in lanes},
        stopped_by=actors.names(each.stopped_by for each in lanes),
        answered=health.answered(),
        ticks=ticks,
        findings=[each for each in _findings() if each.fault],
        versions=_versions(),
    )


def _verdict(shown: Sequence[Part]) -> tuple[str, str, str]:
    bad = [each.name for each in shown if each.tone != parts.GOOD]
    if not bad:
        return "good", _("Everything is well."), ""
    tone = "bad" if any(each.tone == parts.BAD for each in shown) else "warn"
    headline = ngettext("%(num)d part needs somebody.", "%(num)d parts need somebody.", len(bad))
    return tone, headline, ", ".join(bad)


def _findings() -> list[Finding]:
    """Return what `billing doctor` would say here; the machine itself is looked at once."""
    settings: Settings = current_app.extensions["settings"]
    return [*checkup.of_system(current(), development=settings.development), *_of_machine()]


@cache
def _of_machine() -> tuple[Finding, ...]:
    return tuple(checkup.of_machine())


def _versions() -> list[tuple[str, str]]:
    found: list[tuple[str, Any]] = [
        (_("Tables"), schema_version.head()),
        ("Python", platform.python_version()),
        *_packages(),
    ]
    return [(name, str(each)) for name, each in found]


@cache
def _packages() -> tuple[tuple[str, str], ...]:
    return tuple((name, version(name)) for name in PACKAGES)
