"""Two tables: what we owe and who does it, what comes back by the clock and who does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

from app.domain import retry
from app.integrations import current
from app.models.webhook import SEND
from app.services import (
    anchors,
    closed_days,
    comparisons,
    competing_attempts,
    dispute_deadlines,
    idempotency,
    import_progress,
    inbox,
    janitor,
    letters,
    notices,
    overdue,
    proof_runs,
    refund_calls,
    refunds,
    schedule,
    sealing,
    search,
    skipped_numbers,
    task_steps,
    tasks,
    voids,
    webhook_delivery,
)
from app.services.delivery import BatchHandler, RowHandler
from app.services.refresh import give_up, refresh
from app.services.schedule import Periodic

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.config import Settings
    from app.integrations import Integrations
    from app.services.outbox import Claimed


def _refresh(row: Claimed, integrations: Integrations) -> None:
    settings: Settings = current_app.extensions["settings"]
    refresh(row.payload["reference_id"], integrations.everypay, settings.payment_poll_ladder_s)


def _give_up(row: Claimed) -> None:
    give_up(row.payload["reference_id"])


def _refund(row: Claimed, integrations: Integrations) -> None:
    refund_calls.execute(row.payload["refund_id"], integrations.everypay)


def _void(row: Claimed, integrations: Integrations) -> None:
    settings: Settings = current_app.extensions["settings"]
    voids.void_needless(row.payload["payment_id"], integrations.everypay, settings.payment_poll_ladder_s)


def _give_up_refund(row: Claimed) -> None:
    refund_calls.give_up(row.payload["refund_id"])


def _compare(row: Claimed, integrations: Integrations) -> None:
    comparisons.compare_part(row, integrations.everypay)


def _give_up_task(row: Claimed) -> None:
    tasks.give_up(row.payload["task_id"])


def _compare_gateways() -> None:
    comparisons.owe_comparisons([current().everypay.name])


def _by_clock(verb: Callable[[], object]) -> BatchHandler:
    return BatchHandler(schedule.finished, retry.BACKGROUND, before=verb)


PERIODIC: dict[Periodic, Callable[[], object]] = {
    Periodic("poll_open_payments", 15): janitor.poll_open_payments,
    Periodic("watch_refunds", 15): refund_calls.watch,
    Periodic("give_up_lost_attempts", 300): janitor.give_up_lost_attempts,
    Periodic("wake_stranded_references", 300): janitor.wake_stranded_references,
    Periodic("mark_overdue_invoices", 300): overdue.mark,
    Periodic("watch_passed_numbers", 300): skipped_numbers.watch,
    Periodic("warn_of_dispute_deadlines", 3600): dispute_deadlines.warn,
    Periodic("seal", 60): sealing.seal,
    Periodic("sweep_idempotency_keys", 3600): idempotency.sweep,
    Periodic("compare_gateways", 86_400): _compare_gateways,
    Periodic("close_days", 3600): closed_days.close,
    Periodic("expire_task_files", 600): tasks.expire,
    Periodic("end_lost_imports", 60): import_progress.end_lost,
    Periodic("anchor_the_chains", 86_400): anchors.drop,
    Periodic("prove_the_books", 86_400): proof_runs.ask_by_clock,
}

OUTBOX: dict[str, RowHandler | BatchHandler] = {
    inbox.REFRESH: RowHandler(_refresh, retry.PROVIDER_FETCH, given_up=_give_up),
    comparisons.COMPARE: RowHandler(_compare, retry.PROVIDER_FETCH, lease_s=300),
    competing_attempts.VOID: RowHandler(_void, retry.PROVIDER_FETCH),
    refunds.EXECUTE: RowHandler(_refund, retry.PROVIDER_FETCH, given_up=_give_up_refund),
    notices.PAYMENT_STATUS: RowHandler(
        notices.send_payment_status,
        retry.INITIATOR_NOTICE,
        after_unknown=notices.synchronise_instead,
        delivered=notices.delivered,
        given_up=letters.owe_about,
    ),
    notices.SYNCHRONISE: RowHandler(
        notices.send_synchronise, retry.INITIATOR_NOTICE, delivered=notices.delivered, given_up=letters.owe_about
    ),
    SEND: RowHandler(
        webhook_delivery.send,
        retry.INITIATOR_NOTICE,
        delivered=webhook_delivery.delivered,
        given_up=webhook_delivery.given_up,
    ),
    tasks.STEP: RowHandler(task_steps.step, retry.BACKGROUND, lease_s=120, given_up=_give_up_task),
    proof_runs.CHECK: RowHandler(
        proof_runs.check_part, retry.BACKGROUND, lease_s=proof_runs.LEASE_S, given_up=proof_runs.give_up
    ),
    letters.SEND: RowHandler(letters.send, retry.MAIL),
    search.INDEX: BatchHandler(search.index, retry.BACKGROUND),
    **{each.kind: _by_clock(verb) for each, verb in PERIODIC.items()},
}
