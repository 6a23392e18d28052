"""Which tests share a running system and so run in one worker: starting one takes longer than most tests of it."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

LIVE = "the system of the session"
SHARED = {
    "tests/demo/test_up.py": "up",
    "tests/demo/test_up_again.py": "up again",
    "tests/demo/test_up_killed.py": "up killed",
    "tests/contract/test_own_providers.py": "up with other providers",
    "tests/chaos/test_without_redis.py": "up",  # so that the longest of all has a worker of its own
    "tests/e2e/test_payer_walk.py": LIVE,
    "tests/e2e/test_portal_walk.py": LIVE,
    "tests/e2e/test_tasks_walk.py": LIVE,
    "tests/e2e/test_two_people.py": LIVE,
}


class SharedSystemScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Gives whoever shares a system to one worker and every other test to whoever is free.

    By the file, as the marks of pytest-xdist 3.8 have no effect with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return SHARED.get(nodeid.partition("::")[0], nodeid)
