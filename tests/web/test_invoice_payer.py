"""Who pays an invoice: the link goes to them by mail, and their name leads to what else they owe and paid."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal


def test_the_link_goes_to_the_payer_by_mail_and_the_payer_leads_to_his_other_invoices(
    portal: Portal, mary: Browser
) -> None:
    system = portal.system
    number, paid = system.invoice(), system.settle()[0]
    them = {"name": "Käo & Co <b>", "mail": "a?bcc=thief@example.ee"}
    system.sql(
        "update invoice set customer_name = :name, customer_email = :mail where number in (:n, :paid)",
        n=number,
        paid=paid,
        **them,
    )
    page = mary.page(f"/invoices/{number}")
    mail = next(link for link in page.links() if link.startswith("mailto:"))
    address, _mark, said = mail.removeprefix("mailto:").partition("?")
    assert unquote(address) == them["mail"]
    fields = parse_qs(said)
    assert list(fields) == ["subject", "body"]
    assert str(number) in fields["subject"][0]
    link = system.scalar("select payment_link from invoice where number = :n", n=number)
    assert fields["body"][0].endswith(f"\r\n\r\n{link}")
    assert "120.00" in fields["body"][0]
    others = next(each for each in page.links() if each.startswith("/invoices?q="))
    assert parse_qs(urlsplit(others).query) == {"q": [them["mail"]]}
    assert not any(each.startswith("mailto:") for each in mary.page(f"/invoices/{paid}").links()), "it is paid"
