"""What each caller does, replayed: registry, the registrars' portal, auction, business register, eeID (eis.md 10.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.services.proofs import verify
from tests.api.auction_caller import Auction
from tests.api.callers import BusinessRegistry, CallerFailed, Eeid, Portal, Registry, follow, payer_pays
from tests.api.client import NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.client import Api


@pytest.fixture(autouse=True)
def _the_books_are_sound(api: Api) -> Iterator[None]:
    yield
    with api.system.app.app_context():
        report = verify()
    assert report.holds, str(report)


def at(api: Api, code: str, number: int) -> Any:
    """Return the service's own invoice."""
    return api.system.service(code).invoice(str(number))


def told(api: Api, number: int) -> int:
    return int(
        api.system.scalar(
            "select count(*) from outbox o join invoice i on i.id = o.invoice_id "
            "where i.number = :n and o.kind = 'initiator.payment.notify' and o.state = 'done'",
            n=number,
        )
    )


def documents(api: Api, number: int) -> list[tuple[str, str]]:
    rows = api.system.rows("select kind, state from document where number = :n order by id", n=str(number))
    return [tuple(row) for row in rows]


def test_registry_tops_up_and_is_paid_through_the_link(api: Api) -> None:
    registry = Registry(api)
    number, link = registry.top_up(description="150331 150332")
    payer_pays(api, follow(api, link))
    assert at(api, "registry", number)["status"] == "paid"
    assert at(api, "registry", number)["credited"] == "120.00"
    assert registry.directo([number], monthly=False) == {"message": "Invoice data received"}
    assert documents(api, number) == [("e_invoice", "accepted"), ("directo", "accepted")]
    assert told(api, number) == 1


def test_registry_binds_a_bank_transfer_and_says_so_twice(api: Api) -> None:
    registry = Registry(api)
    number, _ = registry.top_up()
    for _ in range(2):
        registry.status(number, "paid")
    assert api.system.status(number) == "paid"
    assert told(api, number) == 0


def test_registry_cancels_what_a_registrar_does_not_want(api: Api) -> None:
    registry = Registry(api)
    number, _ = registry.top_up()
    registry.status(number, "cancelled")
    assert api.system.status(number) == "cancelled"


def test_registry_s_first_of_the_month(api: Api) -> None:
    registry = Registry(api)
    numbers = registry.monthly_numbers(3)
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    for number in numbers:
        registry.e_invoice(number, payable=False)
    registry.directo(numbers, monthly=True)
    assert documents(api, numbers[0]) == [("e_invoice", "accepted"), ("directo", "accepted")]


def test_registry_stops_when_the_months_have_no_numbers_left(own_api: Api) -> None:
    with pytest.raises(CallerFailed, match="out of range"):
        Registry(own_api).monthly_numbers(10_000)


def test_registry_stops_when_the_numbers_have_ended(own_api: Api) -> None:
    own_api.system.sql("update number_range set next_number = last_number + 1 where kind = 'invoice'")
    with pytest.raises(CallerFailed, match="out of range"):
        Registry(own_api).number()


def test_a_stranger_stops_at_the_code_of_access(api: Api) -> None:
    with pytest.raises(CallerFailed, match="access"):
        Registry(api, "nobody").number()


def test_registry_gives_a_new_registrar_a_reference_number(api: Api) -> None:
    assert len(Registry(api).new_registrar()) == 7


def test_registry_brings_its_old_invoices_along(api: Api) -> None:
    row = {"invoice_number": 120_001, "initiator": "registry", "transaction_amount": "12.0", "status": "paid",
           "in_directo": True, "e_invoice_sent_at": None, "transaction_time": "2024-01-05T10:00:00.000Z"}  # fmt: skip
    reference = {"reference_number": "2199812", "initiator": "registry", "registrar_name": "Roga"}
    messages = Registry(api).bring_along([row, row], [reference])
    assert [message.split(".")[0] for message in messages] == [
        "Added 1 invoices, skipped 1", "Added 1 reference numbers, skipped 0",
    ]  # fmt: skip


def test_the_portal_sends_a_registrar_to_pay_and_back(api: Api) -> None:
    number, _ = Registry(api).top_up()
    portal = Portal(api)
    reference = follow(api, portal.pay(number))
    api.system.pay(reference)
    portal.back(reference)
    api.system.drain()
    assert at(api, "registry", number)["status"] == "paid"
    assert told(api, number) == 1


def test_the_portal_flashes_why_an_invoice_cannot_be_paid(api: Api) -> None:
    number, _ = Registry(api).top_up()
    Registry(api).status(number, "paid")
    for wrong in (number, 42):
        with pytest.raises(CallerFailed, match=r"\w+ .*\w+"):
            Portal(api).pay(wrong)


