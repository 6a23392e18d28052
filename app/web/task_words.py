"""What people read about long work: what it is, how it stands, and what became of each invoice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.task import TaskKind, TaskState
from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from flask import Flask

STATE: dict[str, Word] = {
    TaskState.WAITING: Word(_("Waiting"), "mute"),
    TaskState.RUNNING: Word(_("Under way"), "wait"),
    TaskState.DONE: Word(_("Done"), "good"),
    TaskState.STOPPED: Word(_("Stopped"), "off"),
    TaskState.FAILED: Word(_("Failed"), "bad"),
}
STOPPING = Word(_("Stopping"), "warn")
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


def install(app: Flask) -> None:
    """Give templates the words."""
    for each in (task_word, task_name, task_error, file_size):
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


def file_size(octets: int) -> str:
    """Return a size as people say it, such as `12 kB`."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if octets >= size:
            return f"{octets / size:.1f} {unit}" if octets < 10 * size else f"{octets // size} {unit}"
    return f"{octets} B"
