"""How much of an enumeration is done: a share at each commit, all of it in `./check exhaustive`, before a release."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

EXHAUSTIVE = bool(os.environ.get("TEST_EXHAUSTIVE"))
# So many first statements of two verbs are merged in every order the locks allow.
DEPTH = 20 if EXHAUSTIVE else 5
FEWEST, SHARE = 3, 20


def deaths(points: int) -> list[int]:
    """Return the points of a flow at which its process is killed: evenly spread, or each."""
    if EXHAUSTIVE:
        return list(range(1, points + 1))
    how_many = min(points, max(FEWEST, points // SHARE))
    return sorted({1 + each * points // how_many for each in range(how_many)})


def share(things: Sequence[T], one_in: int) -> Sequence[T]:
    """Return one in so many of the things, evenly spread, or each."""
    return things if EXHAUSTIVE else things[::one_in]


def stride(few: int, many: int) -> int:
    """Return how many points of a flow lie between two at which its process is killed: many, or few."""
    return few if EXHAUSTIVE else many


def examples(few: int) -> int:
    """Return how many histories are made up: a few, or thirty times as many."""
    return few * 30 if EXHAUSTIVE else few
