"""Addresses of every page, filter and order of the portal, with ever other values.

Each kind is a function of dice that returns one address; what it names (numbers, words, days) is taken from what was
seeded.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sqlalchemy import text

from app.domain.invoice import InvoiceStatus
from app.domain.refund import RefundStatus
from app.extensions import db
from app.models.invoice import KINDS
from app.queries.invoice_filter import LATE, Period
from app.queries.sorting import Sort

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    Address = Callable[[Random], str]

SERVICES = ("registry", "auction", "eeid", "business_registry")
COMMON = ("ou", "example", "ee", "invoice", "registry", "com")  # words of so many invoices that no index helps
SAMPLED = 400
YEARS = timedelta(days=720)
# What the addresses of single things name: a question, and the address.
DETAILS = {
    "invoice": (
        "select number from invoice where number is not null and id >= :id order by id limit 1",
        "/invoices/{}",
    ),
    "raw exchanges of an invoice": (
        "select number from invoice where number is not null and id >= :id order by id limit 1",
        "/invoices/{}/exchanges",
    ),
    "refund": ("select id from refund where id >= :id order by id limit 1", "/refunds/{}"),
    "dispute": ("select id from dispute where id >= :id order by id limit 1", "/disputes/{}"),
    "credit": ("select id from surplus where id >= :id order by id limit 1", "/credits/{}"),
    "question": ("select id from review_item where id >= :id order by id limit 1", "/questions/{}"),
    "reference": ("select number from reference where id >= :id order by id limit 1", "/references/{}"),
    "deposit": ("select id from deposit where id >= :id order by id limit 1", "/deposits/{}"),
    "delivery": ("select id from outbox where id >= :id order by id limit 1", "/deliveries/{}"),
    "received message": ("select id from inbox where id >= :id order by id limit 1", "/inbox/{}"),
    "event": ("select id from event where id >= :id order by id limit 1", "/audit/{}"),
    "service": ("select code from initiator where id >= :id order by id limit 1", "/services/{}"),
    "person": ("select id from white_code where id >= :id order by id limit 1", "/people/{}"),
    "credit note": ("select number from credit_note where id >= :id order by id limit 1", "/credit_notes/{}"),
    "difference": ("select id from difference where id >= :id order by id limit 1", "/comparisons/{}"),
    "import": ("select id from import_batch where id >= :id order by id limit 1", "/imports/{}"),
    "proof": ("select id from proof_result where id >= :id order by id limit 1", "/proofs/{}"),
}
TABLES = {
    "invoice": "invoice", "raw exchanges of an invoice": "invoice", "refund": "refund", "dispute": "dispute",
    "credit": "surplus", "question": "review_item", "reference": "reference", "deposit": "deposit",
    "delivery": "outbox", "received message": "inbox", "event": "event", "service": "initiator",
    "person": "white_code", "credit note": "credit_note", "difference": "difference", "proof": "proof_result",
    "import": "import_batch",
}  # fmt: skip
STATUSES = tuple(map(str, InvoiceStatus))
UNPAID = [("status", each) for each in ("unpaid", "overdue", "pending", "charged_with_error")]


class Facts:
    """Values that occur in the database: words, e-mail addresses, references, numbers, days."""

    def __init__(self, dice: Random) -> None:
        """Sample them from all over the tables."""
        session = db.session()
        highest: int = session.scalar(text("select max(id) from invoice")) or 1
        row = text(
            "select number, reference_number, customer_name, lower(customer_email) as mail, description, total_minor, "
            "created_at from invoice where id >= :id and number is not null and customer_name <> '' order by id limit 1"
        )
        found = [session.execute(row, {"id": dice.randrange(1, highest + 1)}).one_or_none() for _ in range(SAMPLED)]
        self.rows: list[Any] = [each for each in found if each is not None]
        self.last: date = max(each.created_at for each in self.rows).date()
        self.details = {name: self._keys(name, dice) for name in DETAILS}

    def _keys(self, name: str, dice: Random) -> list[Any]:
        session, (question, _address) = db.session(), DETAILS[name]
        highest = session.scalar(text(f"select max(id) from {TABLES[name]}")) or 0
        ids = [dice.randrange(1, highest + 1) for _ in range(40)] if highest else []
        found = (session.scalar(text(question), {"id": each}) for each in ids)
        return [each for each in found if each is not None]

    def day(self, dice: Random) -> date:
        """Return a day of the seeded years."""
        return self.last - timedelta(days=dice.randrange(YEARS.days))

    def month(self, dice: Random) -> date:
        """Return the first day of a month of them."""
        return self.day(dice).replace(day=1)

    def days(self, dice: Random, name: str, many: int) -> list[tuple[str, str]]:
        """Return bounds of so many days."""
        first = self.day(dice)
        return [(f"{name}_from", first.isoformat()), (f"{name}_to", (first + timedelta(days=many - 1)).isoformat())]

    def word(self, dice: Random) -> str:
        """Return a word of a name or of a description."""
        row = dice.choice(self.rows)
        return str(dice.choice((row.customer_name + " " + (row.description or "")).split()))

    def typed(self, dice: Random) -> str:
        """Return something a person types to find one invoice."""
        row = dice.choice(self.rows)
        name, number, mail = row.customer_name.split(), str(row.number), row.mail
        return str(
            dice.choice((
                number, number[:5], number[2:], number[3:8], row.reference_number or number,
                (row.reference_number or number)[:5], row.customer_name, name[0], name[-1], name[0][:3],
                f"{name[0]} {name[-1][:3]}", mail, mail.partition("@")[2], mail.partition("@")[0],
                f"{row.total_minor / 100:.2f}",
            ))
        )  # fmt: skip


def always(path: str) -> Address:
    """Return an address that is ever the same."""
    return lambda _dice: path


def invoice_lists(facts: Facts) -> Iterator[tuple[str, Address]]:
    """Yield the list of invoices with each filter, in each order, with pairs of filters, and with words."""

    def at(*said: tuple[str, str]) -> str:
        return f"/invoices?{urlencode(said)}"

    filters: dict[str, Callable[[Random], list[tuple[str, str]]]] = {
        "nothing asked": lambda _dice: [],
        "one status": lambda dice: [("status", dice.choice(STATUSES))],
        "unpaid": lambda _dice: UNPAID,
        "one service": lambda dice: [("service", dice.choice(SERVICES))],
        "one kind": lambda dice: [("kind", dice.choice(KINDS))],
        "amount window": lambda dice: _window(dice, 100),
        "dear": lambda dice: [("amount_min", str(dice.randrange(1000, 9000)))],
        "created, a day": lambda dice: facts.days(dice, "created", 1),
        "created, a month": lambda dice: facts.days(dice, "created", 30),
        "due, a day": lambda dice: facts.days(dice, "due", 1),
        "due, a month": lambda dice: facts.days(dice, "due", 30),
        "paid, a day": lambda dice: facts.days(dice, "paid", 1),
        "paid, a month": lambda dice: facts.days(dice, "paid", 30),
        "in Directo or not": lambda dice: [("in_directo", dice.choice(("true", "false")))],
        "e-invoice sent or not": lambda dice: [("e_invoice_sent", dice.choice(("true", "false")))],
        "created, moving": lambda dice: [("created", dice.choice(list(Period)))],
        "due, moving": lambda dice: [("due", dice.choice([LATE, *Period]))],
        "paid, moving": lambda dice: [("paid", dice.choice(list(Period)))],
        "two filters": lambda dice: [
            ("status", dice.choice(STATUSES)), *dice.choice((
                [("service", dice.choice(SERVICES))], [("kind", dice.choice(KINDS))],
                [("in_directo", dice.choice(("true", "false")))], [("e_invoice_sent", dice.choice(("true", "false")))],
                _window(dice, 500), facts.days(dice, "created", 30), facts.days(dice, "due", 30),
                facts.days(dice, "paid", 30),
            )),
        ],
        "six at once": lambda dice: [
            ("status", "paid"), ("service", "registry"), ("kind", "regular"), ("amount_min", "10"),
            ("amount_max", "90"), *facts.days(dice, "created", 90),
        ],
    }  # fmt: skip
    for name, said in filters.items():
        yield f"invoices: {name}", _asks(said)
        yield f"invoices: {name}, any order", _asks(said, list(Sort))
    for sort in Sort:
        yield f"invoices: order {sort}", _asks(filters["nothing asked"], [sort])
        yield f"invoices: unpaid, order {sort}", _asks(filters["unpaid"], [sort])
    yield "invoices: words", lambda dice: at(("q", facts.typed(dice)))
    yield "invoices: a word", lambda dice: at(("q", facts.word(dice)))
    yield "invoices: common word", lambda dice: at(("q", dice.choice(COMMON)))
    yield "invoices: words and a filter", lambda dice: at(("q", facts.typed(dice)), *_one(filters, dice))
    yield "invoices: a word and a filter", lambda dice: at(("q", facts.word(dice)), *_one(filters, dice))
    yield (
        "invoices: a word and a filter, any order",
        lambda dice: at(("q", facts.word(dice)), *_one(filters, dice), ("sort", dice.choice(list(Sort)))),
    )
    yield (
        "invoices: common word and a filter, any order",
        lambda dice: at(("q", dice.choice(COMMON)), *_one(filters, dice), ("sort", dice.choice(list(Sort)))),
    )
    yield (
        "invoices: common word excluded by its filter",
        lambda dice: at(("q", dice.choice(("registry", "auction", "eeid"))), ("service", dice.choice(SERVICES)),
                        ("status", dice.choice(STATUSES)), ("sort", dice.choice(list(Sort)))),
    )  # fmt: skip
    yield "invoices: to export", lambda dice: f"/invoices/exports/new?{urlencode(_one(filters, dice))}"
    yield "invoices: to resend", lambda dice: f"/invoices/resends/new?{urlencode(_one(filters, dice))}"
    yield "invoices: to cancel", lambda dice: f"/invoices/cancellations/new?{urlencode(_one(filters, dice))}"


def _asks(said: Callable[[Random], list[tuple[str, str]]], sorts: Sequence[Sort] = ()) -> Address:
    def address(dice: Random) -> str:
        order = [("sort", str(dice.choice(sorts)))] if sorts else []
        return f"/invoices?{urlencode(said(dice) + order)}"

    return address


def _one_of(
    path: str, name: str, values: Sequence[str], other: Callable[[Random], list[tuple[str, str]]] | None = None
) -> Address:
    def address(dice: Random) -> str:
        return f"{path}?{urlencode([(name, dice.choice(values)), *(other(dice) if other else [])])}"

    return address


def _one_thing(address: str, known: Sequence[Any]) -> Address:
    return lambda dice: address.format(dice.choice(known))


def _window(dice: Random, width: int) -> list[tuple[str, str]]:
    least = dice.randrange(5, 200)
    return [("least", str(least)), ("most", f"{least + width / 100:.2f}")]


def _one(filters: dict[str, Callable[[Random], list[tuple[str, str]]]], dice: Random) -> list[tuple[str, str]]:
    return filters[dice.choice([name for name in filters if name != "nothing asked"])](dice)


def other_lists(facts: Facts) -> Iterator[tuple[str, Address]]:
    """Yield every other list with each of its filters and orders."""

    def at(path: str, *said: tuple[str, str]) -> str:
        return f"{path}?{urlencode(said)}"

    yield "month", lambda dice: at("/overview/month", ("month", f"{facts.month(dice):%Y-%m}"))
    yield "movements, a month", lambda dice: at("/overview/movements", *_span(facts, dice, 30))
    yield "movements, a year", lambda dice: at("/overview/movements", *_span(facts, dice, 365))
    yield (
        "movements, one service or gateway",
        lambda dice: at(
            "/overview/movements",
            *_span(facts, dice, 30),
            dice.choice((("service", dice.choice(SERVICES)), ("gateway", dice.choice(("everypay", "service"))))),
            ("direction", dice.choice(("", "in", "back"))),
        ),
    )
    yield (
        "movements, one payer",
        lambda dice: at(
            "/overview/movements", *_span(facts, dice, 30), ("payer", dice.choice(facts.rows).customer_name)
        ),
    )
    for path, name, values in (
        ("/refunds", "status", tuple(map(str, RefundStatus))),
        ("/refunds", "service", SERVICES),
        ("/references", "service", SERVICES),
        ("/references", "sort", ("-created", "created", "number", "-number", "owner", "-owner")),
        ("/deposits", "status", ("prepayment", "paid", "returned")),
        ("/deposits", "money", ("unpaid", "paid", "refunded", "cancelled", "chargeback")),
        ("/deliveries", "state", ("pending", "leased", "done", "dead", "held", "cancelled")),
        ("/deliveries", "error", ("retry", "limited", "gone", "unknown", "poison", "lease")),
        ("/deliveries", "age", ("within_1h", "within_1d", "within_7d", "over_1h", "over_1d", "over_7d")),
        ("/inbox", "state", ("waiting", "handled", "stranger")),
        ("/audit", "actor", ("operator", "initiator", "system", "gateway", "payer")),
        ("/questions", "about", ("payment.", "refund.", "dispute.", "difference.", "gateway.", "invoice.")),
        ("/questions", "whose", ("mine", "team")),
        ("/questions", "decided", ("1",)),
        ("/disputes", "ended", ("1",)),
        ("/comparisons", "kind", ("missed_callback", "changed_there", "unknown_here")),
        ("/people", "removed", ("1",)),
    ):
        yield f"{path[1:]}: {name}", _one_of(path, name, values)
    for path, name, question in (
        ("/deliveries", "kind", "select distinct kind from outbox"),
        ("/deliveries", "lane", "select id::text from lane"),
        ("/inbox", "kind", "select distinct kind from inbox"),
        ("/audit", "kind", "select distinct kind from event"),
        ("/audit", "person", "select id::text from operator"),
    ):
        known = list(db.session().scalars(text(question)))
        if known:
            yield f"{path[1:]}: {name}", _one_of(path, name, known)
            yield f"{path[1:]}: {name} and another", _one_of(path, name, known, partial(_other, path, facts))
    yield "refunds: days and amounts", lambda dice: at("/refunds", *_since(facts, dice), *_window(dice, 3000))
    yield "audit: days", lambda dice: at("/audit", *_since(facts, dice))
    yield "audit: an invoice", lambda dice: at("/audit", ("q", str(dice.choice(facts.rows).number)))
    yield "inbox: an invoice", lambda dice: at("/inbox", ("q", str(dice.choice(facts.rows).number)))
    yield "references: words", lambda dice: at("/references", ("q", _of_reference(facts, dice)))
    yield (
        "references: words, any order",
        lambda dice: at(
            "/references",
            ("q", _of_reference(facts, dice)),
            ("sort", dice.choice(("created", "number", "-number", "owner", "-owner"))),
        ),
    )
    yield "deposits: words", lambda dice: at("/deposits", ("q", facts.word(dice)[: dice.randint(2, 8)]))


def _other(path: str, facts: Facts, dice: Random) -> list[tuple[str, str]]:
    match path:
        case "/deliveries":
            return [("state", dice.choice(("pending", "done", "dead", "cancelled"))), ("age", "over_1d")]
        case "/inbox":
            return [("state", dice.choice(("waiting", "handled", "stranger")))]
    return [("actor", dice.choice(("operator", "initiator", "system"))), *_since(facts, dice)]


def _span(facts: Facts, dice: Random, many: int) -> list[tuple[str, str]]:
    first = facts.month(dice)
    return [("from", first.isoformat()), ("to", (first + timedelta(days=many)).isoformat())]


def _since(facts: Facts, dice: Random) -> list[tuple[str, str]]:
    first = facts.day(dice)
    return [("since", first.isoformat()), ("until", (first + timedelta(days=30)).isoformat())]


def _of_reference(facts: Facts, dice: Random) -> str:
    row = dice.choice(facts.rows)
    return str(
        dice.choice((row.reference_number or "100", row.mail, row.mail.partition("@")[2], row.customer_name.split()[0]))
    )


def details(facts: Facts) -> Iterator[tuple[str, Address]]:
    """Yield the page of one thing of each sort there is."""
    for name, (_question, address) in DETAILS.items():
        if known := facts.details[name]:
            yield f"one {name}", _one_thing(address, known)
