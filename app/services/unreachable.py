"""A gateway that could not be asked about a payment for days is a person's question until it answers after all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app.services import inbox, reviews
from app.uow import session

if TYPE_CHECKING:
    from app.models.payment import GatewayReference

UNREACHABLE = "gateway.unreachable"
ANSWERED = "the gateway answered after all"
# A reference has a question for each time it was given up; the work that was given up with it has been done by now.
MOOT = text("""
with asked as (
  update review_item set resolved_at = clock_timestamp(), resolved_by = :by, resolution = :resolution
   where kind = :unreachable and dedupe_key like :of_reference and resolved_at is null
  returning id
), done as (
  update outbox set state = 'done', done_at = clock_timestamp()
   where exists (select from asked) and state = 'dead' and kind = :look and payload ->> 'reference_id' = :reference
  returning id
)
update review_item r set resolved_at = clock_timestamp(), resolved_by = :by, resolution = :resolution
  from done where r.kind = 'outbox.dead' and r.resolved_at is null and r.evidence ->> 'outbox' = done.id::text
""")


def ask(reference: GatewayReference) -> None:
    """Ask somebody to look up by hand what the gateway could not be asked for days."""
    reviews.ask(
        UNREACHABLE,
        f"reference:{reference.id}:{reference.dirty_seq}",
        f"{reference.gateway} could not be asked about {reference.external_id}: look it up by hand",
        payment_id=reference.payment_id,
        evidence={"reference": reference.external_id},
        tenant_id=reference.tenant_id,
    )


def answer(reference: GatewayReference) -> None:
    """Close what was asked about a reference, in the transaction that takes over what the gateway says of it."""
    session().execute(
        MOOT,
        {
            "unreachable": UNREACHABLE,
            "of_reference": f"reference:{reference.id}:%",
            "look": inbox.REFRESH,
            "reference": str(reference.id),
            "by": f"gateway:{reference.gateway}",
            "resolution": ANSWERED,
        },
    )
