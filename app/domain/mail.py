"""A letter, and what is an address of one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

ADDRESS = re.compile(r"[^\s@<>\"',;]{1,64}@[^\s@<>\"',;]{1,190}\.[^\s@<>\"',;.]{2,60}")

GIVEN_UP = """\
Messages from EIS Billing to {service} did not get through.

The first of this day that we gave up was {what}: it was tried {tries} times, and {came}.
There may be more of them; this letter is written once a day at most.

Nothing is lost. Mend the receiver first. Then an administrator sends everything again that was given up:
{portal}/deliveries

or your program asks for all events since the last one it has, and for endpoints of its own to have them once more:
{portal}/api/docs
"""


ANCHORED = """\
Where the hash chains of EIS Billing stood on {day}, UTC:

{heads}

Keep this letter where nobody who administers the database can reach it. It proves later that nothing up to here was
changed; with a file of the chain and docs/verify_chain.py nothing of the system is needed for that:

{commands}
"""


@dataclass(frozen=True, slots=True, order=True)
class Head:
    """The last link of a chain: how many there are, and its hash in hex."""

    chain: str
    position: int
    hash: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is told by mail; by its `key` a second copy is known as one for ever (RFC 5322, 3.6.4)."""

    key: str
    to: str
    subject: str
    text: str


def given_up(*, service: str, about: int | None, tries: int, answer: int | None, portal: str) -> tuple[str, str]:
    """Return subject and text of the letter about messages a service did not take (reliability.md 3.9)."""
    what = "a message" if about is None else f"a message about invoice {about}"
    came = "no answer came" if answer is None else f"the last answer was {answer}"
    text = GIVEN_UP.format(service=service, what=what, tries=tries, came=came, portal=portal)
    return f"EIS Billing: messages to {service} were given up", text


def anchored(heads: Sequence[Head], day: date) -> tuple[str, str]:
    """Return subject and text of the letter that says where the chains stood (reliability.md 3.12)."""
    stood = "\n".join(f"{each.chain}, {each.position} rows:\n{each.hash}" for each in heads)
    commands = "\n".join(
        f"billing export-chain {each.chain} > {each.chain}.jsonl\n"
        f"python verify_chain.py --head {each.hash} {each.chain}.jsonl"
        for each in heads
    )
    return f"EIS Billing: where the chains stood on {day}", ANCHORED.format(day=day, heads=stood, commands=commands)


def is_address(text: str) -> bool:
    """Return whether one letter can be sent there: one address, ASCII, without a name or anything else beside it."""
    return text.isascii() and text.isprintable() and ADDRESS.fullmatch(text) is not None


def is_sender(text: str) -> bool:
    """Return whether letters can leave in this name: one address, with a name before it or without."""
    return text.isprintable() and is_address(parseaddr(text)[1])
