"""Exports: exactly the list, as files a spreadsheet opens and never calculates (F20, security.md T62)."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from redis import Redis

from app.services import exports, sheet_parquet
from tests.web.lists import fill
from tests.web.page import Page

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.web.browser import Browser

NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@pytest.fixture(autouse=True)
def _nobody_has_exported_anything_yet(redis_url: str) -> None:
    """Forget the counts of other tests: the first session of each portal has the same number."""
    Redis.from_url(redis_url).flushdb()


def export(mary: Browser, form: str, key: str, **data: Any) -> TestResponse:
    return mary.post("/invoices/exports", {"format": form, "key": key, **data})


def table(data: bytes, separator: str = ",") -> list[list[str]]:
    text = data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def sheet(data: bytes) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert book.testzip() is None
        root = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return [
        ["".join(cell.itertext()) for cell in row.iterfind("m:c", NS)] for row in root.iterfind("m:sheetData/m:row", NS)
    ]


def test_a_small_csv_comes_at_once_and_is_written_down(own_mary: Browser) -> None:
    system = own_mary.portal.system
    fill(system, 3)
    answer = export(own_mary, "csv;", "one")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith("\N{ZERO WIDTH NO-BREAK SPACE}".encode())
    rows = table(answer.data, ";")
    assert [row[0] for row in rows[1:]] == ["150007", "150006", "150005"]
    assert rows[1][rows[0].index("Amount")] == "120,00"
    written = system.rows("select actor_kind, data from event where kind = 'invoices.exported'")
    assert [(kind, data["rows"]) for kind, data in written] == [("operator", 3)]


def test_a_workbook_is_made_in_the_background_and_waits(own_mary: Browser) -> None:
    system = own_mary.portal.system
    fill(system, 7)
    page = Page(own_mary.get("/invoices/exports/new").text)
    assert "Export 7 invoices" in page.text("h2")
    answer = export(own_mary, "xlsx", "two")
    assert answer.status_code == 303
    assert answer.location is not None
    assert "Waiting for its turn." in own_mary.page(answer.location).text("main")
    system.drain()
    shown = own_mary.page(answer.location)
    assert "7 invoices are in the file." in shown.text("main")
    file = own_mary.get(f"{answer.location}/file")
    assert file.status_code == 200
    assert re.fullmatch(r'attachment; filename="invoices-[\d-]+\.xlsx"', file.headers["Content-Disposition"])
    assert len(file.data) == file.content_length
    rows = sheet(file.data)
    assert [row[0] for row in rows] == ["Number", *map(str, range(150_011, 150_004, -1))]
    assert "Export of invoices" in own_mary.page("/tasks").text("table")


def test_two_clicks_are_one_task(own_mary: Browser) -> None:
    fill(own_mary.portal.system, 1)
    first, second = (export(own_mary, "xlsx", "same") for _ in range(2))
    assert first.location == second.location
    assert own_mary.portal.system.scalar("select count(*) from task") == 1


@pytest.mark.parametrize(
    "data", [{"format": "exe"}, {"format": ""}, {"number": "x"}, {"number": "9" * 30}, {"key": ""}, {"key": "k" * 65}]
)
def test_what_cannot_come_from_the_form_is_refused_with_the_name_of_the_field(
    mary: Browser, data: dict[str, str]
) -> None:
    answer = mary.post("/invoices/exports", {"format": "xlsx", "key": "k", **data})
    assert answer.status_code == 422
    assert next(iter(data)) in answer.text


def test_a_file_whose_day_is_over_is_gone_in_words(own_mary: Browser) -> None:
    system = own_mary.portal.system
    fill(system, 1)
    path = export(own_mary, "xlsx", "old").location
    system.drain()
    system.sql("update task set expires_at = now() - interval '1 second'")
    answer = own_mary.get(f"{path}/file")
    assert answer.status_code == 410
    assert "Start the export again." in answer.text
    assert "The file is not kept any more" in own_mary.page(str(path)).text("main")


def test_a_thief_is_slowed_down(own_mary: Browser) -> None:
    fill(own_mary.portal.system, 1)
    answers = [export(own_mary, "csv,", str(turn)).status_code for turn in range(7)]
    assert answers == [200] * 6 + [429]


def test_words_of_strangers_are_written_and_never_calculated(own_mary: Browser) -> None:
    system = own_mary.portal.system
    fill(system, 1)
    system.sql(
        "update invoice set customer_name = :evil, description = :more", evil="=1+1", more="x\r\n=cmd|'/C calc'!A0"
    )
    row = table(export(own_mary, "csv,", "evil").data)[1]
    assert "'=1+1" in row
    assert "x\r\n=cmd|'/C calc'!A0" in row


def test_parquet_is_refused_in_plain_words_where_it_is_not_installed(
    own_mary: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(own_mary.portal.system, 1)
    monkeypatch.setattr(sheet_parquet, "is_installed", lambda: False)
    shown = own_mary.page("/invoices/exports/new")
    assert "pyarrow is not installed" in shown.text("p")
    assert not any(named.get("value") == "parquet" for _tag, named in shown.elements)
    answer = export(own_mary, "parquet", "one")
    assert answer.status_code == 422
    assert "not installed here" in answer.text


def test_a_parquet_file_holds_the_list_in_its_order_with_types(
    own_mary: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = import_module("pyarrow.parquet")
    monkeypatch.setattr(exports, "PART_ROWS", 3)
    monkeypatch.setattr(sheet_parquet, "GROUP_ROWS", 5)
    fill(own_mary.portal.system, 7)
    answer = export(own_mary, "parquet", "two")
    own_mary.portal.system.drain()
    file = own_mary.get(f"{answer.location}/file")
    assert file.mimetype == "application/vnd.apache.parquet"
    assert len(file.data) == file.content_length
    table = parquet.read_table(io.BytesIO(file.data))
    assert table.column("number").to_pylist() == [*range(150_011, 150_004, -1)]
    assert table.column("total").to_pylist() == [Decimal(120)] * 7
    assert set(table.column("status").to_pylist()) == {"unpaid"}
    assert table.column("created_at").to_pylist()[0].tzinfo is not None
    empty = export(own_mary, "parquet", "three", q="nothing-like-this")
    own_mary.portal.system.drain()
    assert parquet.read_table(io.BytesIO(own_mary.get(f"{empty.location}/file").data)).num_rows == 0
