"""Bugs in the call that makes many invoices and in what it uses, each with the tests that must turn red."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

HERE = "app/services/many_invoices.py"
MADE = "tests/api/v2/test_many_invoices.py"
REFUSED = "tests/api/v2/test_many_invoices_refused.py"

MANY_INVOICES = [
    Mutant(
        "many invoices take a number of somebody else",
        HERE,
        "r.initiator_id <> all(:owns)",
        "false",
        f"{REFUSED} -k somebody_else",
    ),
    Mutant(
        "of many invoices the registered ones are passed over",
        HERE,
        "    if faults:\n        raise NumbersTaken(faults)\n",
        "",
        f"{REFUSED} -k other_invoices",
    ),
    Mutant(
        "a number that is named among many is given again",
        HERE,
        "    numbering.advance_past(tx, caller, given)\n",
        "",
        f"{MADE} -k counts_as_given",
    ),
    Mutant(
        "many invoices are made in an order of each call's own",
        HERE,
        "   order by said.number\n",
        "   order by said.number * (150 - said.total)\n",
        f"{REFUSED} -k opposite_orders",
    ),
    Mutant(
        "of many invoices those over nothing stay unpaid",
        "app/services/settlement.py",
        "where id = any(:ids) and total_minor = 0",
        "where id = any(:ids) and total_minor < 0",
        f"{MADE} -k each_row",
    ),
    Mutant(
        "the lines of many invoices lose their tax",
        HERE,
        "said.net_minor, said.tax_rate, said.tax_minor",
        "said.net_minor, said.tax_rate, 0",
        f"{MADE} -k each_row",
    ),
    Mutant(
        "accounts are remembered that may be rolled back",
        "app/services/ledger.py",
        "        remember_after_commit(ACCOUNTS, {",
        "        known.update({",
        "tests/services/test_ledger_accounts.py",
    ),
]
