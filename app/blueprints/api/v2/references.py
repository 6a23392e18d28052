"""`/api/v2/references`: numbers by which payers are known at the bank."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from app.blueprints.api.guard import caller
from app.blueprints.api.v2 import cursors, requests, resources, responses
from app.blueprints.api.v2.doors import reads, writes
from app.domain.permission import Permission
from app.queries import owned_references
from app.services import references
from app.web.sealed_cursor import unseal_newest

bp = APIBlueprint("references_v2", __name__, url_prefix="/api/v2/references", tag="References v2")
LIST = "references"


@reads(bp, "", asks=requests.ReferencesQuery, gives=responses.ReferencePage, summary="List reference numbers")
def list_references(asked: requests.ReferencesQuery) -> dict[str, Any]:
    """Return a page of the caller's reference numbers, newest first."""
    of = cursors.of_list(LIST, asked)
    found = owned_references.search(caller().owns, asked.email, unseal_newest(of, asked.cursor), asked.limit)
    return resources.page(of, resources.references(found.rows), found)


@reads(
    bp,
    "/<reference>",
    asks=requests.NothingAsked,
    gives=responses.ReferenceShape,
    summary="Get a reference number",
)
def get_reference(asked: requests.NothingAsked, reference: str) -> dict[str, Any]:  # noqa: ARG001 - nothing is asked
    """Return one reference number."""
    return resources.references([owned_references.by_number(caller().owns, reference)])[0]


@writes(
    bp,
    "",
    takes=requests.ReferenceBody,
    gives=responses.ReferenceShape,
    summary="Make a reference number",
    scope=Permission.MANAGE_ACCOUNTS,
)
def create_reference(body: requests.ReferenceBody) -> dict[str, Any]:
    """Make a reference number that belongs to one payer for ever."""
    who = caller()
    number = references.create(who, body.initiator or who.code, body.owner or None, body.email or None)
    return resources.references([owned_references.by_number(who.owns, number)])[0]
