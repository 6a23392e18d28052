"""Demo invoices made as real ones are: by the verbs, through the real adapters, against the real simulators."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from flask import current_app
from sqlalchemy import text

from app.demo.simulators import applications
from app.domain.money import parse_amount
from app.integrations import build_integrations, current
from app.queue import QUEUES
from app.services import delivery, inbox, invoices, numbering, offers, payments, references, sealing, status_reports
from app.services.dispatch import OUTBOX
from app.services.initiators import Caller, caller_named
from app.uow import assert_no_transaction, session, transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from app.integrations import Integrations

TOLD = "BILLING_SIMULATORS"

# Who, to whom, how much, and how the story goes on.
STORIES = (
    ("registry", "Põhjatäht OÜ", "120.00", "settled"),
    ("registry", "Linnutee OÜ", "1240.00", "unpaid"),
    ("auction", "Kirjatuvi OÜ", "500.00", "settled"),
    ("registry", "Meretuul OÜ", "36.00", "partly_refunded"),
    ("eeid", "Ööbik MTÜ", "12.00", "failed"),
    ("registry", "Kivisild AS", "6480.00", "opened"),
    ("auction", "Sõstra 14 KÜ", "84.00", "overdue"),
    ("registry", "Hõbehall OÜ", "240.00", "settled_by_bank"),
    ("registry", "Rändrahn OÜ", "99.60", "reported"),
    ("auction", "Tuulik AS", "0.00", "unpaid"),
    ("eeid", "Vahtra OÜ", "24.00", "paid_by_link"),
    ("registry", "Jõekäär OÜ", "60.00", "cancelled"),
    ("registry", "Kaldapealne OÜ", "180.00", "refunded"),
    ("auction", "Lepatriinu OÜ", "310.00", "failed_then_settled"),
)


def take() -> int:
    """Make the demo invoices, unless there are invoices already; returns how many."""
    if TOLD not in os.environ or session().scalar(text("select 1 from invoice limit 1")):
        return 0
    simulators = applications(json.loads(os.environ[TOLD]))
    simulators["everypay"].extensions["shop"].callback_url = ""
    for code in ("registry", "auction", "eeid"):
        simulators[code].extensions["service"].calls_back = False
    before = current_app.extensions["integrations"]
    settings = current_app.extensions["settings"]
    wired = build_integrations(
        settings,
        before_request=assert_no_transaction,
        transports={name: httpx.WSGITransport(app=app) for name, app in simulators.items()},
    )
    current_app.extensions["integrations"] = wired
    try:
        for story in STORIES:
            _tell(*story, simulators=simulators, wired=wired)
        _drain()
        sealing.seal()
    finally:
        current_app.extensions["integrations"] = before
    return len(STORIES)


def _tell(code: str, payer: str, amount: str, end: str, *, simulators: dict[str, Flask], wired: Integrations) -> None:
    caller = caller_named(code)
    reference = references.create(caller, code, payer, f"arved@{payer.split(maxsplit=1)[0].lower()}.example")
    number = numbering.take_invoice_number(caller)
    command = invoices.RegisterInvoice(
        number=number,
        amount=parse_amount(amount, "EUR"),
        initiator_code=code,
        description="prepended" if code == "auction" else f"Order nr. {number}",
        reference_number=reference,
        customer_name=payer,
        customer_email=f"arved@{payer.split(maxsplit=1)[0].lower()}.example",
        custom_field_1=f"Order nr. {number}",
    )
    link = invoices.register(caller, command, wired.links).link
    simulators[code].extensions["service"].save(
        {
            "number": number,
            "total": amount,
            "status": "issued",
            "paid_amount": "0",
            "credited": "0",
            "told": 0,
            "link": link,
        }
    )
    shop = simulators["everypay"].extensions["shop"]
    _ENDS[end](Story(caller, number, link, code, shop, simulators, wired))


class Story:
    """One invoice and everything its story may touch."""

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        caller: Caller,
        number: int,
        link: str,
        code: str,
        shop: Any,
        simulators: dict[str, Flask],
        wired: Integrations,
    ) -> None:
        self.caller, self.number, self.link, self.code = caller, number, link, code
        self.shop, self.simulators, self.wired = shop, simulators, wired

    def open(self) -> str:
        """Open a payment page and return the gateway's reference."""
        settings = current_app.extensions["settings"]
        bases = {"registry": settings.initiators.base_registrar, "auction": settings.initiators.base_auction}
        back = f"{bases.get(self.code, settings.initiators.base_eeid)}/back"
        command = payments.OneOff(self.number, back)
        started = payments.start_one_off(
            self.caller, command, self.wired.everypay, settings.initiators.return_urls, plain_http=True
        )
        return started.link.rpartition("/")[2]

    def pay(self, state: str = "settled", method: str = "card", reference: str = "", standing: str = "") -> str:
        """Let the payer choose, the gateway call, and everybody hear."""
        reference = reference or self.open()
        self.shop.move(reference, state, method=method, standing=Decimal(standing) if standing else None)
        said = f"payment_reference={reference}&order_reference={self.number}&event_name=status_updated"
        inbox.receive_callback(source="everypay", reference=reference, raw=said, kind="status_updated")
        _drain()
        return reference

    def by_link(self) -> None:
        """Pay through the signed link."""
        address = urlsplit(self.link)
        page = self.simulators["everypay"].test_client().get(f"{address.path}?{address.query}")
        self.pay(reference=page.headers["Location"].rpartition("/")[2])

    def report(self, word: str) -> None:
        """Let the service report a status."""
        status_reports.change_status(self.caller, self.number, word)

    def refund(self, standing: str) -> None:
        """Pay, and let the shop give money back."""
        reference = self.pay()
        self.pay("refunded", reference=reference, standing=standing)


def _failed_then_settled(story: Story) -> None:
    story.pay("failed")
    story.pay()


_ENDS: dict[str, Callable[[Story], object]] = {
    "unpaid": lambda _story: None,
    "opened": Story.open,
    "settled": Story.pay,
    "settled_by_bank": lambda story: story.pay(method="bank"),
    "paid_by_link": Story.by_link,
    "failed": lambda story: story.pay("failed"),
    "failed_then_settled": _failed_then_settled,
    "overdue": lambda story: story.report("overdue"),
    "reported": lambda story: story.report("paid"),
    "cancelled": lambda story: story.report("cancelled"),
    "partly_refunded": lambda story: story.refund("26.00"),
    "refunded": lambda story: story.refund("0.00"),
}


def _drain() -> None:
    """Work what is due, as the workers would."""
    with transaction() as tx:
        tx.execute(text("update outbox set run_at = now() where state = 'pending' and kind like 'search.%'"))
    for queue in QUEUES:
        for lane_id in offers.due_lanes(queue):
            delivery.work_lane(lane_id, OUTBOX, current())
