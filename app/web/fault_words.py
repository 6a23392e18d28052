"""Why something is refused, in the language of whoever asked: errors are raised in English, services hear them so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.dispute_words import DISPUTE
from app.web.kept_words import part, shown
from app.web.language import DEFAULT
from app.web.refund_words import REFUND
from app.web.task_words import KIND_OF_INVOICE
from app.web.translation import as_it_is as _
from app.web.translation import spoken, translate
from app.web.words import DELIVERY, INVOICE, METHOD, PAYMENT, Word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask
    from flask_babel import LazyString

REFUSALS = (
    _("An invoice cannot go from %(invoice_state)s to %(next_state)s"),
    _("An invoice cannot go this way."),
    _("There is not that much left to give back."),
    _("%(amount)s is left to give back, and %(wanted)s was asked for"),
    _("Nothing can be given back."),
    _("A refund is above zero"),
    _("A transfer that gives this back was made between %(first)s and %(last)s, not on %(day)s"),
    _("The bank's reference of the transfer is missing or too long"),
    _("This transfer stands in the books already, as refund %(number)s"),
    _("Another rate of this code holds on some of these days."),
    _("This rate has its last day already."),
    _("This rate ends on %(day)s already"),
    _("The invoice cannot take this status now."),
    _("out of range"),
    _("The dispute cannot go this way."),
    _("Payment %(number)s is %(payment_state)s or disputed already"),
    _("%(amount)s of this payment is there to be disputed"),
    _("Dispute %(number)s is %(dispute_state)s: it cannot become %(dispute_next)s"),
    _("This invoice number is not available to you."),
    _("This invoice number is registered already with another amount or other lines."),
    _("This holder has reserved other names, or at another price, under this number already."),
    _("Numbers of this call belong to other invoices, so that nothing was registered; its `fields` name each."),
    _("This invoice cannot be paid any more."),
    _("Invoice %(number)s %(obstacle)s"),
    _("Invoice %(number)s is %(invoice_state)s"),
    _("Invoice %(number)s is of the kind %(invoice_kind)s"),
    _("Invoice %(number)s is %(invoice_state)s: it takes no money"),
    _("Invoice %(number)s is %(invoice_state)s: its amount is fixed"),
    _("Invoice %(number)s has money of this payment already"),
    _("Invoice %(number)s has lines: its amount is what they come to"),
    _("Invoice %(number)s cannot be set to %(invoice_state)s: that follows from payments and refunds only"),
    _("More cannot be taken back: that is all there is of the invoice, or its money is held by a refund or dispute."),
    _("This invoice takes no credit note now."),
    _("This form belongs to another invoice"),
    _("This credit cannot be used for this invoice."),
    _("%(amount)s can be used, and %(wanted)s was asked for"),
    _("Somebody changed this in the meantime: look at it again, then decide."),
    _("Somebody changed this in the meantime: look again before you change it."),
    _("Somebody changed this setting in the meantime."),
    _("This setting was never changed."),
    _("This key belongs to another refund of the payment."),
    _("This secret was sealed under another SECRET_KEY and cannot be read: bring that back, or make a new secret."),
    _("This money did not come through a gateway (%(method)s): who received it gives it back"),
    _("Payment %(number)s is %(payment_state)s"),
    _("Payment %(number)s is %(payment_state)s: only a reserved amount is voided"),
    _("Refund %(number)s is %(refund_state)s"),
    _("Somebody else asked for this refund: they withdraw it"),
    _("A person agrees to a refund"),
    _("Who asked for a refund cannot be the one who agrees to it."),
    _("No money came for this invoice through a gateway"),
    _("The refund waits for a second person to agree."),
    _("The payer's bank has the money, or asks for it: a refund would pay it twice."),
    _("There is no reserved amount to let go of."),
    _("The first call with this Idempotency-Key has not ended yet; ask again in a moment."),
    _("A check is under way already: its results appear here as they come."),
    _("This invoice is not a draft any more: it was issued or discarded."),
    _("The VAT rates have changed since: this draft comes to another amount now."),
    _("A number of this import was handed out while it ran: nothing was taken, send it again."),
    _("This import was taken for interrupted while it ran: nothing was taken, send it again."),
    _("This service has two live keys already: revoke one first."),
    _("This key was made already, and its secret was shown once: revoke it if that was lost"),
    _("Access denied"),
    _("This key is not allowed to do that."),
    _("Some of these numbers belong to another range, or are on an invoice already."),
    _("%(subject)s is on the white list already"),
    _("This person has access already."),
    _("Nobody changes their own access: ask another administrator."),
    _("Somebody must be able to let people in: one tenant administrator without an end date stays."),
    _("This person is not on the white list; somebody who is must add the full code, country included."),
    _("Somebody else signed in than who is at work here."),
    _("No unused reference number was found; nearly all 900,000 are taken."),
    _("This difference is mended already."),
    _("Somebody else has decided this question, or has it now."),
    _("This question is about nothing a gateway could be asked for"),
    _("The money of this question cannot be counted as it came"),
    _("This person has another view of this name."),
    _("This person has as many views as one can look through: take one away first."),
    _("The initiator does not take this status for this invoice."),
    _("Synchronization for this service not working at the moment!"),
    _("You can not change to this status!"),
    _("This is work of our own, not a destination: it is not stopped by hand"),
    _("It is stopped already: %(reason)s"),
    _("Nothing keeps it from sending"),
    _("This is work of our own: only messages to others are ended by hand"),
    _("It is being sent at this moment: look again in a minute"),
    _("It has changed meanwhile and is %(delivery_state)s now"),
    _("The endpoint is switched off: switch it on first"),
    _("There is an endpoint at this address already: change that one"),
    _("There are %(count)s endpoints already: switch one off"),
    _("The form did not come from a fresh page of the portal."),
    _("This needs a sign-in that is younger: sign in once more, what you filled in is kept for you."),
    _("Nobody is signed in any more: sign in again."),
    _("Your role does not allow this: ask an administrator, or somebody whose work it is."),
    _("The login cannot be accepted."),
    _("You stopped signing in; start again when you like."),
    _("The means of login is too weak; use an ID card, Mobile-ID or Smart-ID."),
    _("This means of login is not accepted here."),
    _("The login service's answer does not belong to this login; start again."),
    _("The login comes from another service."),
    _("The login was meant for another system."),
    _("The login was not begun here; start again."),
    _("This login was ended before; start again."),
    _("The login took too long; start again."),
    _("The login service gave no country and personal code."),
    _("The login service remembered somebody instead of asking; sign in once more."),
    _("key is not one of this portal: load the form again"),
)
# What stands in the way of one invoice, behind its number.
OBSTACLES = (
    _("is a bulk payment: cancel its invoices"),
    _("is a bulk payment: report its invoices"),
    _("is a bulk payment: its amount is the sum of its invoices"),
    _("is a document of its own: a credit note changes its amount"),
    _("has been paid: refund it instead of cancelling it"),
    _("is being paid at this moment: ask again when that has ended"),
    _("is being paid at this moment"),
    _("is cancelled: take a new number"),
    _("is cancelled: register a new one"),
    _("is no reservation: take a new number"),
    _("is a reservation: its amount is the price of its names"),
    _("is won by somebody else: take a new number"),
)
# Why a row of an import was left out, or the whole of it refused; fields are called as their sender wrote them.
ROWS = (
    _("the same number stands further up"),
    _("is registered already"),
    _("is known already"),
    _("this invoice number is not available to you"),
    _("this reference number is not available to you"),
    _("a bulk payment whose members do not add up to it: each is taken by itself"),
    _("is no reference number: its check digit is wrong"),
    _("its initiator %(code)s is not known here"),
    _("another row with this number was taken"),
    _("another row with this number was taken, and this one was paid too: its money is not in the books here"),
    _("its number is none"),
    _("its status %(code)s is not known here"),
    _("it has no amount"),
    _("its amount is no number of cents"),
    _("must be an object"),
    _("%(field)s is missing"),
    _("%(field)s must be one of: %(list)s"),
    _("%(field)s must be between %(least)s and %(most)s"),
    _("%(field)s must be a reference number with a right check digit"),
    _("%(field)s must be a string"),
    _("%(field)s must be at most %(count)s characters"),
    _("%(field)s must not contain control characters"),
    _("%(field)s must be filled"),
    _("%(field)s must be a whole number"),
    _("%(field)s must be a plain decimal with at most %(count)s places, such as 120.00"),
    _("%(field)s must be true or false"),
    _("%(field)s must be a time, such as 2026-01-05T10:00:00Z"),
    _("%(field)s must be a time between 1990 and 2100"),
    _("one of its times is not between 1990 and 2100"),
    _("%(field)s must be an array"),
    _("%(field)s must have at most %(count)s entries"),
)
# What was not found, as faults name it; the number is what somebody wrote.
NOT_FOUND = _("%(thing)s %(number)s not found")
THINGS = (
    _("Credit"),
    _("Credit note"),
    _("Delivery"),
    _("Deposit"),
    _("Destination"),
    _("Difference"),
    _("Dispute"),
    _("Draft"),
    _("Endpoint"),
    _("Event"),
    _("Import"),
    _("Initiator"),
    _("Invoice"),
    _("Key"),
    _("Message"),
    _("Number"),
    _("Payment"),
    _("Person"),
    _("Question"),
    _("Reference"),
    _("Refund"),
    _("Reservation"),
    _("Result"),
    _("Service"),
    _("Session"),
    _("Setting"),
    _("Surplus"),
    _("Task"),
    _("Vat rate"),
    _("View"),
    _("White code"),
)
# What a code in a sentence is called, by the name of its part.
CODES: Mapping[str, Mapping[str, Word | LazyString]] = {
    "invoice_state": INVOICE,
    "next_state": INVOICE,
    "invoice_kind": KIND_OF_INVOICE,
    "payment_state": PAYMENT,
    "refund_state": REFUND,
    "dispute_state": DISPUTE,
    "dispute_next": DISPUTE,
    "delivery_state": DELIVERY,
    "method": METHOD,
}


def install(app: Flask) -> None:
    """Give templates the words."""
    app.jinja_env.filters["row_reason"] = row_reason


def fault(sentence: str) -> str:
    """Return what an error says to a person; one that is not known as it was written."""
    missing = _not_found(sentence)
    return missing or shown(sentence, REFUSALS + ROWS, _part)


def row_reason(sentence: str) -> str:
    """Return why a row of an import was left out."""
    return shown(sentence, ROWS)


def _not_found(sentence: str) -> str:
    fits = [each for each in THINGS if sentence.startswith(f"{each} ") and sentence.endswith(" not found")]
    if not fits:
        return ""
    thing = max(fits, key=len)  # a credit note is no credit
    return translate(NOT_FOUND, thing=translate(thing), number=sentence[len(thing) + 1 : -len(" not found")])


def _part(name: str, value: str) -> str:
    if name == "obstacle":
        return shown(value, OBSTACLES)
    if name not in CODES:
        return part(name, value)
    if spoken() == DEFAULT:
        return value.replace("_", " ")
    word = CODES[name].get(value, value)
    return str(word.label if isinstance(word, Word) else word)
