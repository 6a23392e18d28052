"""Invented stories that are written together, with what their rows refer to and what is booked for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from app.domain import ledger as books
from app.domain.money import Money, format_amount
from app.domain.payment import PaymentStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from app.demo.seed_story import Story, Try
    from app.domain.ledger import Postings

Row = tuple[Any, ...]
CURRENCY = "EUR"
GONE = {PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.CHARGED_BACK}


class Booking(NamedTuple):
    """One ledger transaction."""

    id: int
    kind: str
    key: str
    story: Story
    payment_id: int | None
    at: datetime
    postings: Postings


@dataclass(slots=True)
class Chunk:
    """Stories that are written together, and what their rows refer to."""

    stories: list[Story]
    initiators: dict[str, int]
    lanes: dict[str, int]
    ledger_accounts: dict[str, int]
    range_id: int
    gateway_account: str
    bookings: list[Booking] = field(default_factory=list)

    def tries(self) -> Iterator[tuple[Story, Try]]:
        """Yield each try with its story."""
        return ((story, each) for story in self.stories for each in story.tries)

    def paid(self) -> Iterator[tuple[Story, Try]]:
        """Yield each try whose money went to its invoice."""
        return ((story, each) for story, each in self.tries() if each.allocated)


def amount(minor: int) -> str:
    """Return an amount as texts say it."""
    return format_amount(Money(minor, CURRENCY))


def bookings_of(story: Story) -> Iterator[Booking]:
    """Yield what is booked for a story, without ids."""
    code, total = story.payer.code, Money(story.total, CURRENCY)
    if story.issued and story.total:
        key = f"invoice:{story.id}:issued"
        yield Booking(0, "invoice.issued", key, story, None, story.created_at, books.issued(code, total))
    for each in story.tries:
        if each.captured:
            yield Booking(
                0, "payment.received", f"payment:{each.id}:received", story, each.id, each.ended, _in(story, each)
            )
        if each.status in GONE and story.gone_at:
            gone = story.lost or each.refunded
            key = f"payment:{each.id}:{each.status}:{each.captured - gone}"
            yield Booking(0, f"payment.{each.status}", key, story, each.id, story.gone_at, _out(story, each, gone))
    if story.cancelled_at:
        key = f"invoice:{story.id}:cancelled"
        yield Booking(0, "invoice.cancelled", key, story, None, story.cancelled_at, books.cancelled(code, total))


def _in(story: Story, each: Try) -> Postings:
    code = story.payer.code
    given = Money(each.allocated, CURRENCY)
    if each.method == "reported":
        return books.reported_by_service(code, given)
    return books.received(each.gateway, code, given, Money(each.captured - each.allocated, CURRENCY))


def _out(story: Story, each: Try, gone: int) -> Postings:
    if story.lost:
        return books.charged_back(each.gateway, Money(gone, CURRENCY))
    return books.refunded(each.gateway, story.payer.code, Money(gone, CURRENCY))
