"""Does the alarm ring? Every planted bug must turn a named test red within a minute (reliability.md 4.9)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sabotage.mutants import MUTANTS

if TYPE_CHECKING:
    from tests.sabotage.mutant import Mutant

pytestmark = [pytest.mark.sabotage, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]
COPIED = [".ci", "app", "bench", "migrations", "tests", "vendor", "docs"]
OURS = ("PYTEST_", "BILLING_TEST_")  # the servers of this run hold a template without the planted bug
FAILED = 1  # pytest: tests ran and some failed; anything else proves nothing


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the checkout whose files are links: a file that is changed is written anew."""
    for name in COPIED:
        shutil.copytree(
            ROOT / name, tmp_path / name, copy_function=os.link, ignore=shutil.ignore_patterns("__pycache__")
        )
    for path in ROOT.iterdir():
        if path.is_file():
            os.link(path, tmp_path / path.name)
    return tmp_path


def plant(copy: Path, mutant: Mutant) -> None:
    text = mutant.planted(copy)
    path = copy / mutant.file
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")


def run(copy: Path, tests: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not browser and not chaos and not sabotage"]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", "no:xdist", *tests.split()],
        cwd=copy,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
        env={name: value for name, value in os.environ.items() if not name.startswith(OURS)},
    )


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_planted_bug_is_found(copy: Path, mutant: Mutant) -> None:
    plant(copy, mutant)
    done = run(copy, mutant.tests)
    assert done.returncode == FAILED, f"{mutant.name} was not noticed:\n{done.stdout[-3000:]}{done.stderr[-2000:]}"
    assert "error" not in done.stdout.splitlines()[-1], done.stdout[-3000:]


def test_without_a_bug_the_same_tests_are_green(copy: Path) -> None:
    tests = sorted({mutant.tests for mutant in MUTANTS if " " not in mutant.tests})
    done = run(copy, " ".join(tests))
    assert done.returncode == 0, done.stdout[-3000:]
