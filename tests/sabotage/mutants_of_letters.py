"""Bugs in who is written to by mail, how often, what is said to a server that proved nothing, and in what was told."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

SENDER = "tests/integrations/mail/test_sender.py"
LETTERS_TESTS = "tests/services/test_letters.py"

LETTERS = [
    Mutant(
        "a password in clear",
        "app/integrations/mail/sender.py",
        "        if not is_encrypted:\n",
        "        if False:\n",
        f"{SENDER} -k in_clear",
    ),
    Mutant(
        "a mail server nobody vouches for",
        "app/integrations/mail/sender.py",
        "context=ssl.create_default_context()",
        "context=ssl._create_unverified_context()",
        f"{SENDER} -k vouches",
    ),
    Mutant(
        "a letter of which nobody knows is taken for not sent",
        "app/integrations/mail/sender.py",
        "        self._has_left = True\n",
        "",
        f"{SENDER} -k lost",
    ),
    Mutant(
        "a second try is a letter of its own",
        "app/services/letters.py",
        'key = f"{SEND}.{row.id}"',
        'key = f"{SEND}.{datetime.now(UTC).timestamp()}"',
        f"{LETTERS_TESTS} -k under_its_name",
    ),
    Mutant(
        "a letter for each message that is given up",
        "app/services/letters.py",
        'f"given-up.{owner.code}.{datetime.now(UTC):%Y-%m-%d}"',
        'f"given-up.{row.id}"',
        f"{LETTERS_TESTS} -k once_a_day",
    ),
    Mutant(
        "letters to several at once",
        "app/domain/mail.py",
        "return text.isascii() and text.isprintable() and ADDRESS.fullmatch(text) is not None",
        "return ADDRESS.search(text) is not None",
        "tests/domain/test_mail.py -k single",
    ),
    Mutant(
        "a chain may contradict what was told of it",
        "app/services/seal_invariants.py",
        " and s.hash = a.hash",
        "",
        "tests/services/test_anchors.py -k rewritten",
    ),
    Mutant(
        "the first link is told for the last",
        "app/services/anchors.py",
        "order by position desc limit 1",
        "order by position limit 1",
        "tests/services/test_anchors.py -k said_in_the_log",
    ),
]
