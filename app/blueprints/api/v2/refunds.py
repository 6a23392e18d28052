"""`/api/v2/refunds`: money on its way back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from apiflask import APIBlueprint

from app.blueprints.api.guard import caller
from app.blueprints.api.v2 import cursors, requests, resources, responses
from app.blueprints.api.v2.doors import reads, writes
from app.domain.permission import Permission
from app.queries import owned_invoices, owned_payments
from app.queries.owned_payments import OwnedPaymentFilter
from app.services import refunds
from app.services.refunds import RefundOrder
from app.services.timeline import Actor
from app.web.idempotency import given_key
from app.web.sealed_cursor import unseal_newest

bp = APIBlueprint("refunds_v2", __name__, url_prefix="/api/v2/refunds", tag="Refunds v2")
LIST = "refunds"


@reads(bp, "", asks=requests.RefundsQuery, gives=responses.RefundPage, summary="List refunds")
def list_refunds(asked: requests.RefundsQuery) -> dict[str, Any]:
    """Return a page of the refunds of the caller's payments, newest first."""
    of = cursors.of_list(LIST, asked)
    wanted = OwnedPaymentFilter(
        statuses=asked.status,
        invoice=asked.invoice,
        payment=asked.payment,
        created_from=asked.created_from,
        created_to=asked.created_to,
    )
    found = owned_payments.search_refunds(caller().owns, wanted, unseal_newest(of, asked.cursor), asked.limit)
    return resources.page(of, resources.refunds(found.rows), found)


@reads(bp, "/<refund_id>", asks=requests.NothingAsked, gives=responses.RefundShape, summary="Get a refund")
def get_refund(asked: requests.NothingAsked, refund_id: str) -> dict[str, Any]:  # noqa: ARG001 - nothing is asked
    """Return one refund."""
    return resources.refunds([owned_payments.refund_by_token(caller().owns, refund_id)])[0]


@writes(
    bp,
    "",
    takes=requests.RefundBody,
    gives=responses.RefundShape,
    summary="Give money of a payment back",
    faults=[404],
    scope=Permission.REFUND,
)
def create_refund(body: requests.RefundBody) -> dict[str, Any]:
    """Reserve the refund; it leaves for the gateway at once, or when a second person has agreed where that is asked."""
    who = caller()
    payment = owned_payments.by_token(who.owns, body.payment)
    order = RefundOrder(
        payment_id=payment.id,
        amount_minor=body.amount.minor if body.amount is not None else None,
        reason=body.reason,
        key=f"v2:{who.code}:{given_key() or uuid4().hex}",
        invoice_id=owned_invoices.by_number(who.owns, body.invoice).id if body.invoice is not None else None,
    )
    requested = refunds.request(order, actor=Actor("initiator", who.code))
    return resources.refunds([owned_payments.refund_by_id(requested.id)])[0]


@writes(
    bp,
    "/<refund_id>/withdrawal",
    takes=requests.Withdrawal,
    gives=responses.RefundShape,
    status=200,
    summary="Withdraw a refund that has not left",
    scope=Permission.REFUND,
)
def withdraw_refund(body: requests.Withdrawal, refund_id: str) -> dict[str, Any]:
    """Take it back, so that the money may be refunded or disputed again; a second time changes nothing."""
    who = caller()
    refund = owned_payments.refund_by_token(who.owns, refund_id)
    refunds.withdraw(refund.id, actor=Actor("initiator", who.code), reason=body.reason)
    return resources.refunds([owned_payments.refund_by_id(refund.id)])[0]
