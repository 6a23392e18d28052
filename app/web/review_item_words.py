"""What kinds of questions there are, in words, and what each is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from flask import Flask
    from flask_babel import LazyString

# By the longest beginning that fits.
KINDS: dict[str, LazyString] = {
    "refund.approval": _("A refund waits for a second person"),
    "refund.refused": _("The gateway refused a refund"),
    "refund.failed": _("A refund did not happen"),
    "refund.failed_late": _("A refund did not reach the payer"),
    "refund.charged_back": _("Refund and chargeback at the same time"),
    "payment.surplus": _("Paid twice or too much"),
    "payment.refunded": _("Given back at the gateway, not from here"),
    "payment.partially_refunded": _("Given back at the gateway, not from here"),
    "payment.charged_back": _("The payer's bank took the money"),
    "payment.returned_twice": _("Given back twice"),
    "payment.unknown_here": _("Money at the gateway that belongs to no invoice"),
    "payment.unknown_there": _("A payment the gateway does not know"),
    "payment.unfinished": _("A payment that does not end at the gateway"),
    "payment.fraud_reported": _("Fraud is reported"),
    "payment.": _("The gateway says something that does not fit"),
    "gateway.unreachable": _("The gateway could not be asked"),
    "gateway.": _("The gateway says something nobody here knows"),
    "dispute.reported": _("A dispute is reported"),
    "dispute.deadline": _("Evidence is due soon"),
    "dispute.ended": _("A dispute ended at the gateway"),
    "difference.": _("Our books and the gateway's differ"),
    "invoice.reported_late": _("Paid at a service after it was cancelled here"),
    "invoice.short": _("An invoice stayed open in part"),
    "deposit.": _("A deposit nobody here knows"),
    "status.": _("It is not known whether a service took a status"),
    "outbox.dead": _("Something could not be delivered"),
    "webhook.": _("A webhook is switched off"),
    "numbers.": _("Numbers were passed by"),
    "pass.": _("Work by the clock fails on one row"),
}
# What the filter offers: the beginning of the kinds, and their words.
FAMILIES: dict[str, LazyString] = {
    "payment.": _("Payments"),
    "refund.": _("Refunds"),
    "dispute.": _("Disputes"),
    "difference.": _("Differences"),
    "gateway.": _("Gateway"),
    "outbox.": _("Deliveries"),
    "invoice.": _("Invoices"),
    "deposit.": _("Deposits"),
    "webhook.": _("Webhooks"),
    "status.": _("Statuses"),
    "numbers.": _("Numbers"),
    "pass.": _("Work by the clock"),
}
TEAM = "finance"


def install(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.filters["review_item_word"] = review_item_word


def review_item_word(kind: str) -> str:
    """Return what a kind of question is about, in a few words."""
    fits = [each for each in KINDS if kind.startswith(each)]
    return str(KINDS[max(fits, key=len)]) if fits else kind
