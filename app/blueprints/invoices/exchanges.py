"""What was said between us and the outside about one invoice, message by message, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.domain.covering import cover_text
from app.web import document_words, inbox_words, words
from app.web.delivery_words import delivery_kind
from app.web.filters import shortened
from app.web.masking import pretty
from app.web.service_names import called, service
from app.web.state_words import state_word
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.models.document import OutgoingDocument
    from app.models.inbox import InboxMessage
    from app.models.outbox import OutboxRow
    from app.models.payment import Payment
    from app.queries.one_invoice import InvoiceDetail


IN, OUT = "in", "out"
EMPTY = "\N{EN DASH}"


class Part(NamedTuple):
    """A named piece of text, covered and indented."""

    title: str
    text: str


class Exchange(NamedTuple):
    """One message or one call: which way it went, with whom, and what was said."""

    at: datetime
    direction: str
    title: str
    summary: str
    parts: list[Part]
    of: str


def exchanges(found: InvoiceDetail, documents: Sequence[OutgoingDocument]) -> list[Exchange]:
    """Return all exchanges, newest first; `of` names the payment, delivery or document each belongs to."""
    payments = {each.external_id: f"payment-{each.id}" for each in found.payments if each.external_id}
    said = [_message(each, payments.get(each.external_id or "", "")) for each in found.messages]
    said += [_delivery(each) for each in found.deliveries]
    said += [_snapshot(each) for each in found.payments if each.snapshot]
    said += [_document(each, service(found.service.name)) for each in documents]
    return sorted(said, key=lambda each: each.at, reverse=True)


def _message(each: InboxMessage, of: str) -> Exchange:
    kind = inbox_words.inbox_kind(each.kind)
    title = _("%(gateway)s called: %(kind)s", gateway=words.gateway(each.source), kind=kind)
    outcome = inbox_words.outcome(each.outcome) if each.outcome else _("not looked into yet")
    parts = [Part(_("Message"), pretty(each.raw) or EMPTY), Part(_("Headers"), pretty(each.headers))]
    return Exchange(each.created_at, IN, title, outcome, parts, of)


def _snapshot(each: Payment) -> Exchange:
    title = _(
        "%(gateway)s answered about payment %(reference)s",
        gateway=words.gateway(each.gateway),
        reference=shortened(each.external_id or "?"),
    )
    parts = [Part(_("Answer"), pretty(each.snapshot))]
    return Exchange(each.updated_at, IN, title, state_word(each.provider_state or ""), parts, f"payment-{each.id}")


def _document(each: OutgoingDocument, service: str) -> Exchange:
    title = _("%(service)s asked for: %(document)s", service=service, document=document_words.document_kind(each.kind))
    state = str(document_words.document_word(each.state).label)
    return Exchange(
        each.created_at, IN, title, state, [Part(_("Document"), pretty(each.payload))], f"document-{each.id}"
    )


def _delivery(each: OutboxRow) -> Exchange:
    to = called(str(each.payload.get("initiator", "")))
    title = _("%(notice)s to %(service)s", notice=delivery_kind(each.kind), service=to)
    parts = [Part(_("We said"), pretty(each.payload.get("body", each.payload)))]
    if each.answer_body:
        parts.append(Part(_("Answer"), pretty(each.answer_body)))
    if each.last_error and each.state != "done":
        parts.append(Part(_("Last fault"), cover_text(each.last_error)))
    return Exchange(each.done_at or each.created_at, OUT, title, _delivery_summary(each), parts, f"delivery-{each.id}")


def _delivery_summary(each: OutboxRow) -> str:
    if each.answer_status is None:
        return str(words.delivery_word(each.state).label)
    return _("%(status)s in %(ms)s ms", status=each.answer_status, ms=each.answer_ms or 0)
