"""Bugs in making the invoices of one moment together, each with the tests that must turn red."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

HERE = "app/services/registering.py"
TOGETHER = "app/coalescing.py"
MADE = "tests/services/test_registering.py"
SHARED = "tests/services/test_coalescing.py"

REGISTERING = [
    Mutant(
        "of two who ask for one number at once both are told and booked",
        HERE,
        "public_token\n), new as (\n  select made.id, asked.* from made join asked using (public_token)",
        "public_token, number n\n), new as (\n  select made.id, asked.* from made join asked on number = n",
        f"{MADE} -k one_number",
    ),
    Mutant(
        "whoever comes with others takes what somebody else reserved",
        HERE,
        "and r.initiator_id <> all(asked.owns)",
        "and false",
        f"{MADE} -k others_reserved",
    ),
    Mutant(
        "the counter passes one of many only",
        HERE,
        "max(number) as highest",
        "min(number) as highest",
        f"{MADE} -k counter",
    ),
    Mutant(
        "the account of somebody else's payer is taken",
        HERE,
        "             and reference.initiator_id = any(asked.owns)),",
        "             and true),",
        f"{MADE} -k account",
    ),
    Mutant(
        "a fault of one is that of all who came with it",
        TOGETHER,
        "            if len(company) == 1:\n",
        "            if True:\n",
        f"{SHARED} -k fault",
    ),
    Mutant(
        "whom nobody took along waits on",
        TOGETHER,
        "        if not is_left_out:\n",
        "        if True:\n",
        f"{SHARED} -k leaves_out",
    ),
    Mutant(
        "those who waited are not taken along",
        TOGETHER,
        "            self._waiting = [] if following else None\n",
        "            self._waiting = None\n",
        f"{SHARED} -k those_who_waited",
    ),
]
