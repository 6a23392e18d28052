"""What tests of disputes and chargebacks say in one word."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from app.services import disputes
from tests.services.refunding import MARY, payment_id

if TYPE_CHECKING:
    from datetime import date

    from tests.system import System


def dispute(system: System, reference: str, minor: int = 10000, due: date | None = None) -> int:
    with system.app.app_context():
        return disputes.open_dispute(
            payment_id(system, reference), minor, reason="not as described", actor=MARY, evidence_due_on=due
        )


def hear(
    system: System, reference: str, state: str | None = None, standing: str = "0.00", event: str = "status_updated"
) -> None:
    if state is not None:
        system.pay(reference, state, standing=Decimal(standing))
    system.callback(reference, event)
    system.drain()


def clearing(system: System, reference: str) -> int:
    """Return what the books say the gateway holds of a payment."""
    return int(
        system.scalar(
            "select sum(e.amount_minor) from ledger_entry e join ledger_account a on a.id = e.account_id "
            "join ledger_transaction t on t.id = e.transaction_id where a.code like 'clearing:%' and t.payment_id = :p",
            p=payment_id(system, reference),
        )
    )


def payment_status(system: System, reference: str) -> str:
    return str(system.scalar("select status from payment where external_id = :r", r=reference))


def told(system: System, number: int) -> list[str]:
    rows = system.rows(
        "select o.payload->'body'->>'status' as word from outbox o join invoice i on i.id = o.invoice_id "
        "where i.number = :n and o.kind = 'initiator.invoice.synchronise' and o.state = 'done' order by o.id",
        n=number,
    )
    return [row.word for row in rows]
