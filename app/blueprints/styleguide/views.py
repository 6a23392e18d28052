"""The door to the styleguide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flask import Blueprint, render_template

from app.web.navigation import Entry

blueprint = Blueprint("styleguide", __name__)


class Line(NamedTuple):
    """A line of a made-up trail."""

    at: datetime
    new_day: str | None
    icon: str
    tone: str
    title: str
    detail: str


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
    return render_template("styleguide/show.html", lines=lines, now=now, pages=pages)
