"""Documents to be passed on: kept once per content, with a state that is true while nobody sends them yet.

Sending to the accounting system and to the e-invoice operator is not built; an accepted document is therefore no work
that is owed and no row of the outbox. Its sender will post one per document, in the order of their ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app.domain import exact_json
from app.domain.errors import Invalid
from app.domain.idempotency import fingerprint
from app.services import timeline
from app.services.timeline import Actor
from app.uow import retried, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.services.initiators import Caller

# The same content is one document, however often it is asked for. One that was skipped because its invoice was not here
# is accepted as soon as it is.
KEEP = text("""
with found as (
  select id from invoice where tenant_id = :tenant_id and initiator_id = any(:owns) and number = :digits
), before as (
  select state from document
   where tenant_id = :tenant_id and kind = :kind and initiator_id = :initiator_id and fingerprint = :fingerprint
), kept as (
  insert into document as d (tenant_id, kind, initiator_id, invoice_id, number, form, dry, payload, fingerprint, state)
  values (:tenant_id, :kind, :initiator_id, (select id from found), :number, :form, :dry, cast(:payload as jsonb),
          :fingerprint,
          case when :dry then 'dry' when :only_known and not exists (select 1 from found) then 'skipped'
               else 'accepted' end)
  on conflict (tenant_id, kind, initiator_id, fingerprint) do update
     set times_asked = d.times_asked + 1, invoice_id = coalesce(d.invoice_id, excluded.invoice_id),
         state = case when d.state = 'skipped' then excluded.state else d.state end
  returning d.id, d.invoice_id, d.state, d.times_asked = 1 as is_new
)
select id, invoice_id, state, is_new, state is distinct from (select state from before) as has_moved from kept
""")
DIRECTO, E_INVOICE = "directo", "e_invoice"
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Content:
    """One document as its service wrote it; `number` is the invoice's, `form` the layout it is sent in."""

    number: str
    payload: dict[str, Any]
    form: str = ""

    def written(self) -> str:
        """Return the payload as it is kept."""
        return exact_json.dumps(self.payload)


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many documents wait for their sender, are skipped, are dry, and how many of all were known before."""

    accepted: int
    skipped: int
    dry: int
    repeated: int


@retried
def accept(
    caller: Caller, kind: str, initiator_code: str, contents: Sequence[Content], *, dry: bool, only_known: bool
) -> Accepted:
    """Keep the documents and return what became of them; `only_known` skips those about invoices that are not here.

    Raises Invalid when the caller does not speak for the initiator.
    """
    if initiator_code not in caller.codes:
        raise Invalid.field("initiator", f"must be one of: {', '.join(caller.codes)}")
    initiator_id = caller.owns[caller.codes.index(initiator_code)]
    counts = {"accepted": 0, "skipped": 0, "dry": 0}
    repeated = 0
    with transaction() as tx:
        for content in sorted(contents, key=_order):
            values = {"kind": kind, "initiator_id": initiator_id, "dry": dry, "only_known": only_known}
            state, is_new = _keep(tx, caller, content, values)
            counts[state] += 1
            repeated += not is_new
    return Accepted(**counts, repeated=repeated)


def _order(content: Content) -> tuple[str, str]:
    """Return by what documents are sorted: two senders who lock them in the same order never wait for each other."""
    return content.number, content.written()


def _keep(tx: Session, caller: Caller, content: Content, values: dict[str, Any]) -> tuple[str, bool]:
    written = content.written()
    digits = int(content.number) if content.number.isdecimal() and content.number.isascii() else 0
    row = tx.execute(
        KEEP,
        values
        | {
            "tenant_id": caller.tenant_id,
            "owns": list(caller.owns),
            "number": content.number,
            "digits": digits if digits <= LARGEST else 0,
            "form": content.form,
            "payload": written,
            "fingerprint": fingerprint(f"{values['dry']}\n{content.form}\n{written}".encode()),
        },
    ).one()
    if row.has_moved and row.invoice_id is not None:
        timeline.record(
            f"document.{row.state}",
            actor=Actor("initiator", caller.code),
            invoice_id=row.invoice_id,
            data={"kind": values["kind"], "document": row.id},
            tenant_id=caller.tenant_id,
        )
    return row.state, row.is_new
