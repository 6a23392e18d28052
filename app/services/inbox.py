"""The inbox: what the outside said is kept, counted and looked into later (reliability.md 3.5)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import select, text

from app.models.payment import GatewayReference
from app.prepared import Prepared
from app.uow import retried, ring_bell, run_statement, session, transaction

REFRESH = "gateway.payment.refresh"
HEADERS_KEPT = {"user-agent", "content-type", "x-request-id"}
# A gateway names a payment and an event, in some hundred characters; who has much to say is somebody else, and anybody
# may call: what is kept of one message is what fills the table when they do.
RAW_LIMIT = 4_096

# How many references nobody here knows may be looked up at once per minute; the rest waits its turn (T03).
UNKNOWN_PER_MINUTE = 120

# One statement: the message, the counter and, when nothing else will look, the work (reliability.md 3.5.1).
HEAR = Prepared("""
with heard as (
  insert into gateway_reference (tenant_id, gateway, external_id, dirty_seq, payment_id)
  values (:tenant_id, :gateway, :external_id, 1,
          (select id from payment
            where tenant_id = :tenant_id and gateway = :gateway and external_id = :external_id limit 1))
  on conflict (tenant_id, gateway, external_id) do update
     set dirty_seq = gateway_reference.dirty_seq + 1, last_heard_at = clock_timestamp()
  returning id, payment_id, dirty_seq, clean_seq, custom_field_1
), kept as (
  insert into inbox (tenant_id, source, kind, external_id, raw, headers, peer)
  values (:tenant_id, :gateway, :kind, :external_id, :raw, cast(:headers as jsonb), :peer)
), strangers as (
  select count(*) as many from gateway_reference
   where payment_id is null and created_at > now() - interval '1 minute'
), owed as (
  insert into outbox (tenant_id, kind, dedupe_key, lane_id, payment_id, payload, run_at)
  select :tenant_id, :refresh, heard.id || ':' || heard.dirty_seq, lane.id, heard.payment_id,
         jsonb_build_object('reference_id', heard.id),
         case when heard.payment_id is null and strangers.many > :budget
              then now() + (strangers.many / :budget) * interval '1 minute' else now() end
    from heard, strangers, lane
   where lane.name = :gateway and heard.clean_seq = heard.dirty_seq - 1
  on conflict do nothing
)
select id, dirty_seq, custom_field_1, payment_id is not null as known from heard
""")


@dataclass(frozen=True, slots=True)
class Received:
    """A kept message: which reference it is about, and the count to wait for."""

    reference_id: int
    dirty_seq: int
    custom_field_1: str | None
    known: bool


@retried
def receive_callback(
    *,
    source: str,
    reference: str,
    raw: str,
    kind: str = "callback",
    headers: dict[str, str] | None = None,
    peer: str | None = None,
    tenant_id: int = 1,
) -> Received:
    """Keep a gateway's callback and owe one look at its reference; a burst collapses into one look.

    Nothing of the body is believed: it only says "look again" (reliability.md 3.1, law 5).
    """
    kept = {name.lower(): value for name, value in (headers or {}).items() if name.lower() in HEADERS_KEPT}
    values: dict[str, Any] = {
        "tenant_id": tenant_id,
        "gateway": source,
        "external_id": reference,
        "kind": kind,
        "raw": raw[:RAW_LIMIT],
        "headers": json.dumps(kept),
        "peer": peer,
        "refresh": REFRESH,
        "budget": UNKNOWN_PER_MINUTE,
    }
    heard = cast("tuple[Any, ...]", run_statement(HEAR, values))
    ring_bell()
    return Received(*heard)


def is_clean(reference_id: int, dirty_seq: int) -> GatewayReference | None:
    """Return the reference once everything heard up to `dirty_seq` was looked into, else None."""
    with transaction() as tx:
        return tx.scalars(
            select(GatewayReference)
            .where(GatewayReference.id == reference_id, GatewayReference.clean_seq >= dirty_seq)
            .execution_options(populate_existing=True)
        ).one_or_none()


def stamp(reference: GatewayReference, outcome: str, *, invoice_id: int | None, payment_id: int | None) -> list[str]:
    """Mark the waiting messages about this reference as handled and return what kinds they were."""
    handled = session().execute(
        text(
            "update inbox set handled_at = clock_timestamp(), outcome = :outcome, invoice_id = :invoice_id, "
            "payment_id = :payment_id where tenant_id = :tenant_id and source = :source "
            "and external_id = :external_id and handled_at is null returning kind"
        ),
        {
            "outcome": outcome,
            "invoice_id": invoice_id,
            "payment_id": payment_id,
            "tenant_id": reference.tenant_id,
            "source": reference.gateway,
            "external_id": reference.external_id,
        },
    )
    return list(handled.scalars())
