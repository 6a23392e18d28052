"""The list of refunds as CSV: page by page along the list, in constant memory; that somebody took it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from app.domain import sheet_csv
from app.domain.money import Money
from app.domain.tallinn import TALLINN
from app.models.base import DEFAULT_TENANT
from app.queries import refunds
from app.queries.paging import Cursor
from app.services import timeline
from app.services.timeline import Actor
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.domain.sheet_csv import Cell
    from app.queries.refunds import RefundFilter

PART_ROWS = 2_000
SEPARATOR = ";"


class FileWords(NamedTuple):
    """What a file says in somebody's language: titles by column, and words for statuses and services by code."""

    titles: dict[str, str]
    statuses: dict[str, str]
    services: dict[str, str]


def stream(wanted: RefundFilter, asked: dict[str, str], words: FileWords, *, operator_id: int) -> Iterator[bytes]:
    """Return the file piece by piece, newest first, after writing down who took what; `asked` is the filter in words.

    What is asked for meanwhile is newer than where the file began. No connection is held while a slow reader reads.
    """
    with transaction():
        timeline.record(
            "refunds.exported",
            actor=Actor("operator", str(operator_id)),
            data={"filter": asked, "format": "csv"},
            tenant_id=DEFAULT_TENANT,
        )
    return _pieces(wanted, words)


def _pieces(wanted: RefundFilter, words: FileWords) -> Iterator[bytes]:
    yield sheet_csv.opening(list(words.titles.values()), SEPARATOR)
    cursor = None
    while True:
        with transaction():
            rows = refunds.to_export(wanted, cursor, size=PART_ROWS)
        yield sheet_csv.lines([_line(row, words) for row in rows], SEPARATOR)
        if len(rows) < PART_ROWS:
            return
        cursor = Cursor(rows[-1].created_at, rows[-1].id)


def _line(row: Any, words: FileWords) -> list[Cell]:
    cells: dict[str, Cell] = {
        "code": words.services.get(row.code, row.code),
        "status": words.statuses.get(row.status, row.status),
        "amount_minor": Money(row.amount_minor, row.currency),
        "created_at": row.created_at.astimezone(TALLINN),
        "finished_at": row.finished_at.astimezone(TALLINN) if row.finished_at else None,
    }
    return [cells[column] if column in cells else getattr(row, column) for column in words.titles]
