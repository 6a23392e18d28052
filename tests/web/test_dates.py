"""Days as each language writes them; what a form holds stays in the form browsers read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from app.web.filters import day, explained, last_day, listed, stamped
from app.web.ranges import Range, ends
from app.web.translation import speaking

if TYPE_CHECKING:
    from tests.system import System

MOMENT = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)  # half an hour into the next day of Tallinn


@pytest.mark.parametrize(("lang", "said"), [("en", "2026-11-23"), ("et", "23.11.2026"), ("ru", "23.11.2026")])
def test_a_day_is_written_as_its_language_does(system: System, lang: str, said: str) -> None:
    later = MOMENT.replace(day=25)
    with system.app.test_request_context(), speaking(lang):
        assert day(MOMENT) == day(date(2026, 11, 23)) == said
        assert last_day(datetime(2026, 11, 23, 22, 0, tzinfo=UTC)) == said
        assert listed(MOMENT, later) == said
        assert listed(MOMENT, MOMENT) == "00:30"
        assert stamped(MOMENT) == f"{said} 00:30"
        assert explained(MOMENT, later).startswith(f"{said} 00:30:00 EET (")


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "2026-11-01 – 2026-11-23"), ("et", "01.11.2026 – 23.11.2026"), ("ru", "… – 23.11.2026")]
)
def test_a_range_of_days_is_said_as_its_language_writes_them(system: System, lang: str, said: str) -> None:
    """What its fields hold stays as browsers read it."""
    first = {} if "…" in said else {"since": "2026-11-01"}
    with system.app.test_request_context(), speaking(lang):
        chosen = Range("Asked for", *ends("since", "until", first | {"until": "2026-11-23"}), "date")
        assert (chosen.said, chosen.high.value) == (said, "2026-11-23")
        amount = Range("Amount", *ends("least", "most", {"least": "10.50"}), "amount")
        assert (amount.said, amount.low.value) == ("10.50 – …" if lang == "en" else "10,50 – …", "10.50")
