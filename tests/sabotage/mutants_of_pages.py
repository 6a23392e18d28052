"""Bugs in looking at open pages and in asking by itself, each with the tests that must turn red."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

PAGES = "app/services/open_payment_pages.py"
LOOKS = "app/services/refresh.py"
ENDS = "app/services/open_payments.py"
SHOWN = "tests/services/test_open_payment_pages.py"
POLLED = "tests/services/test_polling.py"
ENDED = "tests/services/test_open_payments.py"

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
        ENDS,
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
        "            plan_next_check(payment, poll_ladder_s)\n            if payment.next_check_at is None",
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
    Mutant(
        "a page nobody uses stays open for ever",
        ENDS,
        "            _expire(payment, invoice)\n",
        "            pass\n",
        f"{ENDED} -k nobody_used",
    ),
    Mutant(
        "a payer who has begun is given up",
        ENDS,
        "    if fetched.state is ObservedState.INITIAL:\n",
        "    if True:\n",
        f"{ENDED} -k begun",
    ),
    Mutant(
        "what does not end is forgotten",
        ENDS,
        "    if not _is_older(payment, ASKED_FOR):\n",
        "    if True:\n",
        f"{ENDED} -k begun",
    ),
    Mutant(
        "an expired page is not looked at before another is shown",
        PAGES,
        "or_(Payment.status.in_(OPEN), given_up)",
        "Payment.status.in_(OPEN)",
        f"{ENDED} -k last_look",
    ),
    Mutant(
        "the link of a partly paid invoice asks for the whole",
        "app/services/settlement.py",
        "        if invoice.payment_link:\n",
        "        if False:\n",
        "tests/services/test_links_of_parts.py -k wherever",
    ),
    Mutant(
        "what was asked for as the rest is another amount",
        "app/services/link_payments.py",
        "    if not invoice.captured_minor:\n        return False",
        "    if True:\n        return False",
        "tests/services/test_links_of_parts.py -k older",
    ),
    Mutant(
        "the page of a cancelled invoice stays open",
        "app/services/cancellation.py",
        "    competing_attempts.close(invoice, because=competing_attempts.INVOICE_CANCELLED)\n",
        "",
        "tests/services/test_competing_attempts.py -k cancelled",
    ),
]
