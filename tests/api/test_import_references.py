"""POST import_data/reference_data: reference numbers with their owners, all good rows or none (eis.md 5.20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import IMPORT_REFERENCES
from tests.api.test_import_data import TAIL, bring, reasons

if TYPE_CHECKING:
    from tests.api.client import Api


def test_references_come_along_with_their_owners(api: Api) -> None:
    rows = [
        {"reference_number": "2144032", "initiator": "registry", "registrar_name": "Roga & Kopyta"},
        {"reference_number": 2199812, "registrar_name": None},
    ]
    response = bring(api, rows, path=IMPORT_REFERENCES)
    assert response.json["message"] == f"Added 2 reference numbers, skipped 0. {TAIL}"  # type: ignore[index]
    made = api.system.rows(
        "select r.number, r.owner, a.name from reference r join account a on a.id = r.account_id "
        "where r.number in ('2144032', '2199812') order by 1"
    )
    assert [tuple(each) for each in made] == [("2144032", "Roga & Kopyta", "Roga & Kopyta"), ("2199812", None, "")]
    again = bring(api, rows, path=IMPORT_REFERENCES)
    assert reasons(again) == [(0, "is known already"), (1, "is known already")]


def test_a_reference_of_somebody_else_is_not_available(api: Api) -> None:
    rows = [{"reference_number": "1234561", "registrar_name": "A"}]
    assert bring(api, rows, path=IMPORT_REFERENCES).json["added"] == 1  # type: ignore[index]
    said = "this reference number is not available to you"
    assert reasons(bring(api, rows, "auction", IMPORT_REFERENCES)) == [(0, said)]
    rows[0]["registrar_name"] = "B"
    assert reasons(bring(api, rows, path=IMPORT_REFERENCES)) == [(0, said)]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({}, "reference_number is missing"),
        ({"reference_number": ""}, "reference_number must be filled"),
        ({"reference_number": "2144033"}, "reference_number must be a reference number"),
        ({"reference_number": "0013"}, "reference_number must be a reference number"),
        ({"reference_number": "21440a2"}, "reference_number must be a reference number"),
        ({"reference_number": "1" * 30}, "reference_number must be a reference number"),
        ({"reference_number": "13", "initiator": "auction"}, "initiator must be one of"),
        ({"reference_number": "13", "registrar_name": {}}, "registrar_name must be a string"),
        (None, "must be an object"),
    ],
)
def test_a_faulty_reference_is_skipped_with_its_reason(api: Api, entry: Any, reason: str) -> None:
    ((place, said),) = reasons(bring(api, [entry], path=IMPORT_REFERENCES))
    assert place == 0
    assert said.startswith(reason)
