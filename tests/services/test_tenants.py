"""Numbers, references and keys are a tenant's own: another's of the same name is never meant (decisions.md 20)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from app.extensions import db
from app.integrations import current
from app.queries import owned_invoices, owned_payments
from app.queries.owned_payments import OwnedPaymentFilter
from app.services import credit_notes, full_refunds, idempotency, invoice_notes, refund_offers
from app.services.credit_notes import CreditOrder
from app.services.full_refunds import NeverPaid
from app.services.initiators import caller_named
from app.services.invoice_notes import Words
from tests.services.refunding import MARY

if TYPE_CHECKING:
    from tests.system import System

OTHER = """
insert into tenant (slug, name, default_currency) values ('other', 'Somebody else', 'EUR') on conflict do nothing;
insert into initiator (tenant_id, code, name) select id, 'registry', 'Theirs' from tenant where slug = 'other'
 on conflict do nothing;
"""
THEIRS = """
insert into invoice (tenant_id, initiator_id, public_token, number, status, currency, subtotal_minor, total_minor,
                     issued_at)
select i.tenant_id, i.id, 'theirs-' || :number, :number, 'unpaid', 'EUR', 12000, 12000, now()
  from initiator i join tenant t on t.id = i.tenant_id where t.slug = 'other'
"""
THEIR_PAYMENT = """
insert into payment (tenant_id, public_token, invoice_id, initiator_id, method, gateway, account, status, amount_minor,
                     currency, external_id)
select v.tenant_id, 'theirs-' || v.number, v.id, v.initiator_id, 'hosted', 'everypay', 'THEIRS', 'pending', 12000,
       'EUR', :reference
  from invoice v join tenant t on t.id = v.tenant_id where t.slug = 'other' and v.number = :number
"""
OF_TENANT = "select status from invoice where number = :number and tenant_id {} 1"


@pytest.fixture
def system(shared_system: System) -> System:
    shared_system.shop.dial.turn([])
    for statement in filter(str.strip, OTHER.split(";")):
        shared_system.sql(statement)
    return shared_system


def shared_number(system: System) -> int:
    """Return a number of ours that another tenant gave to an invoice of its own, before."""
    number = system.number()
    system.sql(THEIRS, number=number)
    body = {"invoice_number": number, "transaction_amount": "120.00", "custom_field2": "registry"}
    assert system.call("registry", "/invoice_generator/invoice_generator", body).status_code == 201
    return number


def by_link(system: System, number: int) -> str:
    """Open our invoice's link and return the payment's reference."""
    link = system.scalar("select payment_link from invoice where number = :n and tenant_id = 1", n=number)
    page = system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    return str(page.headers["Location"]).rpartition("/")[2]


def test_a_payment_by_link_is_for_our_invoice_of_that_number(system: System) -> None:
    number = shared_number(system)
    reference = by_link(system, number)
    system.pay(reference)
    system.callback(reference)
    system.drain()
    found = [system.scalar(OF_TENANT.format(sign), number=number) for sign in ("=", "<>")]
    assert found == ["paid", "unpaid"]


def test_a_callback_about_a_reference_that_another_tenant_has_too_is_ours(system: System) -> None:
    number = shared_number(system)
    reference = by_link(system, number)
    system.sql(THEIR_PAYMENT, number=number, reference=reference)
    system.pay(reference)
    assert system.callback(reference).status_code == 200
    system.drain()
    both = system.rows("select account, status from payment where external_id = :r order by tenant_id", r=reference)
    assert [tuple(each) for each in both] == [("EUR3D1", "completed"), ("THEIRS", "pending")]
    assert system.scalar(OF_TENANT.format("="), number=number) == "paid"


def test_people_of_one_tenant_never_touch_an_invoice_of_another(system: System) -> None:
    number = shared_number(system)
    with system.app.app_context():
        assert refund_offers.offer(number, MARY).invoice.tenant_id == 1
        seen = Words("reload balance", "")
        assert invoice_notes.write(number, Words("ours", ""), seen=seen, reason="x", actor=MARY)
        order = CreditOrder({1: 12000}, "taken back", f"tenants-{number}", 12000)
        assert credit_notes.issue(number, order, actor=MARY).total.minor == 12000
    both = system.rows("select status, description from invoice where number = :n order by tenant_id", n=number)
    assert [tuple(each) for each in both] == [("cancelled", "ours"), ("unpaid", "")]


def test_an_answer_kept_for_one_tenant_is_never_given_to_another(system: System) -> None:
    """Services of two tenants may have one name, and keys are whatever they choose (T35)."""
    theirs = system.scalar("select id from tenant where slug = 'other'")
    ours, other = (idempotency.Call(tenant, "registry", "POST /x", "one key", b"same body") for tenant in (1, theirs))
    with system.app.app_context():
        idempotency.run(ours, lambda: idempotency.Reply(201, {"whose": "ours"}))
        given = idempotency.run(other, lambda: idempotency.Reply(201, {"whose": "theirs"}))
        assert (given.body, given.replayed) == ({"whose": "theirs"}, False)
        again = idempotency.run(ours, lambda: idempotency.Reply(201, {}))
        assert (again.body, again.replayed) == ({"whose": "ours"}, True)


def test_a_number_is_asked_for_with_its_tenant(system: System) -> None:
    """The index of numbers begins with it: where none is named PostgreSQL goes through all of it, before version 18."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if re.search(r"\binvoice\.number (=|IN)", statement):
            asked.append(statement)

    number, other = shared_number(system), shared_number(system)
    with system.app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    back = "http://registrar.test/back"
    calls: dict[str, dict[str, Any]] = {
        "oneoff": {"invoice_number": str(number), "customer_url": back},
        "invoice_generator": {
            "invoice_number": number,
            "transaction_amount": "120.00",
            "custom_field2": "registry",
        },
        "bulk_payment": {
            "description": f"{number} {other}",
            "transaction_amount": "240.00",
            "custom_field2": "registry",
            "customer_url": back,
        },
    }
    for path, body in calls.items():
        assert system.call("registry", f"/invoice_generator/{path}", body).status_code in {200, 201}, path
    with system.app.app_context():
        owns = caller_named("registry").owns
        found = [owned_invoices.by_number(owns, number), *owned_invoices.by_numbers(owns, [number, other])]
        assert [each.number for each in found] == [number, number, other]
        for search in (owned_payments.search, owned_payments.search_refunds):
            search(owns, OwnedPaymentFilter(invoice=number), None, 25)
        with pytest.raises(NeverPaid):
            full_refunds.refund_invoice(caller_named("registry"), number, current().everypay, [60])
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) > 8
    assert [each for each in asked if "invoice.tenant_id = " not in each] == []
