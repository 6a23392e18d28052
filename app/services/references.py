"""Reference numbers for payers: random, checked by 7-3-1, unique by the database (eis.md 5.9, 7.4)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import Conflict, Invalid
from app.domain.reference import with_check_digit
from app.models.account import Account
from app.models.initiator import Initiator
from app.models.reference import Reference
from app.uow import retried, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.services.initiators import Caller

LOWEST_BASE = 100_000
BASES = 900_000
TRIES = 200


class ReferencesExhausted(Conflict):
    """No unused reference number was found; nearly all 900,000 are taken."""


@retried
def create(caller: Caller, initiator_code: str, owner: str | None, email: str | None) -> str:
    """Return a new seven-digit reference number that belongs to a new account of the initiator.

    Raises Invalid when the initiator is not one the caller speaks for, ReferencesExhausted when none is left.
    """
    if initiator_code not in caller.codes:
        raise Invalid.field("initiator", f"must be one of: {', '.join(caller.codes)}")
    with transaction() as tx:
        initiator_id = tx.scalars(
            select(Initiator.id).where(Initiator.code == initiator_code, Initiator.tenant_id == caller.tenant_id)
        ).one()
        account = Account(tenant_id=caller.tenant_id, initiator_id=initiator_id, name=owner or "", email=email or "")
        tx.add(account)
        tx.flush()
        return _take(tx, account, owner, email)


def _take(tx: Session, account: Account, owner: str | None, email: str | None) -> str:
    for _ in range(TRIES):
        number = with_check_digit(str(LOWEST_BASE + secrets.randbelow(BASES)))
        taken = tx.execute(
            insert(Reference)
            .values(
                tenant_id=account.tenant_id,
                number=number,
                initiator_id=account.initiator_id,
                account_id=account.id,
                owner=owner,
                email=email,
            )
            .on_conflict_do_nothing()
            .returning(Reference.number)
        ).scalar_one_or_none()
        if taken is not None:
            return taken
    raise ReferencesExhausted
