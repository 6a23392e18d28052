"""A process dies while documents, given-up reservations, old or many new invoices are taken in (reliability.md 4.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import Api
from tests.services.test_crash_points import Flow, die_anywhere, good

if TYPE_CHECKING:
    from tests.system import System


def _passed_on(system: System, number: int) -> None:
    body = {"invoice_data": [{"number": number, "invoice_lines": []}], "initiator": "auction"}
    good(system.call("auction", "/directo/directo", body))


def _is_passed_on(system: System, number: int) -> bool:
    kept = system.rows("select state from document where number = :n", n=str(number))
    return [each.state for each in kept] == ["accepted"]


def _reserved(system: System) -> tuple[int, str]:
    holder = f"holder-{system.scalar('select count(*) from invoice_claim')}"
    more: dict[str, Any] = {
        "custom_field2": "business_registry",
        "custom_field1": holder,
        "reserved_domain_names": ["a.ee"],
    }
    return system.invoice("registry", **more), holder


def _given_up(system: System, prepared: tuple[int, str]) -> None:
    body = {"domain_name": "a.ee", "token": prepared[1]}
    good(system.call("registry", "/invoice/reserved_domain_cancellation_statuses", body, method="PATCH"))


def _is_given_up(system: System, prepared: tuple[int, str]) -> bool:
    released = system.scalar(
        "select released_at is not null from invoice_claim where user_unique_id = :h", h=prepared[1]
    )
    return bool(released) and system.status(prepared[0]) == "cancelled"


def _unused(system: System) -> int:
    return 300_000 + 10 * int(system.scalar("select count(*) from invoice where number >= 300000"))


def _brought_along(system: System, first: int) -> None:
    words = ("unpaid", "paid", "cancelled", "refunded")
    rows = [{"invoice_number": first + step, "transaction_amount": "1.00", "status": words[step]} for step in range(4)]
    good(system.call("auction", "/import_data/invoice_data", rows))


def _is_brought_along(system: System, first: int) -> bool:
    found = system.rows("select status from invoice where number between :n and :n + 9 order by number", n=first)
    return [each.status for each in found] == ["unpaid", "paid", "cancelled", "refunded"]


def _held(system: System) -> list[int]:
    return [system.number("auction") for _ in range(3)]


def _made(system: System, numbers: list[int]) -> None:
    bodies = [{"amount": f"{place}.00", "number": number} for place, number in enumerate(numbers)]
    good(Api(system).v2("/invoices/bulk", {"invoices": bodies}, code="auction"))


def _are_made(system: System, numbers: list[int]) -> bool:
    found = system.rows("select status from invoice where number = any(:n) order by number", n=numbers)
    return [each.status for each in found] == ["paid", "unpaid", "unpaid"]


FLOWS = [
    Flow("documents are taken", lambda system: system.invoice("auction"), _passed_on, _is_passed_on, again=True),
    Flow("a reservation is given up", _reserved, _given_up, _is_given_up, again=True),
    Flow("invoices are brought along", _unused, _brought_along, _is_brought_along, again=True),
    Flow("many invoices are made", _held, _made, _are_made, again=True),
]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name.replace(" ", "-"))
def test_a_process_may_die_anywhere(system: System, flow: Flow) -> None:
    die_anywhere(system, flow)
