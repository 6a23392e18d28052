"""How each kind of happening looks and reads on the money trail of an invoice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from app.domain.money import parse_amount
from app.web import words
from app.web.filters import decimal, money, shortened
from app.web.kept_words import kept
from app.web.review_item_words import review_item_word
from app.web.service_names import called
from app.web.state_words import state_word
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.queries.timeline import Happening


EMPTY = "\N{EN DASH}"


class Look(NamedTuple):
    """How one kind of happening looks and reads; `title` and `detail` get the happening."""

    icon: str
    tone: str
    title: Callable[[Happening], str]
    detail: Callable[[Happening], str]


def _sum(data: dict[str, Any], key: str = "amount") -> str:
    """Return an amount that the timeline keeps as text, as people read it."""
    if key not in data or "currency" not in data:
        return str(data.get(key, ""))
    kept = parse_amount(data[key], data["currency"])
    return money(kept.minor, kept.currency)


def _callback_detail(each: Happening) -> str:
    many = int(each.data.get("messages", 1))
    if each.data.get("waiting"):
        return _("Kept; not looked into yet")
    if many == 1:
        return _("Kept, and looked into")
    return ngettext(
        "%(num)d in %(seconds)s s, taken as one",
        "%(num)d in %(seconds)s s, taken as one",
        many,
        seconds=decimal(f"{each.data.get('within_ms', 0) / 1000:.1f}"),
    )


def _fetched_detail(each: Happening) -> str:
    if each.data.get("agrees", True):
        return _("Asked at the source: amount, currency and account agree")
    return _("Asked at the source: amount, currency or account differ")


def _notified_detail(each: Happening) -> str:
    data = each.data
    said = _(
        "%(notice)s answered %(status)s in %(ms)s ms",
        notice=words.notice(data.get("kind", "")),
        status=data.get("status", "?"),
        ms=data.get("ms", "?"),
    )
    if int(data.get("attempts") or 1) > 1:
        said += ngettext(", after %(num)d try", ", after %(num)d tries", int(data["attempts"]))
    return _("%(said)s, “%(answer)s”", said=said, answer=data["answer"]) if data.get("answer") else said


def _settled_detail(each: Happening) -> str:
    gateway = words.gateway(each.data.get("gateway", ""))
    if each.data.get("gone"):
        return _(
            "Received through %(gateway)s, and gone again before the first look: no payment notice was sent",
            gateway=gateway,
        )
    if each.data.get("late"):
        return _("Received late through %(gateway)s", gateway=gateway)
    return _("Received through %(gateway)s", gateway=gateway)


def _attempt_detail(each: Happening) -> str:
    if each.data.get("by") == "link":
        return _("%(amount)s, through the payment link", amount=_sum(each.data))
    return _("%(amount)s, try %(attempt)s", amount=_sum(each.data), attempt=each.data.get("attempt", 1))


def _reason(each: Happening) -> str:
    return kept(each.reason)


def _question(each: Happening) -> str:
    kind = str(each.data.get("kind", ""))
    return f"{review_item_word(kind)}: {kept(each.reason)}" if kind else _reason(each)


def _of_bulk(each: Happening) -> str:
    return _("%(amount)s of bulk payment %(number)s", amount=_sum(each.data), number=each.data.get("bulk", "?"))


def _by_bulk(each: Happening) -> str:
    return _("By bulk payment %(number)s", number=each.data["bulk"]) if each.data.get("bulk") else ""


def _overdue(each: Happening) -> str:
    return _("Overdue") if each.actor_kind == "system" else _("Reported overdue")


def _issued(each: Happening) -> str:
    return _("Brought along from the system before") if each.data.get("import") else _("Invoice created")


def _sum_of(each: Happening) -> str:
    return _sum(each.data)


def _receiver(each: Happening) -> str:
    return _("For the accounting system") if each.data.get("kind") == "directo" else _("For the e-invoice operator")


def _nothing(_each: Happening) -> str:
    return ""


def _service(each: Happening) -> str:
    return called(str(each.data["initiator"])) if "initiator" in each.data else "?"


def _state(each: Happening, key: str) -> str:
    return state_word(str(each.data.get(key) or "?"))


def _actor(each: Happening) -> str:
    return words.gateway(each.actor)


def _credited(each: Happening) -> str:
    return ", ".join(
        filter(None, (_("Credit note %(number)s", number=each.data.get("credit_note", "?")), kept(each.reason)))
    )


def _rewritten(each: Happening) -> str:
    before, after = (shortened(str(each.data.get(name) or EMPTY)) for name in ("before", "after"))
    return ", ".join(
        filter(None, (_("From “%(before)s” to “%(after)s”", before=before, after=after), kept(each.reason)))
    )


# What people wrote in the portal.
WRITTEN: dict[str, Look] = {
    "invoice.drafted": Look("invoice", "mute", lambda _each: _("Draft begun"), _sum_of),
    "invoice.draft.changed": Look("invoice", "mute", lambda _each: _("Draft changed"), _sum_of),
    "invoice.draft.discarded": Look("stop", "mute", lambda _each: _("Draft discarded"), _reason),
    "invoice.described": Look("invoice", "mute", lambda _each: _("Description changed"), _rewritten),
    "invoice.noted": Look("invoice", "mute", lambda _each: _("Internal notes changed"), _rewritten),
    "invoice.credited": Look(
        "refund", "warn", lambda each: _("Credited: %(amount)s", amount=_sum(each.data)), _credited
    ),
}


# The strings stand in lambdas because they are translated when they are read, not when this module is.
LOOKS: dict[str, Look] = {
    **WRITTEN,
    "invoice.issued": Look(
        "invoice",
        "mute",
        _issued,
        lambda each: _(
            "Number %(number)s over %(amount)s", number=each.data.get("number", "?"), amount=_sum(each.data)
        ),
    ),
    "invoice.link.made": Look(
        "link",
        "mute",
        lambda _each: _("Payment link made"),
        lambda each: _("Signed for %(gateway)s", gateway=words.gateway(each.data.get("gateway", ""))),
    ),
    "invoice.repriced": Look(
        "invoice",
        "mute",
        lambda _each: _("Amount changed"),
        lambda each: _(
            "From %(before)s to %(after)s", before=_sum(each.data, "before"), after=_sum(each.data, "after")
        ),
    ),
    "invoice.bulk.joined": Look("invoice", "mute", lambda _each: _("To be paid together with others"), _of_bulk),
    "invoice.bulk.unneeded": Look("warning", "warn", lambda _each: _("Came with others and was not needed"), _of_bulk),
    "document.accepted": Look("invoice", "mute", lambda _each: _("Document taken"), _receiver),
    "document.dry": Look("invoice", "mute", lambda _each: _("Document kept, not to be sent"), _receiver),
    "reservation.released": Look(
        "stop", "mute", lambda _each: _("Reservation given up"), lambda each: ", ".join(each.data.get("names", []))
    ),
    "invoice.settled": Look("check", "good", lambda _each: _("Invoice paid in full"), _by_bulk),
    "invoice.partially_paid": Look(
        "check",
        "wait",
        lambda each: _("Paid in part: %(amount)s", amount=_sum(each.data)),
        lambda each: _("%(amount)s is still due", amount=_sum(each.data, "due")),
    ),
    "invoice.cancelled": Look("stop", "mute", lambda _each: _("Invoice cancelled"), _reason),
    "invoice.overdue": Look("clock", "warn", _overdue, _nothing),
    "invoice.reopened": Look("invoice", "mute", lambda _each: _("Reported unpaid again"), _nothing),
    "payment.created": Look("card", "mute", lambda _each: _("Somebody began to pay"), _attempt_detail),
    "payment.link.made": Look(
        "link",
        "mute",
        lambda each: _("Payment page made at %(gateway)s", gateway=_actor(each)),
        lambda each: _("Reference %(reference)s", reference=shortened(each.data.get("reference", "?"))),
    ),
    "gateway.callback.received": Look(
        "bell", "mute", lambda each: _("Callback from %(gateway)s", gateway=_actor(each)), _callback_detail
    ),
    "payment.fetched": Look(
        "fetch",
        "wait",
        lambda each: _("%(gateway)s says %(state)s", gateway=_actor(each), state=_state(each, "state")),
        _fetched_detail,
    ),
    "payment.settled": Look(
        "check",
        "good",
        lambda each: _(
            "Settled: %(amount)s by %(how)s", amount=_sum(each.data), how=words.method(each.data.get("method", ""))
        ),
        _settled_detail,
    ),
    "payment.processing": Look("clock", "wait", lambda _each: _("Payment under way"), _nothing),
    "payment.authorized": Look("clock", "wait", lambda _each: _("Payment authorised"), _nothing),
    "payment.pending": Look("clock", "wait", lambda _each: _("Waiting for the payer"), _nothing),
    "payment.failed": Look("close", "bad", lambda _each: _("Payment failed"), _reason),
    "payment.cancelled": Look("stop", "mute", lambda _each: _("Payment abandoned"), _reason),
    "payment.expired": Look("clock", "mute", lambda _each: _("Payment page expired"), _reason),
    "payment.refused": Look(
        "close", "bad", lambda each: _("%(gateway)s refused to make a payment", gateway=_actor(each)), _reason
    ),
    "payment.unknown": Look(
        "warning",
        "warn",
        lambda each: _("No answer from %(gateway)s: it may have made the payment", gateway=_actor(each)),
        _reason,
    ),
    "payment.refunded": Look(
        "refund", "warn", lambda each: _("Given back: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "payment.partially_refunded": Look(
        "refund", "warn", lambda each: _("Given back in part: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "payment.charged_back": Look(
        "refund", "bad", lambda each: _("Charged back: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "refund.requested": Look(
        "refund", "wait", lambda each: _("Refund asked for: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "refund.approved": Look(
        "check", "wait", lambda each: _("Refund agreed to: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "refund.processing": Look(
        "send", "wait", lambda each: _("Refund sent: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "refund.not_sent": Look(
        "warning", "warn", lambda each: _("Refund could not be sent: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "refund.unknown": Look(
        "warning", "warn", lambda each: _("No answer to the refund: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "refund.succeeded": Look(
        "refund", "good", lambda each: _("Refund done: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "refund.made_outside": Look(
        "refund",
        "good",
        lambda each: _("Given back by bank transfer: %(amount)s", amount=_sum(each.data)),
        lambda each: str(each.data.get("bank_reference") or ""),
    ),
    "refund.failed": Look("close", "bad", lambda each: _("Refund failed: %(amount)s", amount=_sum(each.data)), _reason),
    "refund.cancelled": Look(
        "stop", "mute", lambda each: _("Refund withdrawn: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "dispute.opened": Look(
        "warning", "bad", lambda each: _("Dispute opened: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "dispute.updated": Look(
        "clock", "wait", lambda each: _("Evidence handed in: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "dispute.won": Look("check", "good", lambda each: _("Dispute won: %(amount)s", amount=_sum(each.data)), _reason),
    "dispute.lost": Look("close", "bad", lambda each: _("Dispute lost: %(amount)s", amount=_sum(each.data)), _reason),
    "dispute.deadline": Look(
        "clock", "warn", lambda each: _("Evidence due: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "dispute.closed": Look(
        "stop", "mute", lambda each: _("Dispute closed: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "credit.applied": Look(
        "check", "good", lambda each: _("Paid with credit: %(amount)s", amount=_sum(each.data)), _reason
    ),
    "payment.void.asked": Look("stop", "wait", lambda _each: _("Reserved amount let go"), _nothing),
    "initiator.notified": Look(
        "send", "good", lambda each: _("%(service)s was told", service=_service(each)), _notified_detail
    ),
    "initiator.refused": Look("close", "bad", lambda each: _("%(service)s refused", service=_service(each)), _reason),
    "initiator.notice.again": Look("send", "wait", lambda _each: _("To be told again"), _reason),
    "status.change.asked": Look(
        "send",
        "wait",
        lambda each: _("The service is asked to take it as %(status)s", status=_state(each, "to")),
        _reason,
    ),
    "deposit.reported": Look(
        "invoice",
        "mute",
        lambda _each: _("Deposit reported"),
        lambda each: _(
            "It was %(before)s and is %(after)s",
            before=_state(each, "before"),
            after=_state(each, "after"),
        ),
    ),
    "initiator.notice.unknown": Look(
        "warning", "warn", lambda each: _("No answer from %(service)s", service=_service(each)), _reason
    ),
    "gateway.payment.looked_up": Look(
        "search", "mute", lambda _each: _("Somebody looked it up at the gateway"), _reason
    ),
    "gateway.look.asked": Look("fetch", "mute", lambda _each: _("A look at the gateway was asked for"), _reason),
    "delivery.resent": Look("send", "wait", lambda _each: _("Message sent again by hand"), _reason),
    "delivery.cancelled": Look("stop", "mute", lambda _each: _("Message cancelled by hand"), _reason),
    "delivery.marked_done": Look("check", "mute", lambda _each: _("Message marked as done by hand"), _reason),
    "outbox.held": Look("warning", "warn", lambda _each: _("Message held for a person"), _reason),
    "payment.difference.mended": Look("check", "good", lambda _each: _("Both books agree again"), _reason),
    "payment.difference.kept": Look("warning", "warn", lambda _each: _("Both books still differ"), _reason),
    "review.item.taken": Look("person", "mute", lambda _each: _("Somebody took the question"), _reason),
    "review.item.handed_on": Look("person", "mute", lambda _each: _("The question was handed on"), _reason),
    "review.item.looked": Look("fetch", "wait", lambda _each: _("The gateway is asked again"), _reason),
    "review.item.resolved": Look("check", "good", lambda _each: _("A person decided"), _reason),
    "review.item.opened": Look("warning", "warn", lambda _each: _("A person must decide"), _question),
}
UNKNOWN = Look("clock", "mute", lambda each: each.kind.replace(".", " ").replace("_", " ").capitalize(), _reason)
