"""The invoice's status and its edges, against the table of other-systems.md 7.1 written out here by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from app.domain.invoice import (
    EDGES,
    EIS_NUMBER,
    EIS_WORD,
    IllegalInvoiceEdge,
    InvoiceFacts,
    InvoiceStatus,
    check_edge,
    derive_status,
    is_payable,
)

DECISION = Path(__file__).parents[2] / "docs" / "adr" / "013-edges-that-follow-from-facts.md"
# From other-systems.md 7.1, row by row; `more` is what payments in parts add, walked and explained below.
LEGAL = """
draft: unpaid paid cancelled
unpaid: pending partially_paid paid charged_with_error overdue cancelled uncollectible more partially_refunded
overdue: pending partially_paid paid charged_with_error unpaid cancelled uncollectible more partially_refunded
pending: unpaid overdue partially_paid paid charged_with_error cancelled more partially_refunded
charged_with_error: pending paid partially_paid unpaid overdue cancelled uncollectible more partially_refunded
partially_paid: paid unpaid overdue in_protest uncollectible more pending charged_with_error partially_refunded chargeback
paid: partially_refunded refunded in_protest cancelled partially_paid
in_protest: paid partially_refunded refunded chargeback more partially_paid uncollectible
partially_refunded: refunded in_protest chargeback
uncollectible: paid more partially_refunded in_protest chargeback
cancelled: paid partially_paid
refunded:
chargeback: paid more partially_paid partially_refunded uncollectible
"""  # noqa: E501 - a row of the table
MATRIX = {line.partition(":")[0]: set(line.partition(":")[2].split()) - {"more"} for line in LEGAL.strip().splitlines()}


@pytest.mark.parametrize(("before", "after"), list(product(InvoiceStatus, InvoiceStatus)))
def test_exactly_the_written_edges_are_legal(before: InvoiceStatus, after: InvoiceStatus) -> None:
    if before == after or after in MATRIX[before]:
        check_edge(before, after)
        return
    with pytest.raises(IllegalInvoiceEdge):
        check_edge(before, after)


def test_no_edge_is_in_the_code_alone() -> None:
    assert {(str(a), str(b)) for a, b in EDGES} == {(a, b) for a, afters in MATRIX.items() for b in afters}


TOTAL = 3
Moves = Iterator[tuple[InvoiceFacts, int]]


def money_moves(f: InvoiceFacts, disputed: int) -> Moves:
    """Every way the money of an invoice over three cents can move next; `disputed` is what open disputes hold."""
    for came in range(1, TOTAL - f.captured_minor + 1):
        captured = f.captured_minor + came
        paid = f.ever_paid or captured == TOTAL
        yield replace(f, captured_minor=captured, last_charge_failed=False, ever_paid=paid), disputed
    for gone in range(1, f.captured_minor - f.refunded_minor - f.lost_minor - disputed + 1):
        yield replace(f, refunded_minor=f.refunded_minor + gone), disputed
        if not disputed:
            yield replace(f, open_dispute=True), gone
    if disputed:
        yield replace(f, open_dispute=False), 0
        yield replace(f, open_dispute=False, lost_minor=f.lost_minor + disputed), 0
    elif f.lost_minor and derive_status(f) is InvoiceStatus.PARTIALLY_REFUNDED:
        yield replace(f, open_dispute=True, lost_minor=0), f.lost_minor  # what comes back comes by the way it went
    elif f.lost_minor:
        yield replace(f, lost_minor=0), 0


def other_moves(f: InvoiceFacts, disputed: int) -> Moves:
    """Every other way its facts can change next."""
    yield replace(f, has_active_payment=not f.has_active_payment), disputed
    yield replace(f, overdue=not f.overdue), disputed
    yield replace(f, last_charge_failed=not f.last_charge_failed), disputed
    if derive_status(f) in {"unpaid", "overdue", "charged_with_error", "partially_paid"}:
        yield replace(f, written_off=True), disputed


def test_every_history_of_payments_in_parts_goes_along_edges() -> None:
    first = (InvoiceFacts(total_minor=TOTAL), 0)
    known, open_, walked = {first}, [first], set()
    while open_:
        before = open_.pop()
        for after in (*money_moves(*before), *other_moves(*before)):
            edge = derive_status(before[0]), derive_status(after[0])
            check_edge(*edge)
            walked.add((str(edge[0]), str(edge[1])))
            if after not in known:
                known.add(after)
                open_.append(after)
    assert len(known) > 400
    assert beyond_the_paper() <= walked, "each of them is needed"


def beyond_the_paper() -> set[tuple[str, str]]:
    more = {line.partition(":")[0]: set(line.partition(" more ")[2].split()) for line in LEGAL.strip().splitlines()}
    return {(a, b) for a, afters in more.items() for b in afters}


def test_every_edge_the_paper_does_not_have_is_explained() -> None:
    explained = re.findall(r"^\| (\w+) \| (\w+) \| \w", DECISION.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(explained[1:]) == sorted(beyond_the_paper()), "all rows under the heading"


def by_the_book(f: InvoiceFacts) -> str:
    """The thirteen rules of 7.1 in their order, as a table of (condition, word)."""
    held = f.captured_minor - f.refunded_minor
    rules = [
        (f.cancelled, "cancelled"),
        (not f.issued, "draft"),
        (f.open_dispute, "in_protest"),
        (f.lost_minor > 0 and held - f.lost_minor <= 0, "chargeback"),
        (f.ever_paid and f.refunded_minor > 0 and f.refunded_minor >= f.captured_minor, "refunded"),
        (f.ever_paid and (f.refunded_minor > 0 or f.lost_minor > 0), "partially_refunded"),
        (held >= f.total_minor or f.total_minor == 0, "paid"),
        (f.written_off, "uncollectible"),
        (held > 0, "partially_paid"),
        (f.has_active_payment, "pending"),
        (f.last_charge_failed, "charged_with_error"),
        (f.overdue, "overdue"),
        (True, "unpaid"),
    ]
    return next(word for condition, word in rules if condition)


def test_the_status_follows_from_the_facts_for_every_combination() -> None:
    flags = list(product([False, True], repeat=8))
    amounts = [
        (total, captured, refunded, lost)
        for total in (0, 100)
        for captured in (0, 40, 100)
        for refunded in (0, 40, 100)
        for lost in (0, 40, 100)
        if captured <= total and refunded <= captured and lost <= captured
    ]
    seen = set()
    for (issued, cancelled, off, dispute, ever, active, failed, overdue), money in product(flags, amounts):
        facts = InvoiceFacts(issued, cancelled, off, dispute, ever, *money, active, failed, overdue)
        status = derive_status(facts)
        assert status == by_the_book(facts), facts
        seen.add(status)
    assert seen == set(InvoiceStatus)


def test_a_zero_total_is_paid_and_never_refunded_by_itself() -> None:
    assert derive_status(InvoiceFacts(ever_paid=True)) is InvoiceStatus.PAID


def test_the_six_words_cover_every_status() -> None:
    assert set(EIS_WORD) == set(InvoiceStatus)
    assert set(EIS_WORD.values()) == set(EIS_NUMBER)
    assert EIS_NUMBER == {"unpaid": 0, "paid": 1, "cancelled": 2, "failed": 3, "refunded": 4, "overdue": 5}


@pytest.mark.parametrize("status", InvoiceStatus)
def test_only_open_invoices_can_be_paid(status: InvoiceStatus) -> None:
    open_ = {"unpaid", "overdue", "pending", "charged_with_error", "partially_paid"}
    assert is_payable(status) == (status in open_)
