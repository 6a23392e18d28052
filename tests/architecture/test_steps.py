"""Every test belongs to a step of ./check that collects its file, and what does a share has a step that does all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bootstrap import LONG_STEPS, PLACES, STEPS_OF_THEIR_OWN, TOLD

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
# Each way of doing less than everything is said in tests/thoroughness.py and used nowhere but in these steps.
STEPS_THAT_DO_EVERYTHING = {"slow": "exhaustive", "browser": "pages"}
SHARES = re.compile(r"^from tests\.thoroughness import", re.MULTILINE)


@pytest.mark.parametrize("mark", STEPS_OF_THEIR_OWN)
def test_the_tests_of_a_step_lie_where_it_looks(mark: str) -> None:
    files = _marked(mark)
    assert files
    assert _outside(files, PLACES[mark]) == []


def test_what_does_a_share_at_each_commit_is_done_whole_by_name() -> None:
    sharing = set(_that_say(SHARES))
    assert len(sharing) > 15
    marked = set()
    for mark, step in STEPS_THAT_DO_EVERYTHING.items():
        command = LONG_STEPS[step]
        assert command[command.index("-m", 2) + 1] == mark
        assert TOLD[step] == {"TEST_EXHAUSTIVE": "1"}
        files = sharing & set(_marked(mark))
        assert files
        assert _outside(files, command[command.index(mark) + 1 :]) == []
        marked |= files
    assert sharing - marked == set()


def _marked(mark: str) -> list[Path]:
    return _that_say(re.compile(rf"^(pytestmark = .*|@)pytest\.mark\.{mark}\b", re.MULTILINE))


def _that_say(words: re.Pattern[str]) -> list[Path]:
    return [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py") if words.search(path.read_text())]


def _outside(files: Iterable[Path], places: list[str]) -> list[str]:
    return [str(path) for path in files if not any(path.is_relative_to(place) for place in places)]
