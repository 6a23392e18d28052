"""A person sets the status of one invoice: its owner is asked first, and only what it takes is done here (eis.md 8.5).

The owner moves real balances when it hears `paid`, so nothing is changed here before it agreed. Who asked and why
stands on the timeline before the owner is asked: a process killed in between leaves a trace, and its step is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.domain.bulk_action import FOLLOWS, WORD, Skip, Subject, judge
from app.domain.errors import Outcome, ProviderFailure
from app.domain.invoice import EIS_WORD, InvoiceStatus
from app.domain.task import TaskKind
from app.models.event import Event
from app.models.payment import Payment
from app.queries.invoice_filter import today_of
from app.services import cancellation, notices, reviews, timeline
from app.services.invoice_status import lock, recompute
from app.services.reported_payments import settle_reported
from app.uow import transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.domain.ports import Answer, InitiatorClient
    from app.models.invoice import Invoice
    from app.services.timeline import Actor

REFUSED, NO_ANSWER, UNCLEAR, CHANGED_MEANWHILE = "refused", "no_answer", "unclear", "changed_meanwhile"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one invoice: done, skipped or failed, why as a code, and the service's own words."""

    verdict: str
    code: str = ""
    detail: str = ""


DONE = Verdict("done")


def skipped(why: Skip) -> Verdict:
    """Return that an invoice was left as it is."""
    return Verdict("skipped", why)


@dataclass(frozen=True, slots=True)
class Change:
    """Who wants which status for an invoice, in which task, and why."""

    tenant_id: int
    task_id: int
    invoice_id: int
    action: TaskKind
    actor: Actor
    reason: str


def change(wish: Change, initiators: InitiatorClient) -> Verdict:
    """Ask the owner, then do it here; repeating it is safe. Never raises for what the outside does."""
    with transaction() as tx:
        invoice = lock(tx, wish.invoice_id)
        service = notices.initiator_code(invoice.initiator_id)
        obstacle = hindrance(tx, invoice, service, wish.action)
        asked_before = _was_asked(tx, wish)
        if obstacle is not None:
            return DONE if asked_before and obstacle is Skip.ALREADY else skipped(obstacle)
        timeline.record(
            "status.change.asked",
            actor=wish.actor,
            invoice_id=invoice.id,
            reason=wish.reason,
            data={"to": WORD[wish.action], "from": invoice.status, "task": wish.task_id},
            tenant_id=invoice.tenant_id,
        )
        if service not in FOLLOWS:
            _apply(tx, invoice, wish)
            return DONE
        body = _body(tx, invoice, service, WORD[wish.action])
    try:
        answer = initiators.synchronise(service, body)
    except ProviderFailure as failure:
        return _failed(wish, service, failure, asked_before=asked_before)
    _record(wish, service, answer)
    return _follow(wish, service)


def hindrance(tx: Session, invoice: Invoice, service: str, action: TaskKind) -> Skip | None:
    """Return why a locked invoice cannot take this status now."""
    found = judge(action, Subject(service, invoice.kind, InvoiceStatus(invoice.status)))
    if found is not None:
        return found
    if action is TaskKind.MARK_UNPAID:
        return Skip.STILL_DUE if invoice.due_on is not None and invoice.due_on < today_of() else None
    return Skip.MONEY_ON_ITS_WAY if cancellation.money_on_its_way(tx, invoice.id) else None


def _follow(wish: Change, service: str) -> Verdict:
    """Do here what the owner has taken; what came in between is a question for a person."""
    with transaction() as tx:
        invoice = lock(tx, wish.invoice_id)
        if EIS_WORD[InvoiceStatus(invoice.status)] == WORD[wish.action]:
            return DONE  # the owner has reported it while it answered (decisions.md 27)
        obstacle = hindrance(tx, invoice, service, wish.action)
        if obstacle is None:
            _apply(tx, invoice, wish)
            return DONE
        _ask(
            wish,
            f"{service} took the status {WORD[wish.action]}, but here the invoice became {invoice.status} meanwhile",
        )
        return Verdict("failed", CHANGED_MEANWHILE)


