"""What the filter of the list may say, and which messages a form names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.domain.tallinn import TALLINN
from app.models.outbox import STATES
from app.queries.deliveries import DeliveryFilter
from app.services.deliveries import Chosen
from app.web.delivery_words import ERROR
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MultiDict

YOUNGER = {"within_1h": 1, "within_1d": 24, "within_7d": 168}
OLDER = {"over_1h": 1, "over_1d": 24, "over_7d": 168}
DUE = {"due": True, "later": False}
HIGHEST = 2**63 - 1
MOST_CHOSEN = 200
EARLIEST, LATEST = 2000, 2100


def parse_filter(args: MultiDict[str, str], kinds: Sequence[str], lanes: Sequence[int]) -> DeliveryFilter:
    """Return what is asked for; words that mean nothing to us ask for nothing."""
    ages = args.getlist("age")
    return DeliveryFilter(
        kinds=tuple(each for each in kinds if each in args.getlist("kind")),
        lanes=tuple(each for each in lanes if str(each) in args.getlist("lane")),
        states=tuple(each for each in STATES if each in args.getlist("state")),
        errors=tuple(each for each in ERROR if each in args.getlist("error")),
        younger_h=min((YOUNGER[each] for each in ages if each in YOUNGER), default=None),
        older_h=max((OLDER[each] for each in ages if each in OLDER), default=None),
        due=next((DUE[each] for each in ages if each in DUE), None),
    )


def as_query(wanted: DeliveryFilter) -> dict[str, Any]:
    """Return the filter as the parameters of an address, without the empty ones."""
    ages = [name for name, hours in YOUNGER.items() if hours == wanted.younger_h]
    ages += [name for name, hours in OLDER.items() if hours == wanted.older_h]
    ages += [name for name, due in DUE.items() if due is wanted.due]
    said = {
        "kind": list(wanted.kinds),
        "lane": [str(each) for each in wanted.lanes],
        "state": list(wanted.states),
        "error": list(wanted.errors),
        "age": ages,
    }
    return {name: values for name, values in said.items() if values}


def parse_ids(values: Sequence[str]) -> tuple[int, ...]:
    """Return the keys among these texts, at most two hundred; what is no key is left out."""
    found = [int(each) for each in values if each.isascii() and each.isdigit() and len(each) <= len(str(HIGHEST))]
    return tuple(dict.fromkeys(each for each in found if 0 < each <= HIGHEST))[:MOST_CHOSEN]


def parse_chosen(said: MultiDict[str, str]) -> tuple[Chosen, dict[str, str]]:
    """Return which messages are named, and what is wrong with that: some by their keys, or a destination's since."""
    ids = parse_ids(said.getlist("id"))
    if ids:
        return Chosen(ids=ids, risk=said.get("risk") == "yes" and len(ids) == 1), {}
    lane = parse_ids([said.get("lane", "")])
    since, until = _moment(said.get("since", "")), _moment(said.get("until", "")) or datetime.now(UTC)
    states = tuple(each for each in ("dead", "done") if each in said.getlist("state"))
    faults = {}
    if not lane:
        faults["lane"] = _("Choose messages or a destination first")
    if since is None:
        faults["since"] = _("Say since when, such as 2026-11-21 10:30")
    if not states:
        faults["state"] = _("Choose what is sent again: what was given up, what was delivered, or both")
    return Chosen(lane_id=lane[0] if lane else None, since=since, until=until, states=states), faults


def _moment(text: str) -> datetime | None:
    """Return a moment of Tallinn's clock, as browsers and people write it, or None."""
    try:
        moment = datetime.fromisoformat(text.strip()[:40])
    except ValueError:
        return None
    if not EARLIEST <= moment.year <= LATEST:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=TALLINN)
