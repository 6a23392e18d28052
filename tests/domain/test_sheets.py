"""Sheets: a stranger's reader opens them, figures are figures, and no text is ever calculated (security.md T62)."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from itertools import product

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain import sheet_csv, sheet_xlsx
from app.domain.money import Money
from app.domain.sheet_text import is_dangerous

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠", " =", "\u00a0@", "\t=")
REST = (
    "1+1", "cmd|' /C calc'!A0", 'HYPERLINK("x";"y")', "SUM(A1:A9)", "", "WEBSERVICE(1)", "DDE(1)", "A1", '1";=1+1',
    "+++", "IMPORTXML(1)", "rundll32|'x'!A", "1\r\n=2", "õ",
)  # fmt: skip
PAYLOADS = [begin + rest for begin, rest in product(BEGINNINGS, REST)]


def book(*pieces: list[list[sheet_csv.Cell]], title: str = "Invoices") -> list[list[openpyxl.cell.Cell]]:
    opening, written = sheet_xlsx.opening(["A", "B"])
    made = [opening]
    for rows in pieces:
        piece, written = sheet_xlsx.rows(rows, written)
        made.append(piece)
    head, tail = sheet_xlsx.frame(title, written)
    read = openpyxl.load_workbook(io.BytesIO(head + b"".join(made) + tail))
    assert read.sheetnames == [title[:31]]
    return [list(row) for row in read.worksheets[0].iter_rows()]


def test_there_are_two_hundred_payloads() -> None:
    assert len(PAYLOADS) > 200


def test_no_payload_is_calculated_in_a_csv() -> None:
    for separator in ",;":
        written = sheet_csv.lines([[each, "next"] for each in PAYLOADS], separator).decode()
        rows = list(csv.reader(io.StringIO(written, newline=""), delimiter=separator))
        assert [row[0] for row in rows] == [f"'{each}" for each in PAYLOADS]
        assert {row[1] for row in rows} == {"next"}


def test_no_payload_is_calculated_in_a_workbook() -> None:
    cells = [row[0] for row in book([[each, "next"] for each in PAYLOADS])[1:]]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.quotePrefix for cell in cells)


def test_figures_and_moments_are_what_they_are() -> None:
    moment = datetime(2026, 11, 21, 13, 14, 15, tzinfo=UTC)
    rows = book([[150_005, Money(-123_456, "EUR")], [date(2026, 11, 21), moment]], [[Money(7, "JPY"), None]])
    assert [[cell.value for cell in row] for row in rows[1:]] == [
        [150_005, -1234.56],
        [datetime(2026, 11, 21), moment.replace(tzinfo=None)],  # noqa: DTZ001 - a sheet knows no zones
        [7, None],
    ]
    assert rows[1][1].number_format == "#,##0.00"
    assert rows[1][1].data_type == "n"


@pytest.mark.parametrize(("separator", "amount"), [(",", "-1234.56"), (";", "-1234,56")])
def test_the_decimal_mark_goes_with_the_separator(separator: str, amount: str) -> None:
    line = sheet_csv.lines([[150_005, Money(-123_456, "EUR")]], separator).decode()
    assert line == f"150005{separator}{amount}\r\n"


def test_a_csv_begins_with_the_mark_by_which_a_spreadsheet_knows_the_letters() -> None:
    assert sheet_csv.opening(["Täht"], ";") == "\ufeffTäht\r\n".encode()


@settings(max_examples=30)
@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=2), max_size=5))
def test_every_text_comes_back_from_both(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(sheet_csv.lines(rows, ",").decode(), newline="")))
    assert read == [[f"'{each}" if is_dangerous(each) else each for each in row] for row in rows]
    assert len(book([list(row) for row in rows])) == len(rows) + 1
