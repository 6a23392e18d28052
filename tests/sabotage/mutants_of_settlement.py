"""Bugs in writing down that money came, each with the tests that must turn red."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

SETTLEMENT = [
    Mutant(
        "nothing is written down of a settlement",
        "app/services/settlement.py",
        '        timeline.record(\n            "invoice.settled",\n            actor=actor,',
        '        dict(\n            kind="invoice.settled",\n            actor=actor,',
        "tests/services/test_money_path.py",
    ),
    Mutant(
        "what is owed together loses its order",
        "app/services/batched_writes.py",
        "   order by wanted.nth\n",
        "",
        "tests/services/test_batched_writes.py",
    ),
    Mutant(
        "what belongs to a block gets lost outside of it",
        "app/services/batched_writes.py",
        "    if not keep(kind, row):\n",
        "    if not keep(kind, row) and kind is None:\n",
        "tests/services/test_batched_writes.py",
    ),
]
