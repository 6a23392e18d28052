"""The timeline: one line for everything that happens, in the transaction that makes it happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.domain import exact_json
from app.services.batched_writes import EVENT, keep
from app.uow import in_transaction, session


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: `kind` is system, gateway, initiator or operator."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        """Return both in one word, as it is kept beside what somebody asked for."""
        return f"{self.kind}:{self.name}" if self.name else self.kind


SYSTEM = Actor("system")

RECORD = text("""
insert into event (tenant_id, kind, invoice_id, payment_id, actor_kind, actor, reason, data)
values (:tenant_id, :kind, :invoice_id, :payment_id, :actor_kind, :actor, :reason, cast(:data as jsonb))
""")


def record(
    kind: str,
    *,
    actor: Actor = SYSTEM,
    invoice_id: int | None = None,
    payment_id: int | None = None,
    reason: str | None = None,
    data: dict[str, Any] | None = None,
    tenant_id: int,
) -> None:
    """Write one event inside the caller's transaction (reliability.md 3.1, law 2). Raises RuntimeError outside one."""
    if not in_transaction():
        raise RuntimeError("An event belongs to the transaction of its change")
    line = {
        "tenant_id": tenant_id,
        "kind": kind,
        "invoice_id": invoice_id,
        "payment_id": payment_id,
        "actor_kind": actor.kind,
        "actor": actor.name,
        "reason": reason,
        "data": data or {},
    }
    if not keep(EVENT, line):
        session().execute(RECORD, line | {"data": exact_json.dumps(line["data"])})
