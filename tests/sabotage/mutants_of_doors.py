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
]
