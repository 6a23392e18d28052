"""How invented invoices end: everything follows from the dice, nothing from the moment or the machine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from app.demo.seed_story import Line, Payer, Story, Try
from app.domain.dispute import DisputeStatus
from app.domain.payment import PaymentStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

DUE = timedelta(days=28)
HOPELESS = timedelta(days=180)
VERDICT = timedelta(days=90)
ANSWER = timedelta(days=2)
TAX_FROM = ((date(2025, 7, 1), 24), (date(2024, 1, 1), 22), (date(2009, 7, 1), 20))  # Estonian VAT, percent


class Storyteller:
    """Tells one story after another; the same dice and payers tell the same ones."""

    def __init__(self, dice: Random, payers: dict[str, Sequence[Payer]], until: datetime) -> None:
        self.dice, self.payers, self.until = dice, payers, until

    def tell(self, number: int, created_at: datetime, ending: str | None = None) -> Story:
        """Return the story of one invoice; an ending that would lie ahead has not happened yet."""
        roll = self.dice.random
        code = self.dice.choices(SERVICES, SERVICE_SHARES)[0]
        payers = self.payers[code]
        payer = payers[int(roll() ** 2 * len(payers))]
        story = Story(number, payer, created_at, f"seed-{number}-{self.dice.getrandbits(64):016x}")
        story.lines = [Line(*each, _rate(payer, created_at)) for each in GOODS[code](self.dice)]
        story.total = sum(line.net + line.tax for line in story.lines)
        ENDINGS[ending or self.dice.choices(USUAL, SHARES)[0]](self, story)
        if story.issued and not (story.paid_at or story.cancelled_at) and created_at + DUE < self.until:
            story.overdue_at = created_at + DUE
        return story

    def pay(self, story: Story, at: datetime, status: PaymentStatus = PaymentStatus.COMPLETED) -> Try:
        """Add a try at the gateway that ended, or for an open one was last seen, at this moment."""
        by_link = self.dice.random() < 0.3  # noqa: PLR2004 - three in ten
        bank = self.dice.random() < 0.4  # noqa: PLR2004 - four in ten
        attempt = 1 + len(story.tries)
        made = Try(
            "linkpay" if by_link else "hosted",
            "everypay",
            status,
            story.total,
            at - timedelta(seconds=30 + int(self.dice.random() * 240)),
            at,
            attempt,
            STATES[status],
            "seb_ob_ee" if bank else "card",
            f"{self.dice.getrandbits(256):064x}",
            f"{story.token}-{attempt}",
        )
        story.tries.append(made)
        return made

    def settle(self, story: Story, at: datetime) -> Try | None:
        """Let the payer pay all of it at this moment, unless that lies ahead."""
        if at >= self.until:
            return None
        paid = self.pay(story, at)
        paid.captured = paid.allocated = story.total
        story.paid_at, story.error = at, None
        return paid

    def soon(self, story: Story) -> datetime:
        """Return when a payer pays: most the same day, some after weeks."""
        return story.created_at + timedelta(minutes=5 + 24_000 * self.dice.random() ** 4)


def _rate(payer: Payer, at: datetime) -> int | None:
    """Return the VAT rate of the day; payers abroad account for it themselves, deposits carry none."""
    if payer.code == "auction":
        return None
    return next(rate for since, rate in TAX_FROM if at.date() >= since) if payer.taxed else 0


def _settled(told: Storyteller, story: Story) -> None:
    told.settle(story, told.soon(story))


def _settled_late(told: Storyteller, story: Story) -> None:
    at = story.created_at + DUE + timedelta(days=40 * told.dice.random())
    if told.settle(story, at):
        story.overdue_at = story.created_at + DUE


def _failed(told: Storyteller, story: Story) -> None:
    at = told.soon(story)
    if at < told.until:
        told.pay(story, at, PaymentStatus.FAILED)
        story.error = "failed"


def _retried(told: Storyteller, story: Story) -> None:
    _failed(told, story)
    if story.tries:
        told.settle(story, story.tries[0].ended + timedelta(minutes=7))


def _reported(told: Storyteller, story: Story) -> None:
    paid = told.settle(story, told.soon(story))
    if paid:
        paid.method, paid.gateway, paid.gateway_method, paid.state = "reported", "service", None, ""
        paid.external_id = f"reported:{story.number}:1"


def _for_nothing(_told: Storyteller, story: Story) -> None:
    for line in story.lines:
        line.price = 0
    story.total, story.paid_at = 0, story.created_at


def _paid_twice(told: Storyteller, story: Story) -> None:
    first = told.settle(story, told.soon(story))
    if first and first.ended + timedelta(hours=1) < told.until:
        again = told.pay(story, first.ended + timedelta(hours=1))
        again.captured = story.total


def _given_back(told: Storyteller, story: Story, share: int, status: PaymentStatus) -> None:
    paid = told.settle(story, told.soon(story))
    at = told.soon(story) + timedelta(days=1)
    if paid and max(at, paid.ended) + timedelta(hours=2) < told.until:
        story.gone_at = max(at, paid.ended) + timedelta(hours=2)
        paid.refunded, paid.status, paid.state = story.total // share, status, STATES[status]


def _refunded(told: Storyteller, story: Story) -> None:
    _given_back(told, story, 1, PaymentStatus.REFUNDED)


def _partly_refunded(told: Storyteller, story: Story) -> None:
    _given_back(told, story, 4, PaymentStatus.PARTIALLY_REFUNDED)


def _protested(told: Storyteller, story: Story) -> None:
    """Let the payer's bank ask for the money; it decides for us within three months."""
    paid = told.settle(story, told.soon(story))
    if paid and paid.ended + timedelta(hours=9) < told.until:
        story.gone_at = paid.ended + timedelta(hours=9)
        is_open = story.gone_at > told.until - VERDICT
        story.dispute = DisputeStatus.UNDER_REVIEW if is_open else DisputeStatus.WON
        story.answered_at = min(story.gone_at + ANSWER, told.until)
        story.verdict_at = None if is_open else story.gone_at + VERDICT


