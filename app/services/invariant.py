"""One invariant: a question to the database whose answer must be no rows (reliability.md 4.5)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invariant:
    """One truth: `examined` counts what was looked at, `broken` lists what contradicts it."""

    name: str
    sentence: str
    examined: str
    broken: str
