"""How everything that runs by itself is doing: each a line with its rows behind it, and the headline over all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app.blueprints.overview import links
from app.domain.numbering import RangeAlarm
from app.web.delivery_words import ERROR, lane_name
from app.web.filters import clock, day, grouped
from app.web.range_words import KIND
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext
from app.web.words import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.queries.number_ranges import Outlook
    from app.queries.overview import Beat, Lane

QUIET = timedelta(minutes=5)
YEARS = 2 * 365


class StatusLine(NamedTuple):
    """One line: a word with its tone, what it is about, its figure, and where its rows are."""

    word: Word
    text: str
    figure: str
    address: str | None


def lines(lanes: Sequence[Lane], beats: Beat, outlooks: Sequence[Outlook]) -> list[StatusLine]:
    """Return how the number ranges, the gateway, the services and our own clock are doing."""
    return [
        *_proofs(beats),
        *(_range(each) for each in outlooks),
        *_gateway(lanes, beats),
        *_services(lanes),
        *_ourselves(beats),
    ]


def headline(lanes: Sequence[Lane], beats: Beat) -> list[tuple[str, str | None]]:
    """Return in words whether everything is delivered and how the books are, each with the address of its rows."""
    return [_delivered(lanes), _books(beats)]


def _delivered(lanes: Sequence[Lane]) -> tuple[str, str | None]:
    stuck = sum(lane.dead + lane.held for lane in lanes)
    retried = sum(lane.retried for lane in lanes)
    if stuck:
        text = ngettext("%(num)d delivery is stuck", "%(num)d deliveries are stuck", stuck)
        return text, links.place("deliveries.index", state=["dead", "held"])
    if retried:
        text = ngettext("%(num)d delivery is tried again", "%(num)d deliveries are tried again", retried)
        return text, links.place("deliveries.index", state="pending", error=[*ERROR])
    return _("everything delivered"), links.place("deliveries.index")


def _books(beats: Beat) -> tuple[str, str | None]:
    proofs = links.place("proofs.index")
    if beats.proven_at is not None and beats.unproven:
        return _("the books do not hold"), proofs
    if beats.proven_at is not None and _is_today(beats.proven_at):
        return _("books proven at %(time)s", time=clock(beats.proven_at)[:5]), proofs
    if beats.sealed_at is None:
        return _("the books are empty"), None
    return _("books sealed at %(time)s", time=clock(beats.sealed_at)[:5]), links.place("audit.index")


def _proofs(beats: Beat) -> list[StatusLine]:
    if beats.proven_at is None:
        return []
    if not beats.unproven:
        text = _("Everything holds, checked %(when)s", when=_when(beats.proven_at))
        return [StatusLine(Word(_("Proofs"), "good"), text, "", links.place("proofs.index"))]
    text = _("Checks that do not hold, or could not be made")
    return [StatusLine(Word(_("Proofs"), "bad"), text, grouped(beats.unproven), links.place("proofs.index"))]


def _range(each: Outlook) -> StatusLine:
    tones = {RangeAlarm.NONE: "good", RangeAlarm.WARN: "warn"}
    tone = tones.get(each.alarm, "bad")
    name = KIND[each.kind].label
    if each.left <= 0:
        text = _("%(name)s are used up", name=name)
    elif each.days is not None and each.days > YEARS:
        text = _("%(name)s last for years", name=name)
    elif each.days is None:
        text = _("%(name)s: none was taken lately", name=name)
    else:
        text = ngettext(
            "%(name)s end in %(many)s day",
            "%(name)s end in %(many)s days",
            each.days,
            name=name,
            many=grouped(each.days),
        )
    left = _("%(many)s left", many=grouped(max(0, each.left)))
    return StatusLine(Word(_("Numbers"), tone), text, left, links.place("number_ranges.index"))


def _gateway(lanes: Sequence[Lane], beats: Beat) -> list[StatusLine]:
    lane = next((lane for lane in lanes if lane.name == "everypay"), None)
    if lane is None:
        return []
    heard = clock(beats.callback_at)[:5] if beats.callback_at and _is_today(beats.callback_at) else ""
    text = _("EveryPay answers, last heard at %(time)s", time=heard) if heard else _("EveryPay answers")
    tone = "good"
    if lane.paused_until:
        tone, text = "bad", _("EveryPay does not answer, asked again at %(time)s", time=clock(lane.paused_until)[:5])
    elif lane.failures:
        tone, text = "warn", _("EveryPay answers with faults")
    rows = (
        links.place("deliveries.index", lane=lane.id, state="pending") if lane.waiting else links.place("inbox.index")
    )
    found = [StatusLine(Word(_("Gateway"), tone), text, _owed(lane), rows)]
    if beats.compared_at and beats.compared_day:
        compared = _("Compared with the gateway up to %(day)s", day=day(beats.compared_day))
        found.append(StatusLine(Word(_("Comparison"), "good"), compared, "", links.place("comparisons.index")))
    return found


def _services(lanes: Sequence[Lane]) -> list[StatusLine]:
    return [_service(lane) for lane in lanes if _is_worth_a_line(lane)] or [
        StatusLine(
            Word(_("Services"), "good"), _("All services have all their news"), "", links.place("deliveries.index")
        )
    ]


def _is_worth_a_line(lane: Lane) -> bool:
    is_service = lane.url is not None or lane.name.startswith("initiator:")
    return is_service and bool(lane.failures or lane.paused_until or lane.stopped or lane.waiting)


def _service(lane: Lane) -> StatusLine:
    code = lane_name(lane)
    if lane.stopped:
        tone, text = "warn", _("%(service)s is stopped by a person", service=code)
    elif lane.paused_until:
        at = _at(lane.paused_until)
        tone, text = "bad", _("%(service)s does not answer, asked again at %(time)s", service=code, time=at)
    elif lane.failures:
        tone, text = "warn", _("%(service)s answers with faults", service=code)
    else:
        tone, text = "good", _("%(service)s is being told", service=code)
    address = links.place("deliveries.index", lane=lane.id, state="pending")
    return StatusLine(Word(_("Service"), tone), text, _owed(lane), address)


def _ourselves(beats: Beat) -> list[StatusLine]:
    address = links.place("system_health.index")
    if beats.clock_at is None or datetime.now(UTC) - beats.clock_at > QUIET:
        text = _("Nothing runs by the clock: is a relay started?")
        return [StatusLine(Word(_("Clock"), "bad"), text, "", address)]
    text = _("Periodic work runs, last at %(time)s", time=_at(beats.clock_at))
    return [StatusLine(Word(_("Clock"), "good"), text, "", address)]


def _owed(lane: Lane) -> str:
    return _("%(many)s waiting", many=grouped(lane.waiting)) if lane.waiting else ""


def _when(moment: datetime) -> str:
    return _at(moment) if _is_today(moment) else f"{day(moment)} {_at(moment)}"


def _at(moment: datetime) -> str:
    return clock(moment)[:5]


def _is_today(moment: datetime) -> bool:
    return datetime.now(UTC) - moment < timedelta(hours=12)
