"""Every test belongs to a step of ./check that collects its file, and what does a share has a step that does all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bootstrap import LONG_STEPS, PLACES, SLOW, STEPS, STEPS_OF_THEIR_OWN, TOLD
from tests import enumerations
from tests.enumerations import LONG, ONE_IN, put_off

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
# Each way of doing less than everything is said in tests/thoroughness.py and used nowhere but in these steps.
STEPS_THAT_DO_EVERYTHING = {"slow": "exhaustive", "browser": "pages"}
CHOSEN_BY = {"slow": SLOW, "browser": "browser"}
SHARES = re.compile(r"^from tests\.thoroughness import", re.MULTILINE)
CI = (ROOT / ".ci" / "run").read_text()


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
        assert _chosen_by(command) == CHOSEN_BY[mark]
        assert TOLD[step] == {"TEST_EXHAUSTIVE": "1"}
        files = sharing & set(_marked(mark))
        assert files
        assert _outside(files, command[command.index(CHOSEN_BY[mark]) + 1 :]) == []
        marked |= files
    assert sharing - marked == set()


def test_ci_runs_what_a_commit_leaves_to_the_slow_steps() -> None:
    assert re.search(r"^\./check$", CI, re.MULTILINE)
    assert re.search(r"^\./check slow looks restarts\b", CI, re.MULTILINE)
    assert _chosen_by(LONG_STEPS["slow"]) == "slow and not browser"
    assert _chosen_by(LONG_STEPS["looks"]) == "browser and slow"
    assert _chosen_by(STEPS["browser"]) == "browser and not slow"
    assert PLACES["looks"] == PLACES["browser"]


@pytest.mark.parametrize("many", [1, LONG - 1, LONG, LONG + 1, 100])
def test_of_a_long_enumeration_a_quarter_is_looked_at_now_and_nothing_is_forgotten(many: int) -> None:
    members = [f"tests/test_a.py::test_a[{number}]" for number in range(many)]
    waiting = put_off(members)
    assert waiting <= set(members)
    assert many - len(waiting) == (many if many < LONG else -(-many // ONE_IN))
    assert put_off(members[::-1]) == waiting


def test_of_two_things_that_are_counted_together_neither_is_left_out() -> None:
    members = [f"{page}-{lang}" for page in range(20) for lang in ("et", "en", "ru")]
    now = set(members) - put_off(members)
    assert {each.partition("-")[2] for each in now} == {"et", "en", "ru"}


def test_what_has_a_step_of_its_own_is_not_split() -> None:
    assert set(STEPS_OF_THEIR_OWN) - {"browser"} == enumerations.STEPS_OF_THEIR_OWN


def _chosen_by(command: list[str]) -> str:
    return command[command.index("-m", 2) + 1]


def _marked(mark: str) -> list[Path]:
    return _that_say(re.compile(rf"^(pytestmark = .*|@)pytest\.mark\.{mark}\b", re.MULTILINE))


def _that_say(words: re.Pattern[str]) -> list[Path]:
    return [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py") if words.search(path.read_text())]


def _outside(files: Iterable[Path], places: list[str]) -> list[str]:
    return [str(path) for path in files if not any(path.is_relative_to(place) for place in places)]
