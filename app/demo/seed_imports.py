"""What a service brought along from the system before: bulk payments, deposits and others, by the import's own COPY."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

from app.domain.deposit import DepositOf
from app.domain.money import Money, format_amount
from app.services import imports
from app.services.imports import EVERYPAY, Importer, Incoming
from app.services.timeline import Actor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

GROUP = 10
MOST_GROUPS = 200
LEAST_INVOICES = 200  # below this a seed shows every status and nothing else
ONE_IN = 500
CURRENCY = "EUR"


def many(invoices: int) -> int:
    """Return how many of so many invoices are brought along."""
    if invoices < LEAST_INVOICES:
        return 0
    return GROUP * min(MOST_GROUPS, max(1, invoices // ONE_IN))


def bring(seed: int, numbers: range, initiators: dict[str, int], until: datetime, account: str) -> int:
    """Take the invoices with these numbers in, as one import, in the caller's transaction; return how many."""
    if not numbers:
        return 0
    importer = Importer(1, Actor("system"), "legacy", initiators)
    teller = _Teller(Random(f"{seed}/brought/{numbers.start}"), until, account)
    groups = [numbers[first : first + GROUP] for first in range(0, len(numbers), GROUP)]
    return imports.take_invoices(importer, (each for group in groups for each in teller.group(group))).added


class _Teller:
    """Invents groups of ten: a bulk payment with three members, three deposits, three others."""

    def __init__(self, dice: Random, until: datetime, account: str) -> None:
        self.dice, self.until, self.account = dice, until, account

    def group(self, numbers: range) -> Iterator[Incoming]:
        """Yield the invoices of one group."""
        parent, *members = numbers[:4]
        amounts = [100 * self.dice.randrange(5, 300) for _ in members]
        text = " ".join(map(str, members))
        yield self._paid(parent, sum(amounts), kind="bulk", description=text)
        at = self._day()
        for number, minor in zip(members, amounts, strict=True):
            yield self._of(number, minor, "paid", at, gateway=EVERYPAY, account=self.account, paid_by=parent)
        for number, word in zip(numbers[4:7], ("paid", "unpaid", "refunded"), strict=True):
            yield self._deposit(number, word)
        for number, word in zip(numbers[7:], ("paid", "overdue", "cancelled"), strict=True):
            yield self._of(number, 100 * self.dice.randrange(10, 900), word, self._day(), initiator="registry")

    def _deposit(self, number: int, word: str) -> Incoming:
        who = DepositOf(f"hoius{number % 100_000}.ee", f"seed-user-{number}", f"user{number}@users.example")
        minor = 100 * self.dice.choice((150, 500, 1500))
        more: dict[str, Any] = {"kind": "auction_deposit", "description": str(who), "deposit": who}
        if word == "unpaid":
            return self._of(number, minor, word, self._day(), **more)
        return self._paid(number, minor, word, **more)

    def _paid(self, number: int, minor: int, word: str = "paid", **more: Any) -> Incoming:
        """Return an invoice that was paid at the gateway, with what that said last."""
        reference = f"{self.dice.getrandbits(256):064x}"
        amount = Decimal(format_amount(Money(minor, CURRENCY)))  # the gateway says numbers
        said = {
            "payment_reference": reference,
            "payment_state": "refunded" if word == "refunded" else "settled",
            "payment_method": self.dice.choice(("card", "seb_ob_ee")),
            "initial_amount": amount,
            "standing_amount": Decimal("0.00") if word == "refunded" else amount,
            "account_name": self.account,
        }
        at_gateway: dict[str, Any] = {
            "gateway": EVERYPAY,
            "account": self.account,
            "external_id": reference,
            "snapshot": said,
        }
        return self._of(number, minor, word, self._day(), **at_gateway, **more)

    def _of(self, number: int, minor: int, word: str, at: datetime, **more: Any) -> Incoming:
        values: dict[str, Any] = {"initiator": "auction", "created_at": at - timedelta(days=2), **more}
        return Incoming(
            position=number,
            number=number,
            total=Money(minor, CURRENCY),
            word=word,
            occurred_at=at,
            **values,
        )

    def _day(self) -> datetime:
        """Return a moment more than a month ago, when the system before was still there."""
        return self.until - timedelta(days=self.dice.randrange(40, 700), minutes=self.dice.randrange(1440))
