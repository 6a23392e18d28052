"""Bugs in what is brought along and in reservations, each with the tests that must turn red."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

IMPORTS = [
    Mutant(
        "names are won on a number that was given up",
        "app/services/refresh.py",
        " or invoice.paid_at is not None or invoice.cancelled_at is not None:",
        " or invoice.paid_at is not None:",
        "tests/services/test_claims.py -k credit",
    ),
    Mutant(
        "giving up forgets the other holders",
        "app/services/reservations.py",
        "    if invoice.cancelled_at is None and not others:\n        cancel(",
        "    if invoice.cancelled_at is None:\n        cancel(",
        "tests/api/test_reservations.py -k another_holder_waits",
    ),
    Mutant(
        "an import takes a number of somebody else",
        "app/services/import_statements.py",
        "r.initiator_id <> all(:owns) and reason is null",
        "r.initiator_id <> all(:owns) and false",
        "tests/api/test_import_data.py -k somebody_else",
    ),
    Mutant(
        "numbers of an import are given again",
        "app/services/import_statements.py",
        "greatest(g.next_number, taken.highest + 1)",
        "g.next_number",
        "tests/api/test_import_data.py -k count_as_given",
    ),
    Mutant(
        "an import believes a list of numbers",
        "app/services/legacy_rows.py",
        "        and incoming.number in target.deposit_range\n",
        "",
        "tests/services/test_legacy.py -k free_text",
    ),
    Mutant(
        "an import that was given up is taken all the same",
        "app/services/imports.py",
        "        raise GivenUpMeanwhile\n",
        "        pass\n",
        "tests/services/test_import_progress.py -k by_mistake",
    ),
    Mutant(
        "an import that says nothing for long is taken for dead",
        "app/queries/imports.py",
        "l.objid = import_batch.id %",
        "l.objid = -import_batch.id %",
        "tests/services/test_import_progress.py -k left_alone",
    ),
    Mutant(
        "another try of an import is another import",
        "app/services/import_progress.py",
        "        if self.batch_id is None:\n            values",
        "        if True:\n            values",
        "tests/services/test_import_progress.py -k another_try",
    ),
]
