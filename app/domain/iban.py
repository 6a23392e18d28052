"""Account numbers: whether the check digits fit, so that a slip of the finger sends nobody's money elsewhere."""

from __future__ import annotations

import re

# ISO 13616.
GRAMMAR = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
# Of countries whose invoices we make.
LENGTH = {"EE": 20}


def compact(typed: str) -> str:
    """Return the number as it is kept: without the spaces people write, in capitals."""
    return "".join(typed.split()).upper()


def is_valid(number: str) -> bool:
    """Return whether a compact number has the form, the length and the check digits of its country."""
    if not GRAMMAR.fullmatch(number) or len(number) != LENGTH.get(number[:2], len(number)):
        return False
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1
