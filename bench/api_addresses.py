"""Addresses of the lists of version 2 of the API with each filter, with ever other values."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.domain.payment import PaymentStatus
from app.domain.refund import RefundStatus
from app.models.invoice import KINDS
from bench.page_addresses import COMMON, STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from bench.page_addresses import Address, Facts


def api_lists(facts: Facts) -> Iterator[tuple[str, Address]]:
    """Yield the lists of version 2 of the API with each filter."""

    def at(path: str, **said: str) -> str:
        return f"/api/v2/{path}?{urlencode(said)}"

    def moments(dice: Random, name: str) -> dict[str, str]:
        first = facts.day(dice)
        return {f"{name}_from": f"{first}T00:00:00Z", f"{name}_to": f"{first + timedelta(days=30)}T00:00:00Z"}

    lists: dict[str, Address] = {
        "invoices": lambda _dice: at("invoices"),
        "invoices, expanded": lambda _dice: at("invoices", expand="lines,payments,events"),
        "invoices, status": lambda dice: at("invoices", status=dice.choice(STATUSES)),
        "invoices, kind": lambda dice: at("invoices", kind=dice.choice(KINDS)),
        "invoices, words": lambda dice: at("invoices", q=facts.typed(dice)),
        "invoices, a word": lambda dice: at("invoices", q=facts.word(dice)),
        "invoices, a common word": lambda dice: at("invoices", q=dice.choice(COMMON)),
        "invoices, created": lambda dice: at("invoices", **moments(dice, "created")),
        "invoices, paid": lambda dice: at("invoices", **moments(dice, "paid")),
        "invoices, due": lambda dice: at("invoices", **dict(facts.days(dice, "due", 30))),
        "invoices, amount": lambda dice: at("invoices", amount_min="36.00", amount_max=f"{dice.randrange(37, 99)}.00"),
        "invoices, in_directo": lambda dice: at("invoices", in_directo=dice.choice(("true", "false"))),
        "invoices, e_invoice_sent": lambda dice: at("invoices", e_invoice_sent=dice.choice(("true", "false"))),
        "invoices, number": lambda dice: at("invoices", number=str(dice.choice(facts.rows).number)),
        "invoices, reference": lambda dice: at(
            "invoices", reference_number=dice.choice(facts.rows).reference_number or "1"
        ),
        "invoices, e-mail": lambda dice: at("invoices", customer_email=dice.choice(facts.rows).mail),
        "payments": lambda _dice: at("payments"),
        "payments, status": lambda dice: at("payments", status=dice.choice(list(PaymentStatus))),
        "payments, created": lambda dice: at("payments", **moments(dice, "created")),
        "payments, an invoice": lambda dice: at("payments", invoice=str(dice.choice(facts.rows).number)),
        "refunds": lambda _dice: at("refunds"),
        "refunds, status": lambda dice: at("refunds", status=dice.choice(list(RefundStatus))),
        "refunds, an invoice": lambda dice: at("refunds", invoice=str(dice.choice(facts.rows).number)),
        "references": lambda _dice: at("references"),
        "references, e-mail": lambda dice: at("references", email=dice.choice(facts.rows).mail),
        "events": lambda _dice: at("events"),
        "events, created": lambda dice: at("events", **moments(dice, "created")),
        "events, type": lambda dice: at("events", type=dice.choice(("invoice.created", "payment.completed"))),
        "one invoice": lambda dice: f"/api/v2/invoices/{dice.choice(facts.rows).number}",
    }
    for name, address in lists.items():
        yield f"API v2: {name}", address
