"""What tests of payments in parts say in one word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.system import System

ONEOFF = "/invoice_generator/oneoff"


def come(system: System, reference: str) -> None:
    system.pay(reference)
    system.callback(reference)
    system.drain()


def invoice_id(system: System, number: int) -> int:
    return int(system.scalar("select id from invoice where number = :n", n=number))


def money(system: System, number: int) -> tuple[str, int, int]:
    row = system.rows("select status, captured_minor, refunded_minor from invoice where number = :n", n=number)[0]
    return str(row.status), int(row.captured_minor), int(row.refunded_minor)


def told(system: System, number: int) -> list[dict[str, Any]]:
    """Return the payment notices about an invoice, each as it was frozen."""
    rows = system.rows(
        "select payload from outbox where kind = 'initiator.payment.notify' and invoice_id = :i order by id",
        i=invoice_id(system, number),
    )
    return [row.payload["body"] for row in rows]


def ask_part(system: System, number: int, amount: Any, code: str = "registry") -> Any:
    body = {"invoice_number": number, "customer_url": f"http://{code}.test/back", "amount": amount}
    body["customer_url"] = "http://registrar.test/back" if code == "registry" else body["customer_url"]
    return system.call(code, ONEOFF, body)


def by_link(system: System, number: int) -> str:
    link = system.scalar("select payment_link from invoice where number = :n", n=number)
    page = system.everypay.test_client().get(link.removeprefix("http://everypay.test"))
    return str(page.headers["Location"]).rpartition("/")[2]
