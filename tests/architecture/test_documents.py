"""The papers name what is there: every path they give exists, and every part of the application is told."""

from __future__ import annotations

import pkgutil
import re
from typing import TYPE_CHECKING

import pytest

import app.models  # noqa: F401 - whose import makes the tables known
from app.extensions import metadata
from tests.architecture.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What stands in backticks and looks like a file or folder of this checkout; `<provider>` stands for any one.
PATH = re.compile(r"`((?:app|docs|tests|migrations|bench|vendor)/[\w./<>-]+)`")
PLACEHOLDER = re.compile(r"<\w+>")
# A module of a layer, or something in it, such as `services.settlement.settle`.
NAME = re.compile(r"`((?:domain|services|queries|web|integrations)\.[\w.]+)`")


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_path_a_paper_names_is_there(paper: Path) -> None:
    named = {PLACEHOLDER.sub("*", found) for found in PATH.findall(paper.read_text(encoding="utf-8"))}
    assert [path for path in sorted(named) if not any(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_name_of_the_code_a_paper_says_is_there(paper: Path) -> None:
    names = NAME.findall(paper.read_text(encoding="utf-8"))
    assert [name for name in names if not _is_there(name)] == []


def _is_there(name: str) -> bool:
    try:
        pkgutil.resolve_name(f"app.{name}")
    except (ImportError, AttributeError):
        return False
    return True


def test_the_map_tells_of_every_part_of_the_application() -> None:
    told = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    parts = {each.name for each in (ROOT / "app").iterdir() if not each.name.startswith(("__", "."))}
    assert [part for part in sorted(parts) if f"`app/{part}`" not in told] == []


def test_every_decision_is_in_the_list_of_decisions() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    told = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    assert [
        each.name
        for each in decisions
        if f"]({each.name}) | {each.read_text(encoding='utf-8').splitlines()[0].removeprefix('# ')} |" not in told
    ] == []


def test_a_column_that_nothing_reads_is_told_as_room_for_systems_to_come() -> None:
    sources = [each for kind in ("py", "html") for each in (ROOT / "app").rglob(f"*.{kind}")]
    told = " ".join(each.read_text(encoding="utf-8") for each in sources if "models" not in each.parts)
    words = set(re.findall(r"\w+", told))
    unread = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.name not in words
    }
    room = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## Room for systems to come")[2]
    assert unread == set(re.findall(r"`([a-z_]+\.[a-z_]+)`", room.partition("- Rules")[0]))
