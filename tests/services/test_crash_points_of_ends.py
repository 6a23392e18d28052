"""A process dies while a page expires, a dispute or a status is passed on, somebody signs in (reliability.md 4.7)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from app.domain.ports import Identity
from app.jobs.outbox import work_queue
from app.services import disputes, janitor, operator_sessions, white_list
from app.services.dispute_transitions import DisputeRefused
from app.services.timeline import Actor
from tests.services.test_crash_points import Flow, die_anywhere, good

if TYPE_CHECKING:
    from tests.system import System

MARY = Actor("operator", "mary")


def _left(system: System) -> tuple[int, str]:
    number = system.invoice("auction")
    reference = system.one_off(number, "auction")
    older = "created_at = now() - interval '25 hours', next_check_at = now() - interval '1 second'"
    system.sql(f"update payment set {older} where external_id = :r", r=reference)
    return number, reference


def _look(system: System, _left: tuple[int, str]) -> None:
    with system.app.app_context():
        janitor.poll_open_payments()
        work_queue("money")


def _is_expired(system: System, prepared: tuple[int, str]) -> bool:
    number, reference = prepared
    status = system.scalar("select status from payment where external_id = :r", r=reference)
    told = "select count(*) from event e join payment p on p.id = e.payment_id where p.external_id = :r and e.kind = :k"
    once = system.scalar(told, r=reference, k="payment.expired") == 1
    return once and status == "expired" and system.status(number) == "unpaid"


def _disputed(system: System) -> tuple[int, int]:
    number, reference = system.settle("auction")
    payment_id = int(system.scalar("select id from payment where external_id = :r", r=reference))
    with system.app.app_context():
        return number, disputes.open_dispute(payment_id, 12000, reason="x", actor=MARY)


def _lose(system: System, prepared: tuple[int, int]) -> None:
    with system.app.app_context(), suppress(DisputeRefused):  # it is lost already
        disputes.lose(prepared[1], actor=MARY)


def _is_lost(system: System, prepared: tuple[int, int]) -> bool:
    number, dispute_id = prepared
    row = system.rows(
        "select d.status, p.lost_minor from dispute d join payment p on p.id = d.payment_id where d.id = :d",
        d=dispute_id,
    )[0]
    return (row.status, row.lost_minor, system.status(number)) == ("lost", 12000, "chargeback")


def _pass_on(system: System, number: int) -> None:
    key = system.scalar("select id from invoice where number = :n", n=number)
    good(system.call("auction", "/invoice/invoice_synchronize", {"id": key, "status": "cancelled"}, method="PATCH"))


def _is_passed_on(system: System, number: int) -> bool:
    there = system.service("auction").invoice(str(number))
    return there is not None and there["status"] == "cancelled" and system.status(number) == "unpaid"


def _listed(system: System) -> str:
    subject = f"EE{60_001_010_000 + system.scalar('select count(*) from white_code')}"
    with system.app.app_context():
        white_list.add(subject, role="viewer")
    return subject


def _sign_in(system: System, subject: str) -> None:
    with system.app.app_context():
        who = Identity(subject, "Mary", "Test", "high")
        operator_sessions.open_session(who, ip="127.0.0.1", user_agent="test")


def _is_in(system: System, subject: str) -> bool:
    """Whoever died on the way tried again: a session for each time it was opened, and each is on the timeline."""
    of = "from operator_session s join operator o on o.id = s.operator_id where o.subject = :s and s.ended_at is null"
    sessions = system.scalar(f"select count(*) {of}", s=subject)
    told = "select count(*) from event e join operator o on o.id::text = e.actor where o.subject = :s and e.kind = :k"
    opened = system.scalar(told, s=subject, k="operator.session.opened")
    return bool(sessions in {1, 2} and sessions == opened)


FLOWS = [
    Flow("a page expires", _left, _look, _is_expired),
    Flow("a dispute is lost", _disputed, _lose, _is_lost, again=True),
    Flow("a status is passed on", lambda system: system.invoice("auction"), _pass_on, _is_passed_on, again=True),
    Flow("somebody signs in", _listed, _sign_in, _is_in, again=True),
]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name.replace(" ", "-"))
def test_a_process_may_die_anywhere(system: System, flow: Flow) -> None:
    die_anywhere(system, flow)
