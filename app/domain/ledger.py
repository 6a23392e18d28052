"""Posting rules: which accounts every movement touches. Debits are positive, credits negative (decisions.md 19).

receivables:<initiator>  what payers owe on invoices of this service
invoiced:<initiator>     the other side of what was invoiced for this service
clearing:<gateway>       what the gateway holds for us until it pays out; of `bank`: what our own account has
credit:<initiator>       money received that belongs to no invoice yet: owed to the payer
outside:<initiator>      money the service itself reports as received
losses                   money lost in disputes
fees:<gateway>           what the gateway keeps
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.money import Money, sum_money

if TYPE_CHECKING:
    from collections.abc import Iterable


_KINDS = {
    "receivables": "asset",
    "clearing": "asset",
    "outside": "asset",
    "bank": "asset",
    "credit": "liability",
    "invoiced": "income",
    "fees": "expense",
    "losses": "expense",
}


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of a booking."""

    account: str
    amount: Money


Postings = tuple[Posting, ...]


def account_kind(code: str) -> str:
    """Return asset, liability, income or expense for an account code. Raises KeyError for an unplanned one."""
    return _KINDS[code.partition(":")[0]]


def balanced(postings: Iterable[Posting]) -> bool:
    """Return whether the postings add up to zero in every currency."""
    sums: dict[str, int] = {}
    for posting in postings:
        sums[posting.amount.currency] = sums.get(posting.amount.currency, 0) + posting.amount.minor
    return not any(sums.values())


def issued(initiator: str, total: Money) -> Postings:
    """Return the postings of a new invoice: the payer owes its total."""
    return (Posting(f"receivables:{initiator}", total), Posting(f"invoiced:{initiator}", -total))


def repriced(initiator: str, before: Money, after: Money) -> Postings:
    """Return the postings of a changed total: only the difference."""
    return issued(initiator, after - before)


def cancelled(initiator: str, open_amount: Money) -> Postings:
    """Return the postings of a cancelled invoice: nobody owes it any more."""
    return issued(initiator, -open_amount)


def credited(initiator: str, open_amount: Money, held: Iterable[tuple[str, Money]]) -> Postings:
    """Return the postings of a credit note: what nobody owes any more, and what is the payer's.

    `held` is money that came already, with the service whose payers' credit it becomes.
    """
    given = tuple(held)
    whole = sum_money((open_amount, *(amount for _of, amount in given)), open_amount.currency)
    return (
        Posting(f"invoiced:{initiator}", whole),
        Posting(f"receivables:{initiator}", -open_amount),
        *(Posting(f"credit:{of}", -amount) for of, amount in given),
    )


def received(gateway: str, initiator: str, allocated: Money, surplus: Money) -> Postings:
    """Return the postings of money at a gateway: what the invoice took, and what is left is the payer's credit."""
    return (
        Posting(f"clearing:{gateway}", allocated + surplus),
        Posting(f"receivables:{initiator}", -allocated),
        Posting(f"credit:{initiator}", -surplus),
    )


def reported_by_service(initiator: str, amount: Money) -> Postings:
    """Return the postings of money the service says it has received itself."""
    return (Posting(f"outside:{initiator}", amount), Posting(f"receivables:{initiator}", -amount))


def refunded_by_service(initiator: str, amount: Money) -> Postings:
    """Return the postings of money the service says it has given back itself: the sale is taken back by as much."""
    return (Posting(f"invoiced:{initiator}", amount), Posting(f"outside:{initiator}", -amount))


def refunded(gateway: str, initiator: str, amount: Money) -> Postings:
    """Return the postings of money that went back to the payer: the sale is taken back by as much."""
    return (Posting(f"invoiced:{initiator}", amount), Posting(f"clearing:{gateway}", -amount))


def credit_refunded(gateway: str, initiator: str, amount: Money) -> Postings:
    """Return the postings of a payer's credit given back."""
    return (Posting(f"credit:{initiator}", amount), Posting(f"clearing:{gateway}", -amount))


def charged_back(gateway: str, amount: Money) -> Postings:
    """Return the postings of a lost dispute: the money is gone and nobody owes it."""
    return (Posting("losses", amount), Posting(f"clearing:{gateway}", -amount))


def credit_applied(initiator: str, amount: Money) -> Postings:
    """Return the postings of a payer's credit used for an invoice."""
    return (Posting(f"credit:{initiator}", amount), Posting(f"receivables:{initiator}", -amount))


def fee(gateway: str, amount: Money) -> Postings:
    """Return the postings of what the gateway keeps."""
    return (Posting(f"fees:{gateway}", amount), Posting(f"clearing:{gateway}", -amount))
