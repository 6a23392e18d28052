"""What a service is told of a payment, letter by letter as it arrives there (eis.md 9.1.6, 10.2.1, 14, appendix B)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from app.integrations.everypay.wire import SNAPSHOT_KEYS

if TYPE_CHECKING:
    from tests.system import System


@pytest.mark.parametrize(("code", "collection"), [("registry", []), ("eeid", []), ("auction", None)])
def test_the_21_keys_and_the_collection_arrive_with_amounts_as_numbers(
    system: System, code: str, collection: list[object] | None
) -> None:
    number, reference = system.settle(code)
    (told,) = system.service(code).store.exchanges("payment_status")
    body = json.loads(told["body"])
    assert set(body) == {*SNAPSHOT_KEYS, "invoice_number_collection"}
    assert (body["order_reference"], body["payment_reference"]) == (str(number), reference)
    assert (body["payment_state"], body["invoice_number_collection"]) == ("settled", collection)
    amounts = re.findall(r'"(\w+_amount)":([^,}]+)', told["body"])
    assert sorted(amounts) == [("initial_amount", "120.00"), ("standing_amount", "120.00")]
