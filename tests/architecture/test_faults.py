"""The page of faults names every one of the catalogue (eis.md 15), and tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
# How many the catalogue has of each.
CATALOGUE = {"SEC": 15, "REL": 23, "INV": 8}
NOT_BUILT = "not built yet"


def test_every_fault_has_a_row_and_every_row_a_test() -> None:
    rows = re.findall(r"^\| ([A-Z]{3}-\d+) \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert [fault for fault, _ in rows] == [f"{kind}-{n + 1}" for kind, many in CATALOGUE.items() for n in range(many)]
    assert [fault for fault, tests in rows if "`tests/" not in tests and NOT_BUILT not in tests] == []


def test_every_test_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(named) > 50
    assert [each for each in named if not _is_there(*each)] == []


def _is_there(file: str, test: str) -> bool:
    path = ROOT / file
    if not path.exists():
        return False
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return not test or any(isinstance(each, ast.FunctionDef) and each.name == test for each in ast.walk(tree))
