"""What an import says of the rows it skips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.client import IMPORT_INVOICES
from tests.api.test_import_data import NUMBERS, bring, reasons, row

if TYPE_CHECKING:
    from tests.api.client import Api


def test_a_number_nobody_can_read_is_told_readably_and_the_answer_is_kept(api: Api) -> None:
    rows = [row("1\x002\n"), row(next(NUMBERS), **{"\x00": 1})]
    first, again = (api.send(IMPORT_INVOICES, rows, Idempotency_Key="unreadable") for _ in range(2))
    assert first.status_code == again.status_code == 200, first.text
    assert first.json["skipped_rows"][0]["number"] == "1\N{REPLACEMENT CHARACTER}2\N{REPLACEMENT CHARACTER}"  # type: ignore[index]
    assert again.json == first.json


def test_only_the_first_thousand_reasons_are_told_and_all_are_counted(api: Api) -> None:
    first = next(NUMBERS)
    response = bring(api, [row(first, status="?")] * 600 + [row(first)] * 1_500 + [row(first, status="?")])
    assert len(reasons(response)) == 1_000
    assert [each[0] for each in reasons(response)] == [*range(600), *range(601, 1_001)]
    assert response.json["skipped"] == 2_100  # type: ignore[index]
    assert sorted(response.json["reasons"].values()) == [601, 1_499]  # type: ignore[index]
