"""`/api/v1/import_data/*`: what services bring along from the system before, once (eis.md 5.19, 5.20)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from apiflask import APIBlueprint
from flask import request
from pydantic import AfterValidator, BaseModel, Field

from app.blueprints.api import import_rows
from app.blueprints.api.doors import answer_once
from app.blueprints.api.guard import caller
from app.domain.permission import Permission
from app.services import imports
from app.services.idempotency import Reply
from app.services.import_progress import ToldProgress, refusal, under_way
from app.services.imports import Importer
from app.services.timeline import Actor
from app.web.api import documented
from app.web.guards import needs
from app.web.json_array import ArrayBody
from app.web.strict_json import MalformedBody

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.services.import_outcome import Taken
    from app.web.idempotency import Replay

bp = APIBlueprint("import_data", __name__, url_prefix="/api/v1/import_data", tag="Import")

LIMIT_BYTES = 64 * 1024 * 1024
# `isalready` without a space is part of the contract: the system before answered so.
MESSAGE = (
    "Added {added} {what}, skipped {skipped}. The reason for omission may be that the account data isalready in the "
    "database or the information is incorrect"
)


def _by_name(counted: dict[str, int]) -> dict[str, int]:
    """Return the counts in one order, whether they were counted now or kept for a repeated call."""
    return dict(sorted(counted.items()))


class SkippedRow(BaseModel):
    """A row that was not taken, counted from 0, and why."""

    row: int
    number: str
    reason: str


class ImportAnswer(BaseModel):
    """What became of the rows: all that were added are there, none of the skipped ones is."""

    message: str
    import_batch: int
    added: int
    skipped: int
    reasons: Annotated[dict[str, int], AfterValidator(_by_name)] = Field(description="How often each reason was met")
    skipped_rows: list[SkippedRow] = Field(description="The first thousand")


@bp.post("/invoice_data")
@needs(Permission.ISSUE_INVOICE)
@bp.output(ImportAnswer)
@documented(
    "Bring along invoices of the system before", scope=Permission.ISSUE_INVOICE, array_of=import_rows.InvoiceRow
)
def invoice_data() -> dict[str, Any] | Replay:
    """Take in the invoices that are not here yet; what is here stays as it is."""
    return _taken_once(
        "invoices",
        lambda body, progress: imports.take_invoices(_importer(), _Rows(import_rows.invoices, body), progress),
    )


@bp.post("/reference_data")
@needs(Permission.MANAGE_ACCOUNTS)
@bp.output(ImportAnswer)
@documented(
    "Bring along reference numbers of the system before",
    scope=Permission.MANAGE_ACCOUNTS,
    array_of=import_rows.ReferenceRow,
)
def reference_data() -> dict[str, Any] | Replay:
    """Take in the reference numbers that are not here yet."""
    return _taken_once(
        "reference numbers",
        lambda body, progress: imports.take_references(_importer(), _Rows(import_rows.references, body), progress),
    )


class _Rows:
    """The rows of a body, read again from its beginning by every try."""

    def __init__(self, read: Callable[..., Any], body: ArrayBody) -> None:
        self._read = partial(read, body, caller())

    def __iter__(self) -> Any:
        return self._read()


def _taken_once(what: str, take: Callable[[ArrayBody, ToldProgress], Taken]) -> dict[str, Any] | Replay:
    with ArrayBody(request, LIMIT_BYTES) as body, under_way(_refusal) as progress:
        return answer_once(body.fingerprint, lambda: Reply(200, _answer(what, take(body, progress))))


def _refusal(fault: BaseException) -> str | None:
    return fault.description if isinstance(fault, MalformedBody) else refusal(fault)


def _importer() -> Importer:
    who = caller()
    return Importer(
        tenant_id=who.tenant_id,
        actor=Actor("initiator", who.code),
        source="api",
        owns=dict(zip(who.codes, who.owns, strict=True)),
    )


def _answer(what: str, taken: Taken) -> dict[str, Any]:
    return {
        "message": MESSAGE.format(added=taken.added, what=what, skipped=taken.skipped_count),
        "import_batch": taken.batch_id,
        "added": taken.added,
        "skipped": taken.skipped_count,
        "reasons": dict(taken.reasons),
        "skipped_rows": [
            {"row": each.position, "number": each.number, "reason": each.reason} for each in taken.skipped
        ],
    }
