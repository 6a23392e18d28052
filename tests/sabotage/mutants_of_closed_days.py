"""Bugs in what is added up of days that are over; mutants.py plants them."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

CLOSED_DAYS = [
    Mutant(
        "days are closed beside whoever writes into them",
        "app/services/closed_days.py",
        '        if not tx.scalar(TRY_LOCK, {"lock": CLOSING_LOCK}):\n            return 0\n',
        "",
        "tests/services/test_closed_days.py -k past",
    ),
    Mutant(
        "who got money back is a payer of what came",
        "app/queries/closed_days.py",
        '"and d.payments > 0 "',
        '""',
        "tests/services/test_closed_days.py -k say",
    ),
    Mutant(
        "the proof does not look at payers",
        "app/services/closed_day_invariants.py",
        "group by day, gateway, initiator_id, currency, payer\n",
        "group by day, gateway, initiator_id, currency\n",
        "tests/services/test_closed_days.py -k wrong",
    ),
]
