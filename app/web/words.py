"""The words operators read for what the database keeps as codes; a code without words is shown as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.domain.invoice import InvoiceStatus as Invoice
from app.domain.payment import PaymentStatus as Payment
from app.web.service_names import called
from app.web.translation import translate as gettext
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from flask import Flask
    from flask_babel import LazyString


class Word(NamedTuple):
    """A word and its tone: `good`, `wait`, `warn`, `bad`, `mute` or `off`, each a colour and a shape."""

    label: LazyString | str
    tone: str


INVOICE: dict[str, Word] = {
    Invoice.DRAFT: Word(_("Draft"), "off"),
    Invoice.UNPAID: Word(_("Not paid yet"), "mute"),
    Invoice.PENDING: Word(_("Being paid"), "wait"),
    Invoice.CHARGED_WITH_ERROR: Word(_("Payment failed"), "bad"),
    Invoice.OVERDUE: Word(_("Overdue"), "warn"),
    Invoice.PARTIALLY_PAID: Word(_("Partly paid"), "warn"),
    Invoice.PAID: Word(_("Paid"), "good"),
    Invoice.IN_PROTEST: Word(_("In dispute"), "bad"),
    Invoice.PARTIALLY_REFUNDED: Word(_("Partly refunded"), "warn"),
    Invoice.REFUNDED: Word(_("Refunded"), "off"),
    Invoice.CHARGEBACK: Word(_("Charged back"), "bad"),
    Invoice.UNCOLLECTIBLE: Word(_("Written off"), "off"),
    Invoice.CANCELLED: Word(_("Cancelled"), "off"),
}
PAYMENT: dict[str, Word] = {
    Payment.CREATED: Word(_("Begun"), "mute"),
    Payment.PENDING: Word(_("Waiting for the payer"), "mute"),
    Payment.PENDING_APPROVAL: Word(_("Waiting for approval"), "wait"),
    Payment.PROCESSING: Word(_("Under way"), "wait"),
    Payment.AUTHORIZED: Word(_("Authorised"), "wait"),
    Payment.COMPLETED: Word(_("Received"), "good"),
    Payment.FAILED: Word(_("Failed"), "bad"),
    Payment.CANCELLED: Word(_("Cancelled"), "off"),
    Payment.EXPIRED: Word(_("Expired"), "off"),
    Payment.PARTIALLY_REFUNDED: Word(_("Partly refunded"), "warn"),
    Payment.REFUNDED: Word(_("Refunded"), "off"),
    Payment.CHARGED_BACK: Word(_("Charged back"), "bad"),
}
DELIVERY: dict[str, Word] = {
    "pending": Word(_("Waiting"), "wait"),
    "leased": Word(_("Being sent"), "wait"),
    "done": Word(_("Delivered"), "good"),
    "dead": Word(_("Given up"), "bad"),
    "held": Word(_("Waits for a person"), "warn"),
    "cancelled": Word(_("Not needed any more"), "off"),
}
NOTICE = {
    "initiator.payment.notify": _("Payment notice"),
    "initiator.invoice.synchronise": _("Invoice synchronised"),
}
METHOD = {
    "card": _("card"),
    "cc": _("card"),
    "apple_pay": _("Apple Pay"),
    "google_pay": _("Google Pay"),
    "open_banking": _("bank link"),
    "hosted": _("payment page"),
    "linkpay": _("payment link"),
    "reported": _("report of the service"),
    "bank_transfer": _("bank transfer"),
    "cash": _("cash"),
    "manual": _("hand"),
}
GATEWAY = {"everypay": "EveryPay", "service": _("the service itself"), "bank": _("bank")}
ACCOUNT = {
    "receivables": _("Receivables, %(of)s"),
    "invoiced": _("Invoiced, %(of)s"),
    "clearing": _("%(of)s clearing"),
    "credit": _("Credit of payers, %(of)s"),
    "outside": _("Received by the service, %(of)s"),
    "refunds": _("Refunds, %(of)s"),
    "fees": _("Fees, %(of)s"),
    "losses": _("Losses"),
}
BOOKING = {
    "invoice.issued": _("Issued"),
    "invoice.repriced": _("Amount changed"),
    "invoice.cancelled": _("Cancelled"),
    "payment.received": _("Received"),
    "payment.refunded": _("Given back"),
    "payment.partially_refunded": _("Given back in part"),
    "payment.charged_back": _("Charged back"),
    "dispute.won": _("Dispute won"),
    "credit.applied": _("Credit used"),
    "invoice.credited": _("Credited"),
}
WENT: dict[str, Word] = {
    "payment.refunded": Word(_("Given back"), "off"),
    "payment.partially_refunded": Word(_("Given back in part"), "warn"),
    "payment.charged_back": Word(_("Charged back"), "bad"),
    "dispute.won": Word(_("Dispute won"), "good"),
}
CAME = Word(_("Received"), "good")
REPORTED = Word(_("Received by the service"), "mute")
SHARED = {
    "on": Word(_("May sign with it"), "warn"),
    "off": Word(_("Switched off"), "good"),
}
RANGE = {
    "used": Word(_("In use"), "good"),
    "waits": Word(_("Follows"), "mute"),
    "full": Word(_("Full"), "off"),
    "closed": Word(_("Closed"), "off"),
}
ACCESS = {
    "live": Word(_("Has access"), "good"),
    "ended": Word(_("Ended"), "warn"),
    "revoked": Word(_("Taken away"), "off"),
}
THIS_ONE = Word(_("This browser"), "good")
AGREE = Word(_("Agree"), "good")
DIFFER = Word(_("Differ"), "bad")


class Fault(NamedTuple):
    """What an error page says: what happened, and what to do."""

    headline: LazyString | str
    advice: LazyString | str


FAULTS: dict[int, Fault] = {
    400: Fault(_("This request cannot be read"), _("Go back and try again.")),
    401: Fault(_("Sign in first"), _("Your session has ended. Sign in and try again.")),
    403: Fault(_("This is not allowed"), _("Go back, reload the page and try again. If it stays, ask a colleague.")),
    404: Fault(_("There is nothing here"), _("Check the address or the number, or search in the list of invoices.")),
    405: Fault(_("This is not done this way"), _("Go back and use the buttons of the page.")),
    409: Fault(
        _("This is not possible now"), _("Something has changed in the meantime. Reload the page and look again.")
    ),
    410: Fault(_("This is not kept any more"), _("Go back and start it again.")),
    413: Fault(_("This is too large"), _("Send less at once.")),
    422: Fault(_("Something is not right yet"), _("Go back, correct it and send it again.")),
    429: Fault(_("Too many requests"), _("Wait a minute and try again.")),
    500: Fault(_("Something broke here"), _("It is our fault and it has been written down. Try again in a minute.")),
    503: Fault(_("The system is busy"), _("Nothing is lost. Try again in a minute.")),
}


def install(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.globals["words"] = {
        "invoice": INVOICE,
        "payment": PAYMENT,
        "delivery": DELIVERY,
        "access": ACCESS,
        "range": RANGE,
        "shared": SHARED,
        "this_one": THIS_ONE,
        "agree": AGREE,
        "differ": DIFFER,
    }
    app.jinja_env.globals["fault_words"] = fault
    for each in (invoice_word, payment_word, delivery_word, booking_word, method, gateway, notice, account):
        app.jinja_env.filters[each.__name__] = each


def invoice_word(status: str) -> Word:
    """Return the word for an invoice's status."""
    return INVOICE.get(status, Word(status, "mute"))


