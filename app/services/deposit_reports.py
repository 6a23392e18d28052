"""What the auction reports of a deposit: paid, waiting, returned (eis.md 5.5). No money moves by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.deposit import DepositStatus
from app.domain.errors import Invalid, NotFound
from app.models.deposit import Deposit
from app.models.invoice import Invoice
from app.services import deposits, reviews, timeline
from app.services.invoice_status import lock
from app.services.timeline import Actor
from app.uow import retried, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.services.initiators import Caller

UNKNOWN_WORD = "Wrong invoice status  in Deposit Status Controller"  # the wire's own words (eis.md 5.5)


@retried
def change_status(caller: Caller, domain: str, user_uuid: str, word: str) -> None:
    """Note what the auction says of this user's deposit for this domain; the same word again changes nothing.

    Of several attempts it concerns the one that was paid, else the newest. Raises Invalid for a word that is none of
    the three; NotFound, with a question to a person, for a deposit that is unknown here or somebody else's.
    """
    if word not in set(DepositStatus):
        raise Invalid({"status": [UNKNOWN_WORD]})
    with transaction() as tx:
        deposit = _locked(tx, caller, domain, user_uuid)
        if deposit is not None:
            _note(deposit, DepositStatus(word), Actor("initiator", caller.code))
            return
        reviews.ask(
            "deposit.unknown",
            f"initiator:{caller.initiator_id}:{domain}:{user_uuid}",
            f"{caller.code} reports a deposit for {domain} of user {user_uuid} as {word}, and there is none here",
            evidence={"domain": domain, "user": user_uuid, "status": word},
            tenant_id=caller.tenant_id,
        )
    raise NotFound("deposit", f"{domain} {user_uuid}")


def _locked(tx: Session, caller: Caller, domain: str, user_uuid: str) -> Deposit | None:
    """Return the attempt that counts, its invoice locked first; both words are compared as they are."""
    found = tx.execute(
        select(Deposit.id, Deposit.invoice_id)
        .join(Invoice, Invoice.id == Deposit.invoice_id)
        .where(Deposit.initiator_id.in_(caller.owns), Deposit.domain == domain, Deposit.user_uuid == user_uuid)
        .order_by(Invoice.paid_at.desc().nulls_last(), Deposit.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    lock(tx, found.invoice_id)
    return tx.get_one(Deposit, found.id, populate_existing=True)


def _note(deposit: Deposit, status: DepositStatus, actor: Actor) -> None:
    before = deposit.status
    if before == status:
        return
    deposits.set_status(deposit, status)
    timeline.record(
        "deposit.reported",
        actor=actor,
        invoice_id=deposit.invoice_id,
        data={"before": before, "after": status},
        tenant_id=deposit.tenant_id,
    )
