"""A deposit for taking part in an auction: whose, for which domain, and what became of it (eis.md 3.6, 5.4, 5.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import Invalid

# Every part is one word without a comma, because both stand between the parts.
_GRAMMAR = re.compile(
    r"auction_deposit (?P<domain>[^\s,]{1,255}), ?user_uuid (?P<user_uuid>[^\s,]{1,100}), ?"
    r"user_email (?P<user_email>[^\s,]{1,320})"
)


class DepositStatus(StrEnum):
    """What the auction says of a deposit; billing itself says only that it was paid."""

    PREPAYMENT = "prepayment"
    PAID = "paid"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class DepositOf:
    """Who deposits for which domain."""

    domain: str
    user_uuid: str
    user_email: str

    def __str__(self) -> str:
        """Return the description as the auction writes it."""
        return f"auction_deposit {self.domain}, user_uuid {self.user_uuid}, user_email {self.user_email}"


def parse(description: str) -> DepositOf:
    """Return who deposits for what. Raises Invalid naming `description`."""
    found = _GRAMMAR.fullmatch(description.strip())
    if found is None:
        raise Invalid.field(
            "description", "must be: auction_deposit <domain>, user_uuid <uuid>, user_email <mail address>"
        )
    return DepositOf(found["domain"], found["user_uuid"], found["user_email"])
