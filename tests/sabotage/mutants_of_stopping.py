"""Bugs in how a process that is asked to stop comes to its end; mutants.py plants them."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

TESTS = "tests/jobs/test_stopping.py"

STOPPING = [
    Mutant(
        "a stop makes no wait shorter",
        "app/queue/crash.py",
        "return longest if self.hurried_at is None else min(longest, self.hurried_at + STOPPING_S)",
        "return longest",
        f"{TESTS} -k stop_ends",
    ),
    Mutant(
        "slow tries make the wait longer",
        "app/queue/crash.py",
        "longest = began_at + LONGEST_S",
        "longest = max(began_at, time.monotonic() + 60)",
        f"{TESTS} -k take_long",
    ),
    Mutant(
        "a worker that is stopped waits as long as before",
        "app/queue/worker.py",
        "        self.asked_at = self.asked_at or moment\n        PATIENCE.hurry()\n",
        "        self.asked_at = self.asked_at or moment\n",
        f"{TESTS} -k worker_that_is_stopped",
    ),
    Mutant(
        "a stop ends the child of a worker in the midst of its work",
        "app/queue/worker.py",
        "        signal.signal(signal.SIGTERM, lambda _number, _frame: PATIENCE.hurry())\n",
        "        signal.signal(signal.SIGTERM, signal.SIG_DFL)\n",
        f"{TESTS} -k child",
    ),
    Mutant(
        "a worker without Redis goes on through all lanes",
        "app/jobs/outbox.py",
        "        if is_stopping():\n",
        "        if False:\n",
        f"{TESTS} -k no_lane",
    ),
    Mutant(
        "each lease waits for the database anew",
        "app/services/reaper.py",
        "            break  # each",
        "            pass  # each",
        f"{TESTS} -k one_by_one",
    ),
    Mutant(
        "a relay that is stopped waits as long as before",
        "app/jobs/relay.py",
        "        PATIENCE.hurry()\n",
        "",
        f"{TESTS} -k relay_that_is_stopped",
    ),
    Mutant(
        "a second stop is not heard",
        "app/queue/worker.py",
        "            raise SystemExit(1)\n",
        "            return\n",
        f"{TESTS} -k by_force",
    ),
    Mutant(
        "what others need stops first",
        "app/demo/processes.py",
        "for each in self.running.values()}):",
        "for each in self.running.values()}, reverse=True):",
        "tests/demo/test_processes.py -k stages",
    ),
    Mutant(
        "the database stops before those who use it",
        "app/demo/members.py",
        "WEB, WORKERS, RELAY, SIMULATORS, STORE, DATABASE = range(1, 7)",
        "DATABASE, WEB, WORKERS, RELAY, SIMULATORS, STORE = range(1, 7)",
        "tests/demo/test_members.py -k leaves_first",
    ),
]
