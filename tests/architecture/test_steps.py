"""Every test belongs to a step of ./check that collects its file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bootstrap import PLACES, STEPS_OF_THEIR_OWN

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mark", STEPS_OF_THEIR_OWN)
def test_the_tests_of_a_step_lie_where_it_looks(mark: str) -> None:
    marked = re.compile(rf"^(pytestmark = .*|@)pytest\.mark\.{mark}\b", re.MULTILINE)
    files = [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py") if marked.search(path.read_text())]
    assert files
    assert [str(path) for path in files if not any(path.is_relative_to(place) for place in PLACES[mark])] == []
