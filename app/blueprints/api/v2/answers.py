"""Resources with what belongs to them, looked up for all of an answer at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.blueprints.api.v2 import renderings
from app.queries import owned_invoices, owned_payments
from app.web.sealed_cursor import seal_newest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.models.invoice import Invoice
    from app.models.payment import Payment
    from app.models.reference import Reference
    from app.models.refund import Refund
    from app.models.webhook import WebhookEndpoint
    from app.queries.keyset import Slice


def invoice(owns: Sequence[int], number: int, expand: Sequence[str] = ()) -> dict[str, Any]:
    """Return one invoice as it is now. Raises NotFound."""
    return invoices([owned_invoices.by_number(owns, number)], expand)[0]


def invoices(rows: Sequence[Invoice], expand: Sequence[str]) -> list[dict[str, Any]]:
    """Return invoices, each with what `expand` names."""
    codes = owned_invoices.codes({each.initiator_id for each in rows})
    answers = [renderings.invoice(each, codes[each.initiator_id]) for each in rows]
    ids = [each.id for each in rows]
    if "lines" in expand:
        lines = owned_invoices.lines_of(ids)
        for each, answer in zip(rows, answers, strict=True):
            answer["lines"] = [renderings.line(line, each.currency) for line in lines[each.id]]
    if "payments" in expand:
        paid = owned_invoices.payments_of(ids)
        rows_of = {payment.id: payment for group in paid.values() for payment in group}
        shown = dict(zip(rows_of, payments(list(rows_of.values())), strict=True))
        for each, answer in zip(rows, answers, strict=True):
            answer["payments"] = [shown[payment.id] for payment in paid[each.id]]
    if "events" in expand:
        events = owned_invoices.events_of(ids)
        for each, answer in zip(rows, answers, strict=True):
            answer["events"] = [renderings.event(event) for event in events[each.id]]
    return answers


def payments(rows: Sequence[Payment]) -> list[dict[str, Any]]:
    """Return payments with the numbers of their invoices."""
    numbers = owned_invoices.numbers({each.invoice_id for each in rows if each.invoice_id})
    return [renderings.payment(each, numbers.get(each.invoice_id or 0)) for each in rows]


def refunds(rows: Sequence[Refund]) -> list[dict[str, Any]]:
    """Return refunds with the payments they give back and the numbers of the invoices they go off."""
    of = owned_payments.of_refunds(rows)
    numbers = owned_invoices.numbers({each.invoice_id for each in rows if each.invoice_id})
    return [renderings.refund(each, of[each.payment_id], numbers.get(each.invoice_id or 0)) for each in rows]


def references(rows: Sequence[Reference]) -> list[dict[str, Any]]:
    """Return reference numbers with whose they are."""
    codes = owned_invoices.codes({each.initiator_id for each in rows})
    return [renderings.reference(each, codes[each.initiator_id]) for each in rows]


def endpoints(rows: Sequence[WebhookEndpoint]) -> list[dict[str, Any]]:
    """Return endpoints with whose they are."""
    codes = owned_invoices.codes({each.initiator_id for each in rows})
    return [renderings.endpoint(each, codes[each.initiator_id]) for each in rows]


def page(of: str, rows: list[dict[str, Any]], part: Slice[Any]) -> dict[str, Any]:
    """Return a part of the list called `of`, and where it goes on."""
    return {"data": rows, "next_cursor": seal_newest(of, part.after)}
