"""A number far above the next one moves the counter for everybody: allowed, and a person is asked (eis.md 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.extensions import db
from app.services import skipped_numbers
from app.web.kept_words import kept
from app.web.translation import speaking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System

REGISTER = "/invoice_generator/invoice_generator"


@pytest.fixture(autouse=True)
def _context(system: System) -> Iterator[None]:
    with system.app.app_context():
        yield
        db.session.remove()


def register(system: System, number: int) -> Any:
    return system.call(
        "registry", REGISTER, {"invoice_number": number, "transaction_amount": "1.00", "custom_field2": "registry"}
    )


def asked(system: System) -> list[str]:
    return [row.sentence for row in system.rows("select sentence from review_item where kind = 'numbers.passed_by'")]


def test_a_jump_is_asked_about_once_and_the_contract_holds(system: System) -> None:
    first, second = system.invoice(), system.number()
    last = system.scalar("select last_number from number_range where kind = 'invoice' and active")
    register(system, second + 20)
    assert skipped_numbers.watch() == 0, "a few are no loss"
    far = last - 4
    register(system, far)
    assert system.number() == far + 1, "the next number stands above it, as in the system before"
    assert skipped_numbers.watch() == 1
    assert skipped_numbers.watch() == 0
    said = (
        f"registry took number {far}, which nobody had given out: {far - second - 21} numbers before it are passed by"
    )
    assert asked(system) == [f"{said}, 3 are left in this range"]
    item = system.rows("select invoice_id, evidence from review_item where kind = 'numbers.passed_by'")[0]
    assert item.invoice_id == system.scalar("select id from invoice where number = :number", number=far)
    assert system.scalar("select count(*) from event where kind = 'review.item.opened'") == 1
    assert first < second


def test_a_number_that_was_given_passes_nothing_by(system: System) -> None:
    system.sql("update number_range set next_number = next_number + 2000 where kind = 'invoice' and active")
    system.invoice()
    assert skipped_numbers.watch() == 0


def test_the_question_is_said_in_other_languages(system: System) -> None:
    far = system.scalar("select last_number - 4 from number_range where kind = 'invoice' and active")
    register(system, far)
    skipped_numbers.watch()
    with system.app.test_request_context(), speaking("et"):
        assert kept(asked(system)[0]).startswith(f"Domeeniregister võttis numbri {far}")
