"""The answer in a sentence: how this invoice stands, and who knows of it."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from flask_babel import format_date

from app.domain.invoice import InvoiceStatus as S
from app.domain.payment import RECEIVED
from app.domain.tallinn import TALLINN
from app.web import why_words, words
from app.web.filters import clock, money
from app.web.review_item_words import review_item_word
from app.web.service_names import called, service
from app.web.translation import spoken
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from app.domain.why_not_paid import Explanation
    from app.models.outbox import OutboxRow
    from app.models.payment import Payment
    from app.queries.one_invoice import InvoiceDetail


class Answer(NamedTuple):
    """A headline with its tone, and what else is worth knowing at once."""

    tone: str
    headline: str
    rest: str
    why: str = ""


def answer(found: InvoiceDetail, why: Explanation) -> Answer:
    """Return how the invoice stands and, while it is not paid, what to do; a question for a person comes first."""
    tone = words.invoice_word(found.invoice.status).tone
    headline = HEADLINES[S(found.invoice.status)](found)
    if not found.questions:
        return Answer(tone, headline, _rest(found), _step(why))
    if any(each.kind == "payment.differs" for each in found.questions):
        headline = _("Money came, but it differs from what was asked: a person decides.")
    questions = " ".join(dict.fromkeys(f"{review_item_word(each.kind)}." for each in found.questions))
    return Answer("warn", headline, _("A person must decide: %(questions)s", questions=questions), _step(why))


def on(moment: datetime) -> str:
    """Return a moment as a sentence names it: day in words, time to the minute, in Tallinn."""
    local = moment.astimezone(TALLINN)
    return _("%(date)s at %(time)s", date=day_in_words(local), time=clock(local)[:5])


def day_in_words(day: date) -> str:
    """Return such as `21 November 2026`; in Estonian the name of a month would have to be declined, a number fits."""
    pattern = "dd.MM.y" if spoken() == "et" else "d MMMM y"
    return str(format_date(day, pattern))


def _paid(found: InvoiceDetail) -> str:
    invoice = found.invoice
    if invoice.total_minor == 0:
        return _("Nothing to pay: the amount is zero.")
    payment = _received(found)
    moment = on(invoice.paid_at or invoice.updated_at)
    if payment is None:
        return _("Paid in full on %(moment)s.", moment=moment)
    if payment.method == "reported" and payment.account.startswith("operator:"):
        return _("Paid: marked as paid by hand on %(moment)s.", moment=moment)
    if payment.method == "reported":
        return _("Paid: %(service)s reported so on %(moment)s.", service=called(payment.account), moment=moment)
    how = words.method(payment.gateway_method or payment.method)
    return _("Paid in full by %(how)s on %(moment)s.", how=how, moment=moment)


def _unpaid(found: InvoiceDetail) -> str:
    made = on(found.invoice.created_at)
    tries = len(found.payments)
    if tries:
        return ngettext(
            "Not paid yet: %(num)d try to pay since %(made)s, no money yet.",
            "Not paid yet: %(num)d tries to pay since %(made)s, no money yet.",
            tries,
            made=made,
        )
    if found.invoice.payment_link:
        return _("Not paid yet: a payment link was made on %(made)s.", made=made)
    return _("Not paid yet, open since %(made)s.", made=made)


def _being_paid(found: InvoiceDetail) -> str:
    last = found.payments[0] if found.payments else None
    if last is None:
        return _("Being paid: no answer yet.")
    gateway = words.gateway(last.gateway)
    return _("Being paid at %(gateway)s since %(moment)s: no answer yet.", gateway=gateway, moment=on(last.created_at))


def _failed(found: InvoiceDetail) -> str:
    why = found.invoice.last_charge_error
    if why in {None, "", "failed"}:
        return _("The last try to pay failed. The invoice can still be paid.")
    return _("The last try to pay failed (%(why)s). The invoice can still be paid.", why=why)


def _overdue(found: InvoiceDetail) -> str:
    due = found.invoice.due_on or found.invoice.overdue_at
    if due is None:
        return _("Overdue: nobody has paid yet.")
    return _("Overdue since %(day)s: nobody has paid yet.", day=day_in_words(due))


def _partly(found: InvoiceDetail) -> str:
    invoice = found.invoice
    came = money(invoice.captured_minor - invoice.refunded_minor, invoice.currency)
    return _("%(came)s of %(total)s has come.", came=came, total=money(invoice.total_minor, invoice.currency))


def _given_back(found: InvoiceDetail) -> str:
    invoice = found.invoice
    if invoice.credited_minor and not invoice.captured_minor:
        return _("Paid, then taken back by a credit note: the money is the payer's.")
    back = money(invoice.refunded_minor, invoice.currency)
    return _(
        "Paid, and %(back)s of %(total)s given back.", back=back, total=money(invoice.total_minor, invoice.currency)
    )


def _cancelled(found: InvoiceDetail) -> str:
    invoice = found.invoice
    return _("Cancelled on %(moment)s.", moment=on(invoice.cancelled_at or invoice.updated_at))


def _lost(found: InvoiceDetail) -> str:
    return _("The payer's bank took %(lost)s back.", lost=money(found.invoice.lost_minor, found.invoice.currency))


# Causes the headline has said already and nobody can do anything about.
OVER = {"not_issued", "written_off", "cancelled"}

HEADLINES: dict[S, Callable[[InvoiceDetail], str]] = {
    S.DRAFT: lambda _found: _("A draft: not issued yet."),
    S.UNPAID: _unpaid,
    S.PENDING: _being_paid,
    S.CHARGED_WITH_ERROR: _failed,
    S.OVERDUE: _overdue,
    S.PARTIALLY_PAID: _partly,
    S.PAID: _paid,
    S.IN_PROTEST: lambda _found: _("The payer disputes the payment."),
    S.PARTIALLY_REFUNDED: _given_back,
    S.REFUNDED: _given_back,
    S.CHARGEBACK: _lost,
    S.UNCOLLECTIBLE: lambda _found: _("Written off: nobody expects the money any more."),
    S.CANCELLED: _cancelled,
}


def _step(why: Explanation) -> str:
    """Return why it is not paid and what to do, or nothing where the headline says it all."""
    finding = why.finding
    return "" if finding.is_paid or finding.cause in OVER else why_words.sentence(finding)


def _rest(found: InvoiceDetail) -> str:
    told = _told(service(found.service.name), found.deliveries[0]) if found.deliveries else ""
    return " ".join(part for part in (told, _books(found)) if part)


def _told(service: str, latest: OutboxRow) -> str:
    said = {
        "done": _("%(service)s has it.", service=service),
        "dead": _("%(service)s could not be told: we gave up.", service=service),
        "held": _(
            "It is not known whether %(service)s was told: a person must look before it is sent again.", service=service
        ),
        "cancelled": "",
    }
    if latest.state in said:
        return said[latest.state]
    if not latest.attempts:
        return _("%(service)s is about to be told.", service=service)
    return ngettext(
        "%(service)s has not been told yet: %(num)d try so far, the next at %(time)s.",
        "%(service)s has not been told yet: %(num)d tries so far, the next at %(time)s.",
        latest.attempts,
        service=service,
        time=clock(latest.run_at.astimezone(UTC)),
    )


def _books(found: InvoiceDetail) -> str:
    if not all(each.is_balanced for each in found.bookings):
        return _("The books do not balance: tell an administrator.")
    return _("The books have it.") if found.invoice.captured_minor else ""


def _received(found: InvoiceDetail) -> Payment | None:
    return next((each for each in found.payments if each.status in RECEIVED), None)
