"""Every planted bug fits the code as it is: told at each commit, not when the long suite is run before a release."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sabotage.mutant import Mutant, PlantMoved
from tests.sabotage.mutants import MUTANTS

ROOT = Path(__file__).resolve().parents[2]


def test_every_bug_can_still_be_planted() -> None:
    for mutant in MUTANTS:
        assert mutant.planted(ROOT), mutant.name
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_the_tests_that_must_notice_a_bug_are_there() -> None:
    named = {word for mutant in MUTANTS for word in mutant.tests.split() if "/" in word}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_chosen_tests_are_in_the_files_named() -> None:
    chosen = [(mutant.name, *mutant.tests.partition(" -k ")) for mutant in MUTANTS]
    lost = [name for name, paths, _, word in chosen if word and not any(word in _text(path) for path in paths.split())]
    assert lost == []


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_a_bug_whose_code_has_moved_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("new code")
    with pytest.raises(PlantMoved):
        Mutant("moved", "a.py", "old code", "a bug", "tests").planted(tmp_path)