def test_auction_s_invoice_is_paid_on_a_page_and_told_once(api: Api) -> None:
    auction = Auction(api)
    number, _ = auction.new_invoice(120.5)
    reference = follow(api, auction.pay_one(number, 120.5))
    api.system.pay(reference)
    auction.back(reference)
    api.system.callback(reference)
    api.system.drain()
    assert at(api, "auction", number)["status"] == "paid"
    assert at(api, "auction", number)["paid_amount"] == "120.50"
    assert told(api, number) == 1


def test_auction_s_invoice_over_nothing_is_paid_at_once(api: Api) -> None:
    number, _ = Auction(api).new_invoice(0.0)
    assert api.system.status(number) == "paid"


def test_auction_pays_all_it_has_at_once(api: Api) -> None:
    auction = Auction(api)
    numbers = [auction.new_invoice(amount)[0] for amount in (10.0, 20.0, 30.5)]
    payer_pays(api, follow(api, auction.pay_all(numbers, "60.5")))
    assert {at(api, "auction", number)["status"] for number in numbers} == {"paid"}
    assert {api.system.status(number) for number in numbers} == {"paid"}


def test_auction_pays_what_is_overdue_after_its_cancellation(api: Api) -> None:
    auction = Auction(api)
    number, _ = auction.new_invoice(10.0)
    auction.overdue(number)
    assert api.system.status(number) == "overdue"
    payer_pays(api, follow(api, auction.pay_all([number], "10.0")))
    assert api.system.status(number) == "paid"


def test_auction_takes_a_deposit_and_gives_it_back(api: Api) -> None:
    auction = Auction(api)
    payer_pays(api, follow(api, auction.pay_deposit("pre.ee", "user-1")))
    participant = api.system.service("auction").store.get("participant", "pre.ee user-1")
    assert participant is not None
    number = int(participant["invoice_number"])
    for _ in range(2):
        assert auction.return_deposit(number).status_code == 200
    assert api.system.status(number) == "refunded"


def test_auction_s_administrators_change_a_deposit_and_see_why_not(api: Api) -> None:
    auction = Auction(api)
    payer_pays(api, follow(api, auction.pay_deposit("late.ee", "user-2")))
    auction.change_deposit("late.ee", "user-2", "returned")
    with pytest.raises(CallerFailed, match="not found"):
        auction.change_deposit("late.ee", "nobody", "paid")


def test_auction_changes_an_amount_with_the_billing_profile(api: Api) -> None:
    auction = Auction(api)
    number, _ = auction.new_invoice(120.0)
    auction.change_profile(number, 122.0)
    assert api.system.scalar("select total_minor from invoice where number = :n", n=number) == 12_200


def test_auction_is_stopped_from_changing_what_is_paid(api: Api) -> None:
    number, _ = Auction(api).new_invoice(0.0)
    with pytest.raises(CallerFailed):
        Auction(api).change_profile(number, 5.0)


def test_auction_saves_users_and_passes_documents_on(api: Api) -> None:
    auction = Auction(api)
    assert auction.save_user() != auction.save_user()
    number, _ = auction.new_invoice(120.0)
    auction.directo(number)
    auction.e_invoice(number)
    assert documents(api, number) == [("directo", "accepted"), ("e_invoice", "accepted")]


def test_of_two_companies_on_one_number_the_first_payer_gets_the_names(api: Api) -> None:
    register = BusinessRegistry(api)
    number, first, link = register.reserve(["a.ee", "b.ee"])
    same, second, _ = register.reserve(["b.ee", "c.ee"], number)
    assert same == number
    assert [register.poll(number, each) for each in (first, second)] == ["unpaid", "unpaid"]
    reference = follow(api, link)
    api.system.pay(reference)
    api.system.callback(reference)
    api.system.drain()
    assert register.browser_callback(reference) == first
    assert [register.poll(number, each) for each in (first, second)] == ["paid", "unpaid"]
    assert register.poll(number, "somebody") == "not_found"


def test_eeid_s_spelling_is_understood_and_it_is_told(api: Api) -> None:
    eeid = Eeid(api)
    number, link = eeid.new_invoice()
    made = api.system.rows("select description, n.code from invoice i join initiator n on n.id = i.initiator_id "
                           "where number = :n", n=number)  # fmt: skip
    assert made == [("eeID top-up", "eeid")]
    payer_pays(api, follow(api, link))
    assert at(api, "eeid", number)["status"] == "paid"
    assert eeid.directo(number) == {"message": "Invoice data received"}
    assert documents(api, number) == [("directo", "accepted")]


@pytest.mark.parametrize("body", [None, {}, {"anything": 1}])
def test_a_number_needs_no_body(api: Api, body: Any) -> None:
    assert api.send(NUMBER, body).status_code == 201
