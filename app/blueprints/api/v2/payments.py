"""`/api/v2/payments`: every try to pay, and how a payer is sent to pay."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import current_app

from app.blueprints.api.guard import caller
from app.blueprints.api.v2 import cursors, requests, resources, responses
from app.blueprints.api.v2.doors import reads, writes
from app.domain.errors import Invalid
from app.domain.permission import Permission
from app.integrations import current
from app.queries import owned_payments
from app.queries.owned_payments import OwnedPaymentFilter
from app.services import payments
from app.services.payments import OneOff
from app.web.limits import ONE_OFFS, check
from app.web.sealed_cursor import unseal_newest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.config import Settings

bp = APIBlueprint("payments_v2", __name__, url_prefix="/api/v2/payments", tag="Payments v2")
LIST = "payments"


@reads(bp, "", asks=requests.PaymentsQuery, gives=responses.PaymentPage, summary="List payments")
def list_payments(asked: requests.PaymentsQuery) -> dict[str, Any]:
    """Return a page of the payments of the caller's invoices, newest first."""
    of = cursors.of_list(LIST, asked)
    wanted = OwnedPaymentFilter(
        statuses=asked.status, invoice=asked.invoice, created_from=asked.created_from, created_to=asked.created_to
    )
    found = owned_payments.search(caller().owns, wanted, unseal_newest(of, asked.cursor), asked.limit)
    return resources.page(of, resources.payments(found.rows), found)


@reads(bp, "/<payment_id>", asks=requests.NothingAsked, gives=responses.PaymentShape, summary="Get a payment")
def get_payment(asked: requests.NothingAsked, payment_id: str) -> dict[str, Any]:  # noqa: ARG001 - nothing is asked
    """Return one payment."""
    return resources.payments([owned_payments.by_token(caller().owns, payment_id)])[0]


def rehearse_payment(body: requests.PaymentBody) -> dict[str, Any]:
    """Open the payment without asking the gateway for its page."""
    settings: Settings = current_app.extensions["settings"]
    with _in_our_words():
        opened = payments.open_one_off(
            caller(),
            _command(body),
            current().everypay,
            settings.initiators.return_urls,
            plain_http=settings.development,
        )
    return _answer(opened.payment_id)


@writes(
    bp,
    "",
    takes=requests.PaymentBody,
    gives=responses.PaymentShape,
    summary="Send a payer to pay an invoice",
    faults=[404, 429, 502],
    rehearsal=rehearse_payment,
    scope=Permission.CREATE,
)
def create_payment(body: requests.PaymentBody) -> dict[str, Any]:
    """Make a payment at the gateway; a payer who asks again while its page is untouched gets the same one."""
    settings: Settings = current_app.extensions["settings"]
    check(ONE_OFFS, caller().code)
    with _in_our_words():
        started = payments.start_one_off(
            caller(),
            _command(body),
            current().everypay,
            settings.initiators.return_urls,
            plain_http=settings.development,
            poll_ladder_s=settings.payment_poll_ladder_s,
        )
    return _answer(started.payment_id)


def _command(body: requests.PaymentBody) -> OneOff:
    return OneOff(
        number=body.invoice,
        customer_url=body.return_url,
        amount=body.amount,
        reference_number=body.reference_number,
    )


def _answer(payment_id: int) -> dict[str, Any]:
    return resources.payments([owned_payments.by_id(payment_id)])[0]


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except Invalid as fault:
        names = {"customer_url": "return_url"}
        raise Invalid({names.get(name, name): faults for name, faults in fault.fields.items()}) from None
