"""One planted bug."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted bug. An empty `old` makes `file` anew with `new`."""

    name: str
    file: str
    old: str
    new: str
    tests: str
