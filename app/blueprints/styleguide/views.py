"""The door to the styleguide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flask import Blueprint, render_template

from app.web.charts import Bar, Chart, Part, chart
from app.web.navigation import Entry
from app.web.timeline import Line
from app.web.words import Word

blueprint = Blueprint("styleguide", __name__)


class Figure(NamedTuple):
    """A made-up figure."""

    label: str
    value: str
    address: str | None
    note: str = ""
    more: str = ""
    more_address: str = ""


class Task(NamedTuple):
    """A made-up line of what waits."""

    word: Word
    text: str
    figure: str
    address: str | None


NUMBERS = [
    Figure("In this month", "184 220.60 €", "#bars", "1 912 payments"),
    Figure("Unpaid", "84 312.40 €", "#bars", "218 invoices", "31 overdue", "#tasks"),
    Figure("To approve", "3 refunds", None, "1 500.00 €"),
]
WAITING = [
    Task(Word("Bank", "warn"), "Lines without a certain match", "12", "#facts"),
    Task(Word("Numbers", "good"), "Deposit numbers end in 620 days", "31 020 left", None),
]


def _chart() -> Chart:
    """Return a week of two gateways, a day without money among them."""
    bars = [
        Bar(str(day), "MTWTFSS"[nth], f"Day {day}", f"{card + bank}.00 €", "#bars", _parts(card, bank), card + bank)
        for nth, (day, card, bank) in enumerate(((16, 40, 12), (17, 71, 30), (18, 5, 0), (19, 0, 0), (20, 1, 99)))
    ]
    return chart(bars, ["EveryPay", "The service itself"], currency="EUR")


def _parts(*values: int) -> list[Part]:
    return [Part(value, f"{value}.00 €", "#bars") for value in values]


@blueprint.get("/styleguide")
def show() -> str:
    """Show every component with made-up contents."""
    now = datetime.now(UTC)
    lines = [
        Line(now, None, "send", "good", "Registry was told", "Payment notice answered 200 in 84 ms"),
        Line(now - timedelta(seconds=1), None, "fetch", "wait", "EveryPay says settled", "Everything agrees"),
        Line(now - timedelta(days=1), "2026-11-20", "warning", "warn", "A person must decide", "by operator 1"),
        Line(now - timedelta(days=1), None, "close", "bad", "Payment failed", "asked by registry"),
        Line(now - timedelta(days=1), None, "invoice", "mute", "Invoice created", "Number 150342"),
    ]
    pages = [
        Entry("All refunds", "#badges", "refund", "main", 0, is_here=True, is_page=True),
        Entry("To approve", "#buttons", "refund", "main", 3, is_here=False, is_page=False),
    ]
    return render_template(
        "styleguide/show.html", lines=lines, now=now, pages=pages, numbers=NUMBERS, todo=WAITING, chart=_chart()
    )
