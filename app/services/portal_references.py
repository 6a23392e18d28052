"""A reference number made by a person in the portal: the same numbers as the services get, with a name beside it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from app.domain.errors import Invalid
from app.services import idempotency, references, timeline
from app.services.idempotency import Call, Reply
from app.services.initiators import caller_named

if TYPE_CHECKING:
    from app.services.timeline import Actor

ROUTE = "portal:references.create"
LONGEST = 200
# Not a proof that mail arrives there, only that it is one address.
MAIL = re.compile(r"[^\s@<>\"',;]{1,64}@[^\s@<>\"',;]{1,190}\.[^\s@<>\"',;.]{2,60}")
CREATED = 201


@dataclass(frozen=True, slots=True)
class NewReference:
    """For whom a number is made."""

    service: str
    owner: str
    email: str


def create(wanted: NewReference, *, actor: Actor, key: str, tenant_id: int = 1) -> str:
    """Return the new number; the same key again returns the same number.

    Raises Invalid naming the fields, NotFound for a service nobody knows.
    """
    faults = _faults(wanted)
    if faults:
        raise Invalid(faults)
    caller = caller_named(wanted.service)
    body = json.dumps(asdict(wanted), sort_keys=True)
    call = Call(tenant_id, str(actor), ROUTE, key, hashlib.sha256(body.encode()).digest())

    def make() -> Reply:
        number = references.create(caller, wanted.service, wanted.owner, wanted.email or None)
        said = {"number": number, "service": wanted.service}
        timeline.record("reference.created", actor=actor, data=said, tenant_id=caller.tenant_id)
        return Reply(CREATED, {"number": number})

    return str(idempotency.run(call, make).body["number"])


def _faults(wanted: NewReference) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if not wanted.service:
        faults["service"] = ["is needed"]
    for name, value in (("owner", wanted.owner), ("email", wanted.email)):
        if len(value) > LONGEST:
            faults[name] = [f"must be at most {LONGEST} characters"]
        elif not value.isprintable():
            faults[name] = ["must be printable characters"]
    if not wanted.owner:
        faults["owner"] = ["is needed"]
    if wanted.email and "email" not in faults and not MAIL.fullmatch(wanted.email):
        faults["email"] = ["must be one e-mail address"]
    return faults
