"""What people read about long work: what it is, how it stands, and what became of each invoice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.domain.bulk_action import Skip, Subject, judge
from app.domain.invoice import InvoiceStatus
from app.domain.task import TaskKind, TaskState
from app.web.filters import decimal
from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from flask import Flask
    from flask_babel import LazyString

    from app.queries.one_invoice import InvoiceDetail

STATE: dict[str, Word] = {
    TaskState.WAITING: Word(_("Waiting"), "mute"),
    TaskState.RUNNING: Word(_("Under way"), "wait"),
    TaskState.DONE: Word(_("Done"), "good"),
    TaskState.STOPPED: Word(_("Stopped"), "off"),
    TaskState.FAILED: Word(_("Failed"), "bad"),
}
KIND = {
    TaskKind.EXPORT: _("Export of invoices"),
    TaskKind.RESEND: _("Tell the services again"),
    TaskKind.CANCEL: _("Cancel invoices"),
    TaskKind.MARK_PAID: _("Mark invoices as paid"),
    TaskKind.MARK_UNPAID: _("Mark invoices as unpaid"),
}
ERROR = {
    "broken": _(
        "It broke here several times and was given up. What was done before stays done. It has been written down; "
        "start it again, and tell an administrator if it breaks again."
    ),
    "too_many": _(
        "These are more rows than a sheet can hold (1,048,575). Narrow the filter, or export as CSV, which has no such "
        "limit."
    ),
}

VERDICT: dict[str, Word] = {
    "done": Word(_("Done"), "good"),
    "skipped": Word(_("Left as it is"), "off"),
    "failed": Word(_("Not done"), "bad"),
}
# Why one invoice was left as it is or could not be done.
WHY = {
    Skip.BULK: _("A bulk payment: act on its invoices."),
    Skip.ALREADY: _("It has this status already."),
    Skip.HAS_MONEY: _("Money has come for it: what goes back is a refund."),
    Skip.MONEY_ON_ITS_WAY: _("It is being paid at this moment: try again when that has ended."),
    Skip.CANNOT_BE_TOLD: _("Its service cannot be told from here: it must do this itself."),
    Skip.NO_NEWS: _("Nothing to tell: the service hears of full payments only."),
    Skip.ABOUT_TO_BE_TOLD: _("The service is about to be told anyway."),
    Skip.NOT_TOLD_BY_US: _("The service reported it paid itself: there is nothing to repeat."),
    Skip.CANCELLED: _("It is cancelled: make a new invoice."),
    Skip.NOT_OPEN: _("It is written off."),
    Skip.STILL_DUE: _("Its due date has passed, so it stays overdue."),
    Skip.NOT_ISSUED: _("It is a draft."),
    "refused": _("The service refuses."),
    "no_answer": _("The service does not answer; nothing was changed. Try again later."),
    "unclear": _("It is not known whether the service did it: look there first. The question is under Questions."),
    "changed_meanwhile": _("The service did it, but here it changed in between: the question is under Questions."),
}
# What happens to an invoice that is not skipped, by action and service; the empty service stands for the others.
EFFECT = {
    (TaskKind.RESEND, "auction"): _("is sent the status once more; an invoice it has as paid is not counted again"),
    (TaskKind.RESEND, ""): _("gets the notice of the payment once more; it knows one it has had before"),
    (TaskKind.CANCEL, "billing_system"): _("cancelled here; nobody else has to agree"),
    (TaskKind.CANCEL, ""): _("is asked to cancel first; only what it accepts is cancelled here"),
    (TaskKind.MARK_PAID, "registry"): _(
        "is asked first, and credits the registrar's account with the amount: real balances move"
    ),
    (TaskKind.MARK_PAID, ""): _("is asked first, and takes its invoice as paid; only then it is paid here"),
    (TaskKind.MARK_UNPAID, "registry"): _(
        "is asked first; what it has credited to the registrar for this invoice it books back: real balances move"
    ),
    (TaskKind.MARK_UNPAID, ""): _("is asked first, and opens its invoice again; only then it is unpaid here"),
}
VERB = {
    TaskKind.RESEND: _("Tell again"),
    TaskKind.CANCEL: _("Cancel them"),
    TaskKind.MARK_PAID: _("Mark as paid"),
    TaskKind.MARK_UNPAID: _("Mark as unpaid"),
}

EXPORT_TITLES = {
    "number": _("Number"),
    "service": _("Service"),
    "kind": _("Kind"),
    "status": _("Status"),
    "payer": _("Payer"),
    "email": _("E-mail"),
    "reference": _("Reference"),
    "description": _("Description"),
    "currency": _("Currency"),
    "total": _("Amount"),
    "received": _("Received"),
    "given_back": _("Given back"),
    "created_at": _("Created"),
    "issued_at": _("Issued"),
    "due_on": _("Due"),
    "paid_at": _("Paid on"),
    "cancelled_at": _("Cancelled on"),
    "in_directo": _("In Directo"),
    "e_invoice_sent_at": _("E-invoice sent"),
}
KIND_OF_INVOICE = {
    "regular": _("regular"),
    "auction_deposit": _("deposit"),
    "linkpay": _("payment link"),
    "bulk": _("bulk payment"),
}


class Offer(NamedTuple):
    """A button: what it asks for, the door it opens, with what, and its label."""

    kind: TaskKind
    endpoint: str
    query: dict[str, str]
    label: LazyString


OFFERS = (
    Offer(TaskKind.RESEND, "invoices.new_resend", {}, _("Tell again…")),
    Offer(TaskKind.MARK_PAID, "invoices.new_mark", {"to": "paid"}, _("Mark as paid…")),
    Offer(TaskKind.MARK_UNPAID, "invoices.new_mark", {"to": "unpaid"}, _("Mark as unpaid…")),
    Offer(TaskKind.CANCEL, "invoices.new_cancellation", {}, _("Cancel…")),
)


def install(app: Flask) -> None:
    """Give templates the words, and the buttons of work on many invoices."""
    app.jinja_env.globals["offers_of_many"] = OFFERS
    for each in (task_word, task_name, task_error, verdict_word, verdict_why, file_size, offers):
        app.jinja_env.filters[each.__name__] = each


def task_word(state: str) -> Word:
    """Return the word for where a task stands."""
    return STATE.get(state, Word(state, "mute"))


def task_name(kind: str) -> str:
    """Return what a kind of task does."""
    return str(KIND[TaskKind(kind)])


def task_error(code: str) -> str:
    """Return in plain words why a task failed."""
    return str(ERROR.get(code, code))


def verdict_word(verdict: str) -> Word:
    """Return the word for how it ended for one invoice."""
    return VERDICT.get(verdict, Word(verdict, "mute"))


def verdict_why(code: str) -> str:
    """Return in plain words why one invoice was left as it is; nothing for one that was done."""
    return str(WHY.get(code, code))


def effect(kind: TaskKind, service: str) -> str:
    """Return what happens at a service to an invoice that is not skipped."""
    return str(EFFECT.get((kind, service)) or EFFECT[kind, ""])


def offers(found: InvoiceDetail) -> list[Offer]:
    """Return what can be asked about one invoice as it stands."""
    invoice = found.invoice
    subject = Subject(found.service.code, invoice.kind, InvoiceStatus(invoice.status))
    return [each for each in OFFERS if judge(each.kind, subject) is None] if invoice.number is not None else []


def file_size(octets: int) -> str:
    """Return a size as people say it, such as `12 kB`."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if octets >= size:
            return f"{decimal(f'{octets / size:.1f}')} {unit}" if octets < 10 * size else f"{octets // size} {unit}"
    return f"{octets} B"
