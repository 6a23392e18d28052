"""The locks pin what the project names, with hashes, and name no place to get it from."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from bootstrap import PIP_WHEEL

ROOT = Path(__file__).parents[2]
ENTRY = re.compile(r"^(\S+)==(\S+)(?: ; [^\\\n]+)?(?: \\\n {4}--hash=sha256:[0-9a-f]{64})+$", re.MULTILINE)


class Lock(NamedTuple):
    name: str
    text: str
    pins: dict[str, Version]


def lock(name: str) -> Lock:
    text = (ROOT / name).read_text(encoding="utf-8")
    return Lock(name, text, {canonicalize_name(found[1]): Version(found[2]) for found in ENTRY.finditer(text)})


def named(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    return [Requirement(each) for group in groups for each in group]


RUN, CHECK = lock("requirements.lock"), lock("requirements-test.lock")


@pytest.mark.parametrize(
    ("lock", "wanted"), [(RUN, named("embedded")), (CHECK, named("embedded", "test"))], ids=["run", "check"]
)
def test_every_package_the_project_names_is_pinned_to_a_version_it_accepts(
    lock: Lock, wanted: list[Requirement]
) -> None:
    assert len(wanted) > 20
    nothing = Version("0")
    faults = [
        str(each) for each in wanted if lock.pins.get(canonicalize_name(each.name), nothing) not in each.specifier
    ]
    assert not faults, f"{lock.name} is older than pyproject.toml: python3 bootstrap.py renew-lock"


@pytest.mark.parametrize("lock", [RUN, CHECK], ids=["run", "check"])
def test_a_lock_holds_nothing_but_versions_with_their_hashes(lock: Lock) -> None:
    assert len(lock.pins) > 50
    assert not ENTRY.sub("", lock.text).strip()
    assert "://" not in lock.text


def test_the_lock_for_checks_has_everything_of_the_lock_for_running() -> None:
    different = {name: version for name, version in RUN.pins.items() if CHECK.pins.get(name) != version}
    assert not different


def test_the_installer_is_the_wheel_that_is_listed() -> None:
    listed = (PIP_WHEEL.parent / "VENDOR.md").read_text(encoding="utf-8")
    assert f"`{PIP_WHEEL.name}`" in listed
    assert hashlib.sha256(PIP_WHEEL.read_bytes()).hexdigest() in listed
