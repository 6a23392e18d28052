"""Bugs in who may come in and go on, each with the tests that must turn red."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

DOORS = [
    Mutant(
        "a cursor goes on with any list of its kind",
        "app/blueprints/api/v2/cursors.py",
        "    return _bound(name, request.path, filters)\n",
        "    return _bound(name, request.path)\n",
        "tests/api/v2/test_pages.py",
    ),
    Mutant(
        "the state of a login serves twice",
        "app/integrations/tara/login.py",
        "            raise StateUsed\n",
        "            pass\n",
        "tests/web/test_sign_in.py -k kept_cookie",
    ),
    Mutant(
        "another's invoice can be read",
        "app/services/invoice_status.py",
        "    own = select(Invoice.id).where(*numbered(owns, number))\n",
        "    own = select(Invoice.id).where(Invoice.number == number)\n",
        "tests/api/test_ownership.py",
    ),
    Mutant(
        "slow senders hold every thread",
        "app/web/complete_bodies.py",
        "        if not self._room.acquire(timeout=PATIENCE_S):\n",
        "        if False:\n",
        "tests/api/test_complete_bodies.py -k slow_bodies",
    ),
    Mutant(
        "a service calls as often as it likes",
        "app/blueprints/api/guard.py",
        "        check(rate, ",
        "        print(",
        "tests/api/test_rates.py",
    ),
    Mutant(
        "a session searches as often as it likes",
        "app/web/guards.py",
        "            check(SEARCHES, ",
        "            print(",
        "tests/web/test_rates.py",
    ),
    Mutant(
        "a hostile message is indented without end",
        "app/web/masking.py",
        "min(max(0, depth), DEEPEST)",
        "max(0, depth)",
        "tests/web/test_masking.py -k in_no_time",
    ),
    Mutant(
        "nobody is asked about numbers that were passed by",
        "app/services/skipped_numbers.py",
        "            reviews.ask(\n",
        "            str(\n",
        "tests/services/test_skipped_numbers.py",
    ),
    Mutant(
        "a filter is part of the question",
        "app/queries/owned_references.py",
        "[func.lower(Reference.email) == email.lower()]",
        "[__import__('sqlalchemy').text(f\"lower(email) = '{email.lower()}'\")]",
        "tests/api/v2/test_injected.py",
    ),
    Mutant(
        "an answer is kept for all tenants",
        "app/services/idempotency.py",
        "        IdempotencyKey.tenant_id == call.tenant_id,\n",
        "",
        "tests/services/test_tenants.py -k answer_kept",
    ),
    Mutant(
        "an answer is given for ever",
        "app/services/idempotency.py",
        ").where(*_is(call), IdempotencyKey.expires_at > func.now())",
        ").where(*_is(call))",
        "tests/api/test_idempotency.py -k thirty_days",
    ),
    Mutant(
        "two calls under one key work at once",
        "app/services/idempotency.py",
        '    if not tx.scalar(TURN, {"name": name}):',
        "    if not name:",
        "tests/api/test_idempotency.py -k twenty_calls",
    ),
    Mutant(
        "made-up references are all looked up at once",
        "app/services/inbox.py",
        "case when heard.payment_id is null and strangers.many > :budget",
        "case when false and strangers.many > :budget",
        "tests/services/test_storms.py -k made_up",
    ),
]
