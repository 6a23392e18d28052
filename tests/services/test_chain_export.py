"""An exported chain is checked by a file that knows nothing of the application (reliability.md 3.12)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import Invalid
from app.services import chain_export, sealing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system import System

CHECKER = Path(__file__).resolve().parents[2] / "docs" / "verify_chain.py"


@pytest.fixture
def exported(system: System, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(sealing, "UNSEALED", sealing.UNSEALED.replace("2 seconds", "0 seconds"))
    system.settle("auction", "12.34")
    path = tmp_path / "ledger.jsonl"
    with system.app.app_context():
        sealing.seal()
        path.write_text("\n".join(chain_export.lines("ledger")) + "\n", encoding="utf-8")
    return path


def check(path: Path, *options: str) -> tuple[int, str]:
    # -I: nothing of this environment is on its path
    command = [sys.executable, "-I", "-S", str(CHECKER), str(path), *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_chain_holds_outside_the_application(system: System, exported: Path) -> None:
    count = system.scalar("select count(*) from ledger_entry")
    code, said = check(exported)
    assert (code, said.split()[0]) == (0, str(count))
    head = said.split()[-1]
    earlier = json.loads(exported.read_text(encoding="utf-8").splitlines()[1])["hash"]
    assert check(exported, "--head", head, "--head", f"\\\\x{earlier.upper()}")[0] == 0
    assert check(exported, "--head", head, "--head", "00" * 32) == (
        1,
        f"BROKEN: the head {'00' * 32} is not in this chain of 4 links\n",
    )


def test_one_changed_bit_is_found_and_located(exported: Path) -> None:
    lines = exported.read_text(encoding="utf-8").splitlines()
    link = json.loads(lines[2])
    changed = [*lines[:2], json.dumps(link | {"row": link["row"].replace("1234", "1235")}), *lines[3:]]
    exported.write_text("\n".join(changed), encoding="utf-8")
    assert check(exported) == (1, f"BROKEN: position 3: row {link['row_id']} is not what was sealed\n")


@pytest.mark.slow
@pytest.mark.parametrize("part", ["chain", "position", "row_id", "hash", "row"])
def test_whatever_part_of_a_link_is_changed_is_seen(exported: Path, part: str) -> None:
    lines = exported.read_text(encoding="utf-8").splitlines()
    link = json.loads(lines[2])
    changed = link[part] + 1 if isinstance(link[part], int) else link[part].replace(link[part][-2], "X")
    for spoiled in (link | {part: changed}, {name + "X" * (name == part): value for name, value in link.items()}):
        exported.write_text("\n".join([*lines[:2], json.dumps(spoiled), *lines[3:]]), encoding="utf-8")
        code, said = check(exported)
        assert (code, said.startswith("BROKEN: ")) == (1, True)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda lines: lines[1:], "line 1 has position 2: a link is missing or was moved"),
        (lambda lines: [lines[0], lines[2], lines[1]], "line 2 has position 3: a link is missing or was moved"),
        (lambda lines: [*lines, "{}"], "line 5 is not a link"),
        (lambda lines: [*lines, "not JSON"], "line 5 is not a link"),
    ],
    ids=["missing", "moved", "empty", "text"],
)
def test_a_chain_that_was_tampered_with_is_broken(
    exported: Path, spoil: Callable[[list[str]], list[str]], said: str
) -> None:
    exported.write_text("\n".join(spoil(exported.read_text(encoding="utf-8").splitlines())), encoding="utf-8")
    assert check(exported) == (1, f"BROKEN: {said}\n")


def test_a_row_that_is_gone_is_named(system: System, exported: Path) -> None:
    lines = exported.read_text(encoding="utf-8").splitlines()
    link = json.loads(lines[0])
    exported.write_text("\n".join([json.dumps(link | {"row": None}), *lines[1:]]), encoding="utf-8")
    assert check(exported) == (1, f"BROKEN: position 1: row {link['row_id']} is gone\n")


def test_only_chains_are_exported(system: System) -> None:
    with system.app.app_context(), pytest.raises(Invalid, match="chain must be one of: ledger, event"):
        list(chain_export.lines("invoice"))
