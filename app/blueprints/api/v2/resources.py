"""Resources with what belongs to them, looked up for all of an answer at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from app.blueprints.api.v2 import serializers
from app.queries import owned_invoices, owned_payments
from app.web.sealed_cursor import seal_newest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.models.invoice import Invoice
    from app.models.payment import Payment
    from app.models.reference import Reference
    from app.models.refund import Refund
    from app.models.webhook import WebhookEndpoint
    from app.queries.keyset import Slice

Parts: TypeAlias = "dict[int, list[dict[str, Any]]]"


def invoice(owns: Sequence[int], number: int, expand: Sequence[str] = ()) -> dict[str, Any]:
    """Return one invoice as it is now. Raises NotFound."""
    return invoices([owned_invoices.by_number(owns, number)], expand)[0]


def invoices(rows: Sequence[Invoice], expand: Sequence[str]) -> list[dict[str, Any]]:
    """Return invoices, each with what `expand` names."""
    codes = owned_invoices.codes({each.initiator_id for each in rows})
    answers = [serializers.invoice(each, codes[each.initiator_id]) for each in rows]
    for name, expanded in EXPANSIONS.items():
        if name in expand:
            parts = expanded(rows)
            for each, answer in zip(rows, answers, strict=True):
                answer[name] = parts[each.id]
    return answers


def _lines(rows: Sequence[Invoice]) -> Parts:
    lines = owned_invoices.lines_of([each.id for each in rows])
    return {each.id: [serializers.line(line, each.currency) for line in lines[each.id]] for each in rows}


def _payments(rows: Sequence[Invoice]) -> Parts:
    paid = owned_invoices.payments_of([each.id for each in rows])
    found = {payment.id: payment for group in paid.values() for payment in group}
    shown = dict(zip(found, payments(list(found.values())), strict=True))
    return {each.id: [shown[payment.id] for payment in paid[each.id]] for each in rows}


def _events(rows: Sequence[Invoice]) -> Parts:
    events = owned_invoices.events_of([each.id for each in rows])
    return {each.id: [serializers.event(event) for event in events[each.id]] for each in rows}


# What `expand` may name, in the order in which it stands in an answer; each is read for all invoices at once.
EXPANSIONS: dict[str, Callable[[Sequence[Invoice]], Parts]] = {
    "lines": _lines,
    "payments": _payments,
    "events": _events,
}


def payments(rows: Sequence[Payment]) -> list[dict[str, Any]]:
    """Return payments with the numbers of their invoices."""
    numbers = owned_invoices.numbers({each.invoice_id for each in rows if each.invoice_id})
    return [serializers.payment(each, numbers.get(each.invoice_id or 0)) for each in rows]


def refunds(rows: Sequence[Refund]) -> list[dict[str, Any]]:
    """Return refunds with the payments they give back and the numbers of the invoices they go off."""
    of = owned_payments.of_refunds(rows)
    numbers = owned_invoices.numbers({each.invoice_id for each in rows if each.invoice_id})
    return [serializers.refund(each, of[each.payment_id], numbers.get(each.invoice_id or 0)) for each in rows]


def references(rows: Sequence[Reference]) -> list[dict[str, Any]]:
    """Return reference numbers with whose they are."""
    codes = owned_invoices.codes({each.initiator_id for each in rows})
    return [serializers.reference(each, codes[each.initiator_id]) for each in rows]


def endpoints(rows: Sequence[WebhookEndpoint]) -> list[dict[str, Any]]:
    """Return endpoints with whose they are."""
    codes = owned_invoices.codes({each.initiator_id for each in rows})
    return [serializers.endpoint(each, codes[each.initiator_id]) for each in rows]


def page(of: str, rows: list[dict[str, Any]], part: Slice[Any]) -> dict[str, Any]:
    """Return a part of the list called `of`, and where it goes on."""
    return {"data": rows, "next_cursor": seal_newest(of, part.after)}
