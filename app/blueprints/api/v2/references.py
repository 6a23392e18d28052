"""`/api/v2/references`: numbers by which payers are known at the bank."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from app.blueprints.api.guard import caller
from app.blueprints.api.v2 import answers, bodies, cursors, shapes
from app.blueprints.api.v2.doors import reads, writes
from app.domain.permission import Permission
from app.queries import owned_references
from app.services import references
from app.web.sealed_cursor import unseal_newest

bp = APIBlueprint("references_v2", __name__, url_prefix="/api/v2/references", tag="References v2")
LIST = "references"


@reads(bp, "", asks=bodies.ReferencesQuery, gives=shapes.ReferencePage, summary="List reference numbers")
def list_references(asked: bodies.ReferencesQuery) -> dict[str, Any]:
    """Return a page of the caller's reference numbers, newest first."""
    of = cursors.of_list(LIST, asked)
    found = owned_references.search(caller().owns, asked.email, unseal_newest(of, asked.cursor), asked.limit)
    return answers.page(of, answers.references(found.rows), found)


@reads(bp, "/<reference>", asks=bodies.NothingAsked, gives=shapes.ReferenceShape, summary="Get a reference number")
def get_reference(asked: bodies.NothingAsked, reference: str) -> dict[str, Any]:  # noqa: ARG001 - nothing is asked
    """Return one reference number."""
    return answers.references([owned_references.by_number(caller().owns, reference)])[0]


@writes(
    bp,
    "",
    takes=bodies.ReferenceBody,
    gives=shapes.ReferenceShape,
    summary="Make a reference number",
    scope=Permission.MANAGE_ACCOUNTS,
)
def create_reference(body: bodies.ReferenceBody) -> dict[str, Any]:
    """Make a reference number that belongs to one payer for ever."""
    who = caller()
    number = references.create(who, body.initiator or who.code, body.owner or None, body.email or None)
    return answers.references([owned_references.by_number(who.owns, number)])[0]
