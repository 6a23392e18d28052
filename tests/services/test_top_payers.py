"""The payers of whom most came, page by page: those behind the last one, whether days are closed or added up here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.demo import seed
from app.extensions import db
from app.queries import money_moved
from app.queries.money_moved import MovedFilter, PayerMark
from app.services import closed_days
from tests.system import build
from tests.web.lists import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Databases
    from tests.system import System

TODAY = datetime.now(UTC).date()
SPANS = [
    MovedFilter(TODAY - timedelta(days=1000), TODAY + timedelta(days=1)),
    MovedFilter(TODAY - timedelta(days=90), TODAY - timedelta(days=20), service="registry"),
]

SAME = """
insert into payment (public_token, invoice_id, initiator_id, method, gateway, account, status, amount_minor,
                     captured_minor, completed_at, external_id)
select 'same-' || id, id, initiator_id, 'reported', 'service', 'registry', 'completed', total_minor, total_minor,
       now() - interval '30 days', 'same-' || id
  from invoice where customer_name like 'Payer 15%'
"""


@pytest.fixture(scope="module")
def business(databases: Databases, redis_url: str) -> Iterator[System]:
    """Return a system with some business, no day of it closed; several payers have brought the same."""
    with databases.clone() as url:
        system = build(url, redis_url)
        with system.app.app_context():
            seed.fill(300)
        fill(system, 12)
        system.sql(SAME)
        system.sql("delete from closed_day")
        yield system
        system.close()


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("are_closed", [False, True])
def test_payers_go_on_behind_the_last_one_and_each_stands_there_once(
    business: System, size: int, *, are_closed: bool
) -> None:
    with business.app.app_context():
        while are_closed and closed_days.close(None):
            pass
        for wanted in SPANS:
            whole = money_moved.top_payers(wanted, 1000)
            found, after = [], None
            while part := money_moved.top_payers(wanted, size, after):
                found += part
                after = PayerMark.of(part[-1])
            assert found == whole
            assert len(whole) > 2 * size
        db.session.rollback()


@pytest.mark.slow
def test_payers_who_brought_the_same_stand_by_their_names(business: System) -> None:
    with business.app.app_context():
        whole = money_moved.top_payers(SPANS[0], 1000)
        places = [(-each.in_minor, -each.back_minor, each.payer, each.currency) for each in whole]
        db.session.rollback()
    assert places == sorted(places)
    assert len({place[0] for place in places}) < len(places)
