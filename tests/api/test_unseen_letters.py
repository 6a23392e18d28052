"""Letters that are not seen and change what is: refused in names, in every door they come by (security.md T63)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.api.client import REFERENCE, REGISTER, error_of, problem_of

if TYPE_CHECKING:
    from tests.api.client import Api

C0 = [chr(each) for each in range(32) if chr(each) not in "\t\n\r"]
C1 = [chr(each) for each in range(0x7F, 0xA0)]
TURNING = [chr(each) for each in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
UNSEEN = C0 + C1 + TURNING
PLAIN = ["Mari Maasikas", "Žirkov ja Õunapuu", "שלום בע״מ", "شركة", "Алёна", "東京", "👩\u200d🔬 lab", "a\u00a0b"]
MUST = "must not contain control characters"


@pytest.mark.parametrize("letter", UNSEEN, ids=lambda each: f"U+{ord(each):04X}")
def test_they_are_refused_by_name_and_nothing_is_kept(api: Api, letter: str) -> None:
    name, before = f"Mari{letter}Maasikas", [api.count("invoice"), api.count("reference")]
    body = {"invoice_number": 7, "transaction_amount": "1.00", "custom_field2": "registry", "customer_name": name}
    wrong: list[Any] = [error_of(api.send(REGISTER, body)), error_of(api.send(REFERENCE, {"owner": name}))]
    for each, field in zip(wrong, ("customer_name", "owner"), strict=True):
        assert MUST in str(each), each
        assert field in str(each)
    asked = {"amount": "1.00", "customer": {"name": name}}
    assert MUST in str(problem_of(api.v2("/invoices", asked), 422))
    assert [api.count("invoice"), api.count("reference")] == before


@pytest.mark.parametrize("name", PLAIN)
def test_names_of_the_world_are_taken_as_they_are(api: Api, name: str) -> None:
    made = api.send(REGISTER, api.registration(customer_name=name))
    assert made.status_code == 201, made.text
    assert f"customer_name={quote(name, safe='')}&" in made.json["everypay_link"]  # type: ignore[index]
