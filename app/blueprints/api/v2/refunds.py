"""`/api/v2/refunds`: money on its way back."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from app.blueprints.api.guard import caller
from app.blueprints.api.v2 import answers, bodies, shapes
from app.blueprints.api.v2.doors import reads
from app.queries import owned_payments
from app.queries.owned_payments import OwnedPaymentFilter
from app.web.sealed_cursor import unseal_newest

bp = APIBlueprint("refunds_v2", __name__, url_prefix="/api/v2/refunds", tag="Refunds v2")
LIST = "refunds"


@reads(bp, "", asks=bodies.RefundsQuery, gives=shapes.RefundPage, summary="List refunds")
def list_refunds(asked: bodies.RefundsQuery) -> dict[str, Any]:
    """Return a page of the refunds of the caller's payments, newest first."""
    wanted = OwnedPaymentFilter(
        statuses=asked.status,
        invoice=asked.invoice,
        payment=asked.payment,
        created_from=asked.created_from,
        created_to=asked.created_to,
    )
    found = owned_payments.search_refunds(caller().owns, wanted, unseal_newest(LIST, asked.cursor), asked.limit)
    return answers.page(LIST, answers.refunds(found.rows), found)


@reads(bp, "/<refund_id>", asks=bodies.NothingAsked, gives=shapes.RefundShape, summary="Get a refund")
def get_refund(asked: bodies.NothingAsked, refund_id: str) -> dict[str, Any]:  # noqa: ARG001 - nothing is asked
    """Return one refund."""
    return answers.refunds([owned_payments.refund_by_token(caller().owns, refund_id)])[0]