def _charged_back(told: Storyteller, story: Story) -> None:
    paid = told.settle(story, told.soon(story))
    if paid and paid.ended + timedelta(hours=9) < told.until:
        story.gone_at, story.dispute = paid.ended + timedelta(hours=9), DisputeStatus.LOST
        story.verdict_at = story.gone_at
        paid.status, paid.state = PaymentStatus.CHARGED_BACK, STATES[PaymentStatus.CHARGED_BACK]


def _partly_paid(told: Storyteller, story: Story) -> None:
    at = told.soon(story)
    if at < told.until:
        part = told.pay(story, at)
        part.method, part.gateway, part.gateway_method, part.state = "bank_transfer", "bank", None, "booked"
        part.amount = part.captured = part.allocated = story.total // 2


def _pending(told: Storyteller, story: Story) -> None:
    """Leave the payer at the page; after a day the page has expired."""
    at = min(told.soon(story), told.until)
    fresh = told.until - at < timedelta(days=1)
    told.pay(story, at, PaymentStatus.PENDING if fresh else PaymentStatus.EXPIRED)


def _cancelled(told: Storyteller, story: Story) -> None:
    at = told.soon(story) + timedelta(hours=1)
    story.cancelled_at = at if at < told.until else None


def _hopeless(told: Storyteller, story: Story) -> None:
    at = story.created_at + HOPELESS
    story.written_off_at = at if at < told.until else None


def _draft(_told: Storyteller, story: Story) -> None:
    story.issued = False


def _open(_told: Storyteller, _story: Story) -> None:
    """Nobody has paid."""


def _prepayment(dice: Random) -> list[tuple[str, int, int]]:
    names = [
        f"{dice.choice(WORDS)}{dice.randrange(9999)}.ee" for _ in range(dice.choices((0, 1, 2, 3), (5, 3, 1, 1))[0])
    ]
    if not names:
        return [("Ettemaks / prepayment", 1, 100 * dice.choice((24, 36, 60, 120, 240, 500, 1240, 6480)))]
    return [(f"{name}, {'1 aasta' if dice.random() < 0.7 else '2 aastat'}", 1, 600) for name in names]  # noqa: PLR2004


