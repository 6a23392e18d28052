"""Booking: one ledger transaction per fact, balanced before it is written and again by the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from app.domain.ledger import account_kind, balanced
from app.models.ledger import LedgerAccount
from app.services.batched_writes import BOOKING, ENTRY, keep
from app.uow import process_memory, remember_after_commit, session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.ledger import Posting


# The fact and its sides in one round trip: every way money takes passes here (decisions.md 23).
POST = text("""
with booked as (
  insert into ledger_transaction (tenant_id, kind, dedupe_key, invoice_id, payment_id)
  values (:tenant_id, :kind, :dedupe_key, :invoice_id, :payment_id)
  returning id
), entries as (
  insert into ledger_entry (tenant_id, transaction_id, account_id, amount_minor, currency)
  select :tenant_id, booked.id, side.account_id, side.amount, side.currency
    from booked, unnest(cast(:accounts as bigint[]), cast(:amounts as bigint[]), cast(:currencies as text[]))
                 as side (account_id, amount, currency)
)
select id from booked
""")


ACCOUNTS = "ledger_accounts"  # what a process calls them in its memory


class Unbalanced(RuntimeError):
    """These postings do not add up to nothing."""


def post(
    kind: str,
    dedupe_key: str,
    postings: Sequence[Posting],
    *,
    invoice_id: int | None = None,
    payment_id: int | None = None,
    tenant_id: int,
) -> None:
    """Book the postings; where there is nothing to book, nothing happens.

    Raises Unbalanced, or the database's IntegrityError when this fact is booked already.
    """
    entries = [posting for posting in postings if posting.amount.minor]
    if not entries:
        return
    if not balanced(entries):
        raise Unbalanced(kind)
    accounts = account_ids([posting.account for posting in entries], tenant_id)
    booking = {
        "tenant_id": tenant_id,
        "kind": kind,
        "dedupe_key": dedupe_key,
        "invoice_id": invoice_id,
        "payment_id": payment_id,
    }
    if keep(BOOKING, booking):
        keep(ENTRY, *(_side(posting, accounts, booking) for posting in entries))
        return
    sides = {
        "accounts": [accounts[posting.account] for posting in entries],
        "amounts": [posting.amount.minor for posting in entries],
        "currencies": [posting.amount.currency for posting in entries],
    }
    session().execute(POST, booking | sides)


def _side(posting: Posting, accounts: dict[str, int], booking: dict[str, Any]) -> dict[str, Any]:
    return {
        "tenant_id": booking["tenant_id"],
        "dedupe_key": booking["dedupe_key"],
        "account_id": accounts[posting.account],
        "amount_minor": posting.amount.minor,
        "currency": posting.amount.currency,
    }


def account_ids(codes: Sequence[str], tenant_id: int) -> dict[str, int]:
    """Return the ids of these accounts, opening those that are not there yet.

    Accounts are never deleted, so a process remembers them once they are committed.
    """
    known: dict[tuple[int, str], int] = process_memory(ACCOUNTS)
    if all((tenant_id, code) in known for code in codes):
        return {code: known[tenant_id, code] for code in codes}
    with transaction():
        found = _found_or_opened(codes, tenant_id)
        remember_after_commit(ACCOUNTS, {(tenant_id, code): account_id for code, account_id in found.items()})
    return found


def _found_or_opened(codes: Sequence[str], tenant_id: int) -> dict[str, int]:
    wanted = sorted(set(codes))
    found = _existing(wanted, tenant_id)
    missing = [code for code in wanted if code not in found]
    if missing:
        session().execute(
            upsert(LedgerAccount)
            .values([{"tenant_id": tenant_id, "code": code, "kind": account_kind(code)} for code in missing])
            .on_conflict_do_nothing()
        )
        found = _existing(wanted, tenant_id)
    return found


def _existing(codes: Sequence[str], tenant_id: int) -> dict[str, int]:
    rows = session().execute(
        select(LedgerAccount.code, LedgerAccount.id).where(
            LedgerAccount.tenant_id == tenant_id, LedgerAccount.code.in_(codes)
        )
    )
    return {row.code: row.id for row in rows}
