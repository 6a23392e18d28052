"""The papers name what is there: every path they give exists, and every part of the application is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.architecture.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What stands in backticks and looks like a file or folder of this checkout; `<provider>` stands for any one.
PATH = re.compile(r"`((?:app|docs|tests|migrations|bench|vendor)/[\w./<>-]+)`")
PLACEHOLDER = re.compile(r"<\w+>")


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_path_a_paper_names_is_there(paper: Path) -> None:
    named = {PLACEHOLDER.sub("*", found) for found in PATH.findall(paper.read_text(encoding="utf-8"))}
    assert [path for path in sorted(named) if not any(ROOT.glob(path.rstrip("/")))] == []


def test_the_map_tells_of_every_part_of_the_application() -> None:
    told = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    parts = {each.name for each in (ROOT / "app").iterdir() if not each.name.startswith(("__", "."))}
    assert [part for part in sorted(parts) if f"`app/{part}`" not in told] == []
