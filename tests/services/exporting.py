"""Exports as a test asks for them, and their files as a reader reads them."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from app.domain.task import TaskKind
from app.queries import tasks as task_queries
from app.queries.invoice_export import COLUMNS
from app.queries.invoice_filter import InvoiceFilter
from app.queries.invoice_selection import Selection
from app.services import tasks

if TYPE_CHECKING:
    from tests.system import System

NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def somebody(system: System) -> int:
    """Return the id of a person."""
    system.sql("insert into operator (subject) values ('EE60001019906') on conflict do nothing")
    return int(system.scalar("select id from operator"))


def wish(form: str = "csv", wanted: InvoiceFilter | None = None, numbers: tuple[int, ...] = ()) -> dict[str, Any]:
    """Return what a form would ask for."""
    return {
        "selection": Selection(wanted or InvoiceFilter(), numbers).said(),
        "format": form,
        "separator": ",",
        "title": "Invoices",
        "file": "invoices",
        "titles": list(COLUMNS),
        "words": {},
    }


def begin(system: System, form: str = "csv", wanted: InvoiceFilter | None = None, key: str = "key") -> int:
    """Start an export and return its task."""
    who = somebody(system)
    with system.app.app_context():
        return tasks.start(TaskKind.EXPORT, wish(form, wanted), operator_id=who, key=key)


def file_of(system: System, task: int) -> bytes:
    """Return the file of a task."""
    with system.app.app_context():
        return b"".join(task_queries.content(task))


def numbers_in_csv(data: bytes) -> list[int]:
    """Return the numbers of the invoices in a CSV, in their order."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    return [int(row[0]) for row in rows[1:]]


def numbers_in_sheet(data: bytes) -> list[int]:
    """Return the numbers of the invoices in a workbook, in their order."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert book.testzip() is None
        root = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    values = [row.findtext("m:c/m:v", "", NS) for row in root.iterfind("m:sheetData/m:row", NS)]
    return [int(value) for value in values[1:]]