def _bid(dice: Random) -> list[tuple[str, int, int]]:
    return [(f"Oksjon: {dice.choice(WORDS)}{dice.randrange(999)}.ee", 1, 100 * (5 + int(dice.random() ** 3 * 2500)))]


def _package(dice: Random) -> list[tuple[str, int, int]]:
    return [("eeID autentimised / authentications", dice.choice((100, 200, 500, 1000)), 12)]


def _reserved(dice: Random) -> list[tuple[str, int, int]]:
    return [(f"Reserveeritud nimi {dice.choice(WORDS)}{dice.randrange(999)}.ee", 1, 1000)]


WORDS = (
    "kodu", "pood", "mets", "meri", "keskus", "hooldus", "ehitus", "kool", "lill", "kohvik", "tehnika", "autod",
    "muusika", "raamat", "saar", "disain", "arst", "sport", "loom", "aed", "leib", "vesi", "tee", "maja",
    "kell", "rattad", "lumi", "suvi", "sadam", "foto",
)  # fmt: skip
GOODS: dict[str, Callable[[Random], list[tuple[str, int, int]]]] = {
    "registry": _prepayment,
    "auction": _bid,
    "eeid": _package,
    "business_registry": _reserved,
}
SERVICES = tuple(GOODS)
SERVICE_SHARES = (52, 28, 14, 6)
STATES = {
    PaymentStatus.COMPLETED: "settled",
    PaymentStatus.FAILED: "failed",
    PaymentStatus.PENDING: "initial",
    PaymentStatus.EXPIRED: "abandoned",
    PaymentStatus.REFUNDED: "refunded",
    PaymentStatus.PARTIALLY_REFUNDED: "refunded",
    PaymentStatus.CHARGED_BACK: "chargebacked",
}
ENDINGS: dict[str, Callable[[Storyteller, Story], None]] = {
    "settled": _settled,
    "settled late": _settled_late,
    "failed, then settled": _retried,
    "reported": _reported,
    "for nothing": _for_nothing,
    "paid twice": _paid_twice,
    "refunded": _refunded,
    "partly refunded": _partly_refunded,
    "protested": _protested,
    "charged back": _charged_back,
    "partly paid": _partly_paid,
    "failed": _failed,
    "pending": _pending,
    "cancelled": _cancelled,
    "hopeless": _hopeless,
    "draft": _draft,
    "open": _open,
}
USUAL = tuple(ENDINGS)
SHARES = (7500, 500, 350, 350, 20, 12, 150, 120, 15, 15, 40, 150, 100, 430, 60, 8, 180)
# How an invoice must end, and how old it is then, for each status to be seen once.
SHOWCASE = tuple(
    (ending, timedelta(days=days))
    for ending, days in (
        ("hopeless", 200), ("open", 40), ("refunded", 25), ("partly refunded", 25), ("charged back", 25),
        ("protested", 25), ("partly paid", 25), ("settled", 25), ("failed", 25), ("cancelled", 25),
        ("draft", 1), ("open", 1), ("pending", 0),
    )
)  # fmt: skip


def moment(share: float, since: datetime, until: datetime) -> datetime:
    """Return the moment of an invoice that has this share of all before it: more by day than by night, ever more."""
    whole = (until - since).days * share**0.8
    day, rest = int(whole), whole % 1
    (low, from_h), (high, to_h) = next((before, after) for before, after in pairwise(HOURS) if rest < after[0])
    hour = from_h + (rest - low) / (high - low) * (to_h - from_h)
    return since + timedelta(days=day, hours=hour)


HOURS = ((0.0, 0.0), (0.08, 7.0), (0.92, 20.0), (1.0, 24.0))


def midnight(now: datetime | None = None) -> datetime:
    """Return the beginning of the day (UTC), where invented time ends: the same all day long."""
    return (now or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
