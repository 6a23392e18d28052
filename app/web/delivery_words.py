"""What is said of messages, their destinations, and why one does not get through: plainly, with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from app.web import words
from app.web.service_names import called, service
from app.web.translation import translate as gettext
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from flask import Flask
    from flask_babel import LazyString

    from app.models.webhook import WebhookEndpoint
    from app.queries.deliveries import LaneState
    from app.queries.overview import Lane

KIND: dict[str, LazyString] = {
    "initiator.payment.notify": _("Payment notice"),
    "initiator.invoice.synchronise": _("Invoice synchronised"),
    "webhook.event.send": _("Webhook event"),
    "mail.letter.send": _("Letter"),
    "gateway.payment.refresh": _("Look at a payment"),
    "gateway.day.compare": _("Comparison of a day"),
    "gateway.payment.void": _("Release of a reserved amount"),
    "gateway.refund.execute": _("Refund"),
    "search.invoice.index": _("Search index"),
    "proofs.part.check": _("Check of the books"),
    "task.step": _("Part of a long task"),
}
CLOCK = _("Regular work: %(name)s")
REGULAR: dict[str, LazyString] = {
    "poll_open_payments": _("asking about open payments"),
    "watch_refunds": _("watching refunds"),
    "give_up_lost_attempts": _("giving up lost tries to pay"),
    "wake_stranded_references": _("taking up payments left behind"),
    "mark_overdue_invoices": _("marking invoices that are overdue"),
    "watch_passed_numbers": _("looking for numbers that were passed by"),
    "warn_of_dispute_deadlines": _("warning of deadlines of disputes"),
    "seal": _("sealing the books and the timeline"),
    "sweep_idempotency_keys": _("clearing away old keys of requests"),
    "compare_gateways": _("comparing the books with gateways"),
    "close_days": _("adding up days that are over"),
    "expire_task_files": _("clearing away old files of tasks"),
    "end_lost_imports": _("ending imports that were lost"),
    "anchor_the_chains": _("noting where the chains stand"),
    "prove_the_books": _("proving the books"),
}
ERROR: dict[str, LazyString] = {
    "retry": _("No answer, or not now"),
    "limited": _("Refused"),
    "gone": _("Address gone"),
    "unknown": _("Nobody knows"),
    "poison": _("Our own fault"),
    "lease": _("Worker lost"),
}
EVENT: dict[str, LazyString] = {
    "delivery.resent": _("Sent again"),
    "delivery.cancelled": _("Cancelled"),
    "delivery.marked_done": _("Marked as done"),
    "outbox.held": _("Held for a person"),
    "initiator.notice.unknown": _("No answer"),
}
FLOWS = words.Word(_("Sends"), "good")
TRYING = words.Word(_("Did not answer last time"), "warn")
RESTS = words.Word(_("Rests: nobody answers there"), "bad")
STOPPED = words.Word(_("Stopped"), "warn")
ENDPOINT: dict[str, words.Word] = {
    "on": words.Word(_("On"), "good"),
    "failing": words.Word(_("On, and failing"), "warn"),
    "service": words.Word(_("Off"), "off"),
    "off_failing": words.Word(_("Off: it failed too often"), "bad"),
    "gone": words.Word(_("Off: the address is gone"), "bad"),
}
MESSAGE: dict[str, words.Word] = {
    "waiting": words.Word(_("Waiting"), "wait"),
    "delivered": words.Word(_("Delivered"), "good"),
    "failed": words.Word(_("Given up"), "bad"),
    "skipped": words.Word(_("Not sent: the endpoint was off"), "off"),
}
MANY = 1_000
OWN = {
    "search": _("Search index"),
    "schedule": _("Clock"),
    "proofs": _("Proofs"),
    "tasks": _("My tasks"),
    "mail": _("Mail"),
}


class Cause(NamedTuple):
    """Why a message is stuck, and what a person does about it."""

    why: LazyString
    advice: LazyString


CAUSES: dict[str, Cause] = {
    "held": Cause(
        _("It left and no answer came: nobody knows whether it arrived."),
        _("Ask the other side. If it has it, mark it as done; if it has not, let it go."),
    ),
    "retry": Cause(
        _("Nobody answered through all tries."), _("See whether the other side is well, then send it again.")
    ),
    "limited": Cause(
        _("The other side refused it."), _("Read the answer, mend the reason there or here, then send it again.")
    ),
    "gone": Cause(
        _("The address says it is gone for good."), _("Ask the service for its new address, then send it again.")
    ),
    "unknown": Cause(
        _("It left and no answer came."), _("Ask the other side whether it has it before sending it again.")
    ),
    "poison": Cause(_("Our own program stumbled over it."), _("Tell a developer; once it is mended, send it again.")),
    "lease": Cause(
        _("The worker did not come back from it."), _("See whether the workers are well, then send it again.")
    ),
}


def install(app: Flask) -> None:
    """Give templates the words."""
    for each in (delivery_kind, error_word, event_word, lane_word, endpoint_word, message_word, capped):
        app.jinja_env.filters[each.__name__] = each


def delivery_kind(kind: str) -> str:
    """Return what a kind of work means."""
    if kind.startswith("schedule."):
        return str(CLOCK) % {"name": regular_work(kind.removeprefix("schedule."))}
    return str(KIND.get(kind, kind))


def regular_work(name: str) -> str:
    """Return what work by the clock does."""
    return str(REGULAR.get(name, name.replace("_", " ")))


def error_word(error_class: str) -> str:
    """Return a class of failure in a word or two."""
    return str(ERROR.get(error_class, error_class))


def event_word(kind: str) -> str:
    """Return what somebody did with a message."""
    return str(EVENT.get(kind, kind))


def lane_word(lane: LaneState) -> words.Word:
    """Return how a destination is."""
    if lane.stopped_at is not None:
        return STOPPED
    if lane.rests:
        return RESTS
    return TRYING if lane.failures else FLOWS


def endpoint_word(endpoint: WebhookEndpoint) -> words.Word:
    """Return how an endpoint is."""
    if endpoint.enabled:
        return ENDPOINT["failing" if endpoint.failing_since else "on"]
    return ENDPOINT["off_failing" if endpoint.disabled_by == "failing" else endpoint.disabled_by or "service"]


def message_word(standing: str) -> words.Word:
    """Return how a message to an endpoint stands."""
    return MESSAGE[standing]


def capped(number: int) -> str:
    """Return a number that was counted up to a thousand only."""
    return str(number) if number <= MANY else f"{MANY}+"


def cause(state: str, error_class: str | None) -> Cause:
    """Return why a message is stuck and what to do about it."""
    return CAUSES["held"] if state == "held" else CAUSES.get(error_class or "retry", CAUSES["retry"])


def destination(lane: str) -> str:
    """Return where a lane leads, by its name alone."""
    kind, _colon, of = lane.partition(":")
    if of:
        return gettext("webhook %(name)s", name=of) if kind == "webhook" else called(of)
    return str(OWN.get(lane) or words.gateway(lane))


def lane_name(lane: LaneState | Lane) -> str:
    """Return where a lane leads, an endpoint by its service and host."""
    if lane.url is None:
        return destination(lane.name)
    name = service(lane.service or "")
    return gettext("%(service)s webhook, %(host)s", service=name, host=urlsplit(lane.url).hostname)
