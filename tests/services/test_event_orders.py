"""Five events of a gateway, in each order in which they can come, leave an invoice in one state (reliability.md 3)."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from tests.services.refunding import assert_sound
from tests.thoroughness import share

if TYPE_CHECKING:
    from tests.system import System

# Events with the state the gateway shows by then and what it holds of 120 euros; and what is left of them in the end.
STORIES = {
    "paid": (
        [
            ("status_updated", "waiting_for_sca", None),
            ("status_updated", "sent_for_processing", None),
            ("status_updated", "failed", None),
            ("abandoned", "abandoned", None),
            ("status_updated", "settled", "120.00"),
        ],
        ("completed", "paid", 0),
    ),
    "given back": (
        [
            ("status_updated", "authorised", None),
            ("voided", "voided", None),
            ("status_updated", "settled", "120.00"),
            ("refunded", "refunded", "70.00"),
            ("refunded", "refunded", "0.00"),
        ],
        ("refunded", "refunded", 12000),
    ),
    "charged back": (
        [
            ("status_updated", "initial", None),
            ("status_updated", "confirmed_3ds", None),
            ("status_updated", "failed", None),
            ("status_updated", "settled", "120.00"),
            ("chargebacked", "chargebacked", "0.00"),
        ],
        ("charged_back", "chargeback", 12000),
    ),
}
STATE = """
select p.status, i.status as invoice, p.refunded_minor + p.lost_minor as gone
  from payment p join invoice i on i.id = p.invoice_id where p.external_id = :r
"""


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    return shared_system


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES)
@pytest.mark.timeout(600)
def test_every_order_of_five_events_ends_alike(system: System, story: str) -> None:
    events, ends = STORIES[story]
    orders = list(permutations(events))
    for order in share(orders, 10):
        number = system.invoice()
        reference = system.one_off(number)
        for event, state, standing in order:
            system.pay(reference, state, standing=Decimal(standing) if standing else None)
            system.callback(reference, event)
            system.drain()
        row = system.rows(STATE, r=reference)[0]
        assert (row.status, row.invoice, row.gone) == ends, order
    assert len(orders) == 120
    assert_sound(system)