def payment_word(status: str) -> Word:
    """Return the word for a payment's status."""
    return PAYMENT.get(status, Word(status, "mute"))


def delivery_word(state: str) -> Word:
    """Return the word for the state of something we owe."""
    return DELIVERY.get(state, Word(state, "mute"))


def booking_word(kind: str) -> str:
    """Return why something was booked."""
    return str(BOOKING.get(kind, kind))


def movement_word(kind: str) -> Word:
    """Return how money came or went: a kind of booking, or how somebody paid."""
    return WENT.get(kind, REPORTED if kind == "reported" else CAME)


def fault(status: int) -> Fault:
    """Return what a page says about an HTTP status."""
    return FAULTS.get(status, FAULTS[500 if status >= 500 else 400])  # noqa: PLR2004 - the two families of HTTP


def notice(kind: str) -> str:
    """Return what an outbox kind means."""
    return str(NOTICE.get(kind, kind))


def method(code: str) -> str:
    """Return how somebody paid; EveryPay names bank links by country and bank, such as `lhv_ob_ee`."""
    if "_ob_" in code or code.endswith("_ob"):
        return f"{gettext('bank link')} {code.partition('_ob')[0].upper()}"
    return str(METHOD.get(code, code))


def gateway(code: str) -> str:
    """Return the name of a gateway."""
    return str(GATEWAY.get(code, code))


def account(code: str) -> str:
    """Return the name of an account of the books, such as `EveryPay clearing`."""
    kind, _colon, of = code.partition(":")
    if kind not in ACCOUNT:
        return code
    named = str(ACCOUNT[kind]) % {"of": str(GATEWAY[of]) if of in GATEWAY else called(of)}
    return named[:1].upper() + named[1:]  # not every language puts the account's own word first
