"""What tests of refunds say in one word: ask, send, look, and what the gateway's own books say."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.extensions import db
from app.integrations import current
from app.services import proofs, refund_calls, refunds, sealing
from app.services.refunds import RefundOrder, RequestedRefund
from app.services.timeline import Actor

if TYPE_CHECKING:
    from app.domain.refund import RefundStatus
    from tests.system import System

MARY = Actor("operator", "mary")
JAAN = Actor("operator", "jaan")
AUCTION = Actor("initiator", "auction")


def payment_id(system: System, reference: str) -> int:
    return int(system.scalar("select id from payment where external_id = :r", r=reference))


def order(system: System, reference: str, minor: int | None = None, key: str = "1", **more: Any) -> RefundOrder:
    return RefundOrder(payment_id(system, reference), minor, "the payer asked", key, **more)


def ask(system: System, wanted: RefundOrder, actor: Actor = MARY) -> RequestedRefund:
    with system.app.app_context():
        return refunds.request(wanted, actor=actor)


def send(system: System, refund_id: int) -> RefundStatus:
    with system.app.app_context():
        try:
            return refund_calls.execute(refund_id, current().everypay)
        finally:
            db.session.remove()


def status(system: System, refund_id: int) -> str:
    return str(system.scalar("select status from refund where id = :i", i=refund_id))


def went_back(system: System, reference: str) -> list[Decimal]:
    moves = [each for each in system.shop.store.all("movement") if each["payment_reference"] == reference]
    return [Decimal(each["amount"]) for each in moves if each["kind"] == "refunded"]


def assert_sound(system: System) -> None:
    with system.app.app_context():
        sealing.seal()
        report = proofs.verify()
    assert report.holds, str(report)


def watch(system: System) -> None:
    system.sql("update refund set next_check_at = now() - interval '1 second' where next_check_at is not null")
    with system.app.app_context():
        refund_calls.watch()
    system.drain()


def questions(system: System, reference: str) -> list[tuple[str, str | None]]:
    """Return what a person was asked about a payment, and the answers."""
    rows = system.rows(
        "select kind, resolution from review_item where payment_id = :p order by id", p=payment_id(system, reference)
    )
    return [(row.kind, row.resolution) for row in rows]
