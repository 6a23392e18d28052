"""Long enumerations: each commit looks at a quarter of their members, the steps `slow` and `looks` at the others."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.thoroughness import EXHAUSTIVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONG = 5
ONE_IN = 4
# What belongs to one of these steps is not split any further.
STEPS_OF_THEIR_OWN = {"chaos", "restarts", "slow", "sabotage", "endurance", "contract"}


def put_off(members: Sequence[str]) -> set[str]:
    """Return the members that wait, the same on every machine: three in four of a long enumeration, none of a short.

    Drawn by their digests: every third of a product of pages and languages would be one language.
    """
    if len(members) < LONG:
        return set()
    return set(sorted(members, key=lambda each: sha256(each.encode()).digest())[-(-len(members) // ONE_IN) :])


def mark_put_off(tests: Iterable[pytest.Item]) -> None:
    """Mark as slow what waits; before a release everything of a step is done in that step."""
    enumerations: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for each in tests:
        if not EXHAUSTIVE and not STEPS_OF_THEIR_OWN & {mark.name for mark in each.iter_markers()}:
            enumerations[each.nodeid.partition("[")[0]].append(each)
    for members in enumerations.values():
        waiting = put_off([each.nodeid for each in members])
        for each in members:
            if each.nodeid in waiting:
                each.add_marker(pytest.mark.slow)
