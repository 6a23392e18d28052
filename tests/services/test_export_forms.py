"""The same list in every form, read back by strangers' readers: each cell says the same, as the type it is."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from app.domain.sheet_text import is_dangerous
from app.domain.sheet_xlsx import LONGEST_TEXT, UNWRITABLE
from app.queries.invoice_export import COLUMNS
from tests.services.exporting import begin, file_of
from tests.web.lists import fill

if TYPE_CHECKING:
    from tests.system import System

TALLINN = ZoneInfo("Europe/Tallinn")
NAMES = list(COLUMNS)
# Whatever the tables may hold, also what no door of ours lets in today.
TEXTS = [
    "=1+1", "-5", "+372 5555", "@sum", "\t=1", " =1", "＝1+1", "00123", "12345678901234567890", "1e5", "TRUE",
    "2026-01-02", " blanks ", "two\nlines", "two\r\nlines", "_x0041_ is no A", "<b>&amp;]]></b>", "Õhtu “žürii” Привет",
    "😀" * 20_000, "x" * 40_000, "bell\x07 and \x1f", "\ufeffmark", "\u2028", "", "'quoted", '"', ";,", "#N/A", "NaN",
]  # fmt: skip
DAYS = ["1899-12-31", "1900-01-01", "1900-02-28", "1900-03-01", "2024-02-29", "2026-12-31"]
MOMENTS = [
    "2026-10-25 00:30:00+00", "2026-10-25 01:30:00+00", "2026-03-29 00:59:59+00", "2026-03-29 01:00:00+00",
    "2026-11-21 22:00:00+00", "2026-11-21 21:59:59.999999+00", "2026-11-22 11:13:14.5+00", "2026-01-01 00:00:01+00",
]  # fmt: skip
SUMS = [0, 1, 99, 100, 12_345, 999_999_999_999]


@pytest.fixture
def nasty(system: System) -> System:
    fill(system, len(TEXTS))
    for nth, said in enumerate(TEXTS):
        system.sql(
            """
            update invoice set description = :text, customer_name = :name, reference_number = :name, due_on = :day,
                   created_at = cast(:at as timestamptz), total_minor = :sum,
                   subtotal_minor = :sum, e_invoice_sent_at = cast(:at as timestamptz), in_directo = :odd
             where number = :n
            """,
            text=said, name=said[:100], day=DAYS[nth % len(DAYS)], at=MOMENTS[nth % len(MOMENTS)],
            sum=SUMS[nth % len(SUMS)], odd=bool(nth % 2), n=150_005 + nth,
        )  # fmt: skip
    return system


def made(system: System, form: str) -> bytes:
    task = begin(system, form, key=form)
    system.drain()
    return file_of(system, task)


def meant(name: str, said: str) -> Any:
    """Return what a field of the CSV means, as it is written there for people and programs alike."""
    if said == "" or name not in NAMES:
        return None
    if name == "number":
        return int(said)
    if name in {"total", "received", "given_back"}:
        return Decimal(said)
    if name.endswith("_at"):
        return datetime.strptime(said, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - a wall clock
    if name.endswith("_on"):
        return date.fromisoformat(said)
    return said[1:] if said.startswith("'") and is_dangerous(said[1:]) else said


def of_csv(data: bytes) -> list[list[Any]]:
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0] == NAMES
    return [[meant(name, said) for name, said in zip(NAMES, row, strict=True)] for row in rows[1:]]


def test_a_workbook_says_cell_by_cell_what_the_csv_says(nasty: System) -> None:
    expected = of_csv(made(nasty, "csv"))
    book = openpyxl.load_workbook(io.BytesIO(made(nasty, "xlsx")))
    sheet = list(book.worksheets[0].iter_rows())
    assert [cell.value for cell in sheet[0]] == NAMES
    assert len(sheet) == len(expected) + 1 == len(TEXTS) + 1
    for row, wanted in zip_longest(sheet[1:], expected):
        for name, cell, value in zip(NAMES, row, wanted, strict=True):
            assert cell.data_type != "f", (name, value)
            assert _as_read(cell) == _as_held(value), (name, value)


def _as_read(cell: Any) -> Any:
    """Return what a cell holds; a moment to the second, for a sheet counts in parts of days."""
    found = cell.value
    if isinstance(found, datetime) and cell.number_format == "yyyy\\-mm\\-dd":
        return found.date()
    if isinstance(found, datetime):
        assert abs(found - (found + timedelta(seconds=0.5)).replace(microsecond=0)) < timedelta(milliseconds=1)
        return (found + timedelta(seconds=0.5)).replace(microsecond=0)
    if cell.number_format == "#,##0.00":
        assert cell.data_type == "n"
        return Decimal(str(found)).quantize(Decimal("0.01"))
    return found


def _as_held(value: Any) -> Any:
    """Return what a sheet can hold of it: no more than so many letters, none of them unwritable, one kind of line end.

    A day before March 1900 is a text there: sheets count a 29 February that year that never was.
    """
    if isinstance(value, date) and not isinstance(value, datetime) and value < date(1900, 3, 1):
        return value.isoformat()
    if not isinstance(value, str):
        return value
    units = value.encode("utf-16-le")
    if len(units) > 2 * LONGEST_TEXT:
        value = units[: 2 * (LONGEST_TEXT - 1)].decode("utf-16-le", "ignore") + "…"
    value = value.replace("\r\n", "\n").replace("_x0041_", "_x005F_x0041_")
    return UNWRITABLE.sub("\ufffd", value)


def test_parquet_says_cell_by_cell_what_the_csv_says(nasty: System) -> None:
    pytest.importorskip("pyarrow")
    expected = of_csv(made(nasty, "csv"))
    table = import_module("pyarrow.parquet").read_table(io.BytesIO(made(nasty, "parquet")))
    assert table.column_names == NAMES
    assert table.num_rows == len(expected)
    for row, wanted in zip(table.to_pylist(), expected, strict=True):
        for name, value in zip(NAMES, wanted, strict=True):
            found = row[name]
            if isinstance(found, datetime):
                found = found.astimezone(TALLINN).replace(tzinfo=None, microsecond=0)
            assert (found or None) == (value or None), name
