"""The document of threats names tests that are there, each threat of ours once at least (security.md 5.2)."""

from __future__ import annotations

import re
from pathlib import Path

from app.web.limits import LOGINS, READS, SEARCHES, WRITES

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_test_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", DOCUMENT)
    assert len(named) > 40
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_threats_marked_in_tests_are_in_the_document() -> None:
    marked = {each for path in (ROOT / "tests").rglob("test_*.py") for each in _threats(path.read_text("utf-8"))}
    assert len(marked) > 40
    assert sorted(marked - _threats(DOCUMENT)) == []


def _threats(text: str) -> set[str]:
    """Return the threats a text names; `T53 to T56` names four."""
    spans = re.findall(r"\bT(\d\d) to T(\d\d)\b", text)
    return {f"T{each:02}" for first, last in spans for each in range(int(first), int(last) + 1)} | {
        f"T{each}" for each in re.findall(r"\bT([0-9]{2})\b", text) if each != "00"
    }


def test_the_rates_are_those_of_the_code() -> None:
    for rate in (READS, WRITES, SEARCHES, LOGINS):
        row = next(line for line in DOCUMENT.splitlines() if f"`{rate.setting.upper()}`" in line)
        assert f"| {rate.usual} |" in row
