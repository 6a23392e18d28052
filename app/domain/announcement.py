"""What the services are told beyond the old notices: which happenings are public, under which name (docs/api.md)."""

from __future__ import annotations

import re

from app.domain.errors import Invalid

# The shape of the payload; it changes only by adding fields.
SCHEMA = 1

# Timeline kind -> public type. The database repeats this table in `announced_type()`, a test compares them.
TYPES: dict[str, str] = {
    "invoice.issued": "invoice.issued",
    "invoice.repriced": "invoice.amount_changed",
    "invoice.settled": "invoice.paid",
    "invoice.partially_paid": "invoice.partially_paid",
    "invoice.cancelled": "invoice.cancelled",
    "invoice.overdue": "invoice.overdue",
    "invoice.reopened": "invoice.reopened",
    "payment.created": "payment.created",
    "payment.pending": "payment.pending",
    "payment.processing": "payment.processing",
    "payment.unknown": "payment.processing",
    "payment.authorized": "payment.authorized",
    "payment.settled": "payment.completed",
    "payment.failed": "payment.failed",
    "payment.refused": "payment.failed",
    "payment.cancelled": "payment.cancelled",
    "payment.expired": "payment.expired",
    "payment.partially_refunded": "payment.partially_refunded",
    "payment.refunded": "payment.refunded",
    "payment.charged_back": "payment.charged_back",
    "refund.requested": "refund.requested",
    "refund.approved": "refund.approved",
    "refund.processing": "refund.processing",
    "refund.unknown": "refund.processing",
    "refund.succeeded": "refund.succeeded",
    "refund.failed": "refund.failed",
    "refund.cancelled": "refund.cancelled",
    "dispute.opened": "dispute.opened",
    "dispute.updated": "dispute.updated",
    "dispute.won": "dispute.won",
    "dispute.lost": "dispute.lost",
    "dispute.deadline": "dispute.deadline",
    "dispute.closed": "dispute.closed",
}
# What an endpoint is tried with; it is no event and stands in no list.
PING = "webhook.ping"
PUBLIC: tuple[str, ...] = tuple(sorted(set(TYPES.values())))
_WISH = re.compile(r"[a-z]+\.(?:\*|[a-z_]+)")


def check_wishes(wishes: list[str]) -> list[str]:
    """Return the types these wishes name, sorted; `invoice.*` names all of a subject, no wish names all there are.

    Raises Invalid for a wish that names nothing.
    """
    found: set[str] = set()
    for wish in wishes:
        subject = wish.removesuffix("*")
        named = {each for each in PUBLIC if each == wish or (wish.endswith(".*") and each.startswith(subject))}
        if not named or not _WISH.fullmatch(wish):
            raise Invalid.field("types", f"must be one of {', '.join(PUBLIC)}, or such as invoice.*")
        found |= named
    return sorted(found)
