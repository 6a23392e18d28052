"""Bugs in looking at open pages and in asking by itself, each with the tests that must turn red."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

PAGES = "app/services/open_payment_pages.py"
LOOKS = "app/services/refresh.py"
SHOWN = "tests/services/test_open_payment_pages.py"
POLLED = "tests/services/test_polling.py"

OPEN_PAGES = [
    Mutant(
        "what a last look saw is thrown away",
        PAGES,
        "            take_over(news, fetched, gateway, poll_ladder_s)\n",
        "            pass\n",
        f"{SHOWN} -k nobody_called",
    ),
    Mutant(
        "a second page is shown while the bank moves the money",
        PAGES,
        "    if moving_minor and asked",
        "    if False and asked",
        f"{SHOWN} -k moves",
    ),
    Mutant(
        "two who ask at once do not know of each other",
        PAGES,
        "        raise BeingMade\n",
        "        return\n",
        f"{SHOWN} -k at_once",
    ),
    Mutant(
        "the page somebody else has just made is not found",
        PAGES,
        "Payment.id.not_in(but), ",
        "Payment.id < 0, ",
        f"{SHOWN} -k at_once",
    ),
    Mutant(
        "messages climb the ladder",
        LOOKS,
        "    rung = min(payment.checks, len(poll_ladder_s) - 1)\n",
        "    rung = min(payment.checks, len(poll_ladder_s) - 1)\n    payment.checks += 1\n",
        f"{POLLED} -k ladder",
    ),
    Mutant(
        "a state nobody knows ends the asking",
        LOOKS,
        "        if fetched.state is ObservedState.UNKNOWN:\n",
        "        if False:\n",
        f"{POLLED} -k nobody_knows",
    ),
    Mutant(
        "one answer that nothing is known ends the asking",
        LOOKS,
        "            _plan_next_check(payment, poll_ladder_s)\n            if payment.next_check_at is None",
        "            payment.next_check_at = None\n            if payment.next_check_at is None",
        f"{POLLED} -k knows_nothing",
    ),
    Mutant(
        "money of another amount is booked because it went back",
        LOOKS,
        "agreed_minor=None if difference else payment.amount_minor",
        "agreed_minor=payment.amount_minor",
        f"{POLLED} -k another_amount",
    ),
]
