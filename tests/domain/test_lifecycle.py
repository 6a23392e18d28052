"""The paper about states says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain import dispute, invoice, payment, refund

PAPER = Path(__file__).resolve().parents[2] / "docs" / "lifecycle.md"


@pytest.mark.parametrize(
    ("heading", "edges", "states"),
    [
        ("Invoice", invoice.EDGES, list(invoice.InvoiceStatus)),
        ("Payment", payment.EDGES, list(payment.PaymentStatus)),
        ("Refund", refund.EDGES, list(refund.RefundStatus)),
        ("Dispute", dispute.EDGES, list(dispute.DisputeStatus)),
    ],
)
def test_the_tables_are_those_of_the_code(heading: str, edges: frozenset[tuple[str, str]], states: list[str]) -> None:
    part = PAPER.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    for state in states:
        after = sorted(str(b) for a, b in edges if a == state)
        assert f"| {state} | {', '.join(after) or 'none'} |" in part
    assert part.count(" --> ") == len(edges)


def test_the_six_words_are_those_of_the_code() -> None:
    text = PAPER.read_text()
    assert all(f"| {here} | {there} |" in text for here, there in invoice.EIS_WORD.items())
