"""Mending one difference between our books and a gateway's: first what it would do, then doing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.domain.comparison import MENDED_BY_LOOKING
from app.domain.errors import Conflict, NotFound
from app.models.comparison import Comparison, Difference
from app.models.payment import GatewayReference, Payment
from app.services import reviews, timeline
from app.services.comparisons import Asked, Found, asked_about, look
from app.services.refresh import refresh
from app.uow import retried, session, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.ports import HostedGateway
    from app.services.timeline import Actor

AGREE = "both books agree again"


class DifferenceClosed(Conflict):
    """This difference is mended already."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What mending would do: nothing but close it when both agree, book what the gateway says, or nothing at all."""

    found: Found | None
    ours: Asked

    @property
    def agrees(self) -> bool:
        """Return whether both books tell the same story by now."""
        return self.found is None

    @property
    def mends(self) -> bool:
        """Return whether mending would do anything."""
        return self.found is None or self.found.difference.kind in MENDED_BY_LOOKING


def rehearse(difference_id: int, gateway: HostedGateway) -> Rehearsal:
    """Ask the gateway and return what mending would do, writing nothing.

    Raises NotFound, DifferenceClosed, ProviderFailure.
    """
    asked = _asked(difference_id)
    return Rehearsal(look(asked, gateway), asked)


def repair(
    difference_id: int, gateway: HostedGateway, poll_ladder_s: Sequence[int], *, actor: Actor, reason: str
) -> bool:
    """Book what the gateway says and close the difference when both agree then; return whether they do.

    Raises NotFound, DifferenceClosed, ProviderFailure. What looking cannot mend stays open.
    """
    asked = _asked(difference_id)
    found = look(asked, gateway)
    if found is not None and found.difference.kind in MENDED_BY_LOOKING:
        refresh(asked.key, gateway, poll_ladder_s)
        found = look(_asked(difference_id), gateway)
    _note(difference_id, actor, reason, agrees=found is None)
    return found is None


def _asked(difference_id: int) -> Asked:
    with transaction() as tx:
        difference = tx.get(Difference, difference_id, populate_existing=True)
        if difference is None:
            raise NotFound("difference", difference_id)
        if difference.mended_at is not None:
            raise DifferenceClosed(code="mended")
        gateway = tx.get_one(Comparison, difference.comparison_id).gateway
        reference = tx.scalars(
            select(GatewayReference).where(
                GatewayReference.tenant_id == difference.tenant_id,
                GatewayReference.gateway == gateway,
                GatewayReference.external_id == difference.reference,
            )
        ).one()
        payment = None
        if difference.payment_id is not None:
            payment = tx.get_one(Payment, difference.payment_id, populate_existing=True)
        return asked_about(reference, payment)


@retried
def _note(difference_id: int, actor: Actor, reason: str, *, agrees: bool) -> None:
    with transaction() as tx:
        difference = tx.get_one(Difference, difference_id, with_for_update=True, populate_existing=True)
        if difference.mended_at is not None:
            raise DifferenceClosed(code="mended")
        if agrees:
            difference.mended_at = func.clock_timestamp()
            difference.mended_by = str(actor)
            tx.flush()
            question = (f"difference.{difference.kind}", f"difference:{difference.id}")
            reviews.answer(*question, by=str(actor), resolution=AGREE)
        payment = session().get(Payment, difference.payment_id) if difference.payment_id else None
        timeline.record(
            "payment.difference.mended" if agrees else "payment.difference.kept",
            actor=actor,
            invoice_id=payment.invoice_id if payment else None,
            payment_id=difference.payment_id,
            reason=reason,
            data={"kind": difference.kind, "difference": difference.id},
            tenant_id=difference.tenant_id,
        )
