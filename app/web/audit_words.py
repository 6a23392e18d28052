"""What is worth knowing of an event of any kind, in words, for the audit trail; the page of the event has it all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.queries.timeline import Happening
from app.web import administration
from app.web.comparison_words import difference_word
from app.web.delivery_words import destination
from app.web.event_words import event_name
from app.web.inbox_words import outcome
from app.web.proof_words import CHAIN, chain_word
from app.web.service_names import called
from app.web.task_words import task_name
from app.web.trail_words import LOOKS
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.models.event import Event

# Their titles on a money trail say no more than their names do; an invoice that was brought along says so.
NAMED = {"invoice.issued", "payment.link.made", "payment.refused", "payment.unknown"}


def told(event: Event, data: dict[str, Any]) -> str:
    """Return what `data`, as this person may see it, adds to the name of the event and to its reason."""
    if event.kind in DETAIL:
        return DETAIL[event.kind](data)
    if event.kind in administration.LOOKS:
        return administration.LOOKS[event.kind].more(data)
    if event.kind not in LOOKS:
        return ""
    look = LOOKS[event.kind]
    # The reason stands beside it already.
    each = Happening(event.created_at, event.kind, event.actor_kind, event.actor, None, data)
    title = "" if event.kind in NAMED and not data.get("import") else look.title(each)
    said = (title, look.detail(each).rstrip(" :"))
    return ". ".join(part for part in said if part not in {"", event_name(event.kind)})


def _named(key: str) -> Callable[[dict[str, Any]], str]:
    return lambda data: str(data.get(key) or "")


def _lane(data: dict[str, Any]) -> str:
    return destination(str(data.get("lane", "")))


def _task(data: dict[str, Any]) -> str:
    return task_name(str(data["kind"])) if "kind" in data else ""


def _exported(data: dict[str, Any]) -> str:
    rows = int(data.get("rows", 0))
    return ngettext("%(num)d invoice", "%(num)d invoices", rows) + f", {str(data.get('format', '')).upper()}"


def _reference(data: dict[str, Any]) -> str:
    return ", ".join(filter(None, (str(data.get("number", "")), called(str(data.get("service", ""))))))


def _difference(data: dict[str, Any]) -> str:
    return str(difference_word(str(data.get("kind", ""))).label)


def _chain(data: dict[str, Any]) -> str:
    return chain_word(data["chain"]) if data.get("chain") in CHAIN else ""


DETAIL: dict[str, Callable[[dict[str, Any]], str]] = {
    "audit.chain.exported": _chain,
    "gateway.callback.received": lambda data: outcome(data.get("outcome")),
    "invoices.exported": _exported,
    "refunds.exported": lambda data: str(data.get("format", "")).upper(),
    "lane.let_go": _lane,
    "lane.stopped": _lane,
    "payment.difference": _difference,
    "reference.created": _reference,
    "task.ended": _task,
    "task.started": _task,
    "view.changed": _named("name"),
    "view.restored": _named("name"),
    "view.retired": _named("name"),
    "view.saved": _named("name"),
    "webhook.endpoint.changed": _named("url"),
    "webhook.endpoint.made": _named("url"),
}