def _was_asked(tx: Session, wish: Change) -> bool:
    """Return whether this very task has asked the owner before, and did not live to hear the answer."""
    before = select(Event.id).where(
        Event.invoice_id == wish.invoice_id,
        Event.kind == "status.change.asked",
        Event.data["task"].as_integer() == wish.task_id,
    )
    return tx.scalar(before.limit(1)) is not None


def _refused(wish: Change, service: str, why: str, *, asked_before: bool) -> Verdict:
    """Return the refusal; after an answer that was lost it may only mean that it was done the first time."""
    if not asked_before:
        return Verdict("failed", REFUSED, why)
    with transaction():
        _ask(
            wish,
            f"{service} was asked to set this invoice to {WORD[wish.action]}, its answer was lost, and it refuses the "
            "repeat: look there which status it has",
        )
    return Verdict("failed", UNCLEAR, why)


def _ask(wish: Change, sentence: str) -> None:
    reviews.ask(
        "status.unclear",
        f"task:{wish.task_id}:{wish.invoice_id}",
        sentence,
        invoice_id=wish.invoice_id,
        evidence={"to": WORD[wish.action], "task": wish.task_id},
        tenant_id=wish.tenant_id,
    )


def _apply(tx: Session, invoice: Invoice, wish: Change) -> None:
    match wish.action:
        case TaskKind.CANCEL:
            cancellation.cancel(tx, invoice, wish.actor, wish.reason)
        case TaskKind.MARK_PAID:
            settle_reported(tx, invoice, wish.actor, account=str(wish.actor), by="marked")
        case _:
            invoice.overdue_at = None
            invoice.last_charge_error = None
            recompute(invoice)
            timeline.record(
                "invoice.reopened",
                actor=wish.actor,
                invoice_id=invoice.id,
                reason=wish.reason,
                tenant_id=invoice.tenant_id,
            )


def _body(tx: Session, invoice: Invoice, service: str, word: str) -> dict[str, Any]:
    latest = (
        select(Payment)
        .where(Payment.invoice_id == invoice.id, Payment.external_id.is_not(None))
        .order_by(Payment.completed_at.desc().nulls_last(), Payment.id.desc())
        .limit(1)
    )
    return notices.synchronise_body(invoice, tx.scalars(latest).one_or_none(), service, word)


def _failed(wish: Change, service: str, failure: ProviderFailure, *, asked_before: bool) -> Verdict:
    refused = failure.outcome is Outcome.REFUSED and failure.permanent
    with transaction():
        timeline.record(
            "initiator.refused" if refused else "initiator.notice.unknown",
            actor=wish.actor,
            invoice_id=wish.invoice_id,
            reason=failure.detail[:200],
            data={"initiator": service, "kind": notices.SYNCHRONISE, "said": WORD[wish.action]},
            tenant_id=wish.tenant_id,
        )
        if failure.may_have_been_executed:
            _ask(
                wish,
                f"{service} was asked to set this invoice to {WORD[wish.action]} and did not answer: look there which "
                "status it has",
            )
            return Verdict("failed", UNCLEAR, failure.detail[:200])
    if refused:
        return _refused(wish, service, failure.detail[:200], asked_before=asked_before)
    return Verdict("failed", NO_ANSWER, failure.detail[:200])


def _record(wish: Change, service: str, answer: Answer) -> None:
    data = {"initiator": service, "kind": notices.SYNCHRONISE, "said": WORD[wish.action]}
    with transaction():
        timeline.record(
            "initiator.notified",
            actor=wish.actor,
            invoice_id=wish.invoice_id,
            data=data | {"status": answer.status, "ms": answer.elapsed_ms},
            tenant_id=wish.tenant_id,
        )
