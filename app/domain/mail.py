"""A letter, and what is an address of one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parseaddr

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


def is_address(text: str) -> bool:
    """Return whether one letter can be sent there: one address, ASCII, without a name or anything else beside it."""
    return text.isascii() and text.isprintable() and ADDRESS.fullmatch(text) is not None


def is_sender(text: str) -> bool:
    """Return whether letters can leave in this name: one address, with a name before it or without."""
    return text.isprintable() and is_address(parseaddr(text)[1])
