"""A workbook of one sheet, written piece by piece (ECMA-376, transitional; .ZIP application note 6.3).

Each piece is finished when it is made: a writer that is killed loses one, and no memory holds more than one. The sheet
is one compressed stream. Every piece ends with a full flush, which leaves it byte-aligned and without a memory of what
stood before, so that pieces made by different processes are one stream when they stand side by side.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from app.domain.money import EXPONENTS, Money
from app.domain.sheet_csv import decimal
from app.domain.sheet_text import is_dangerous

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.domain.sheet_csv import Cell

MOST_ROWS = 1_048_575  # what a sheet holds beside its titles
MOST_BYTES = 2**32 - 2**24  # what a .ZIP can say of the size of one of its files, less what ends a sheet
LONGEST_TEXT = 32_767  # of UTF-16
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
END = b"\x03\x00"  # the empty last block of a compressed stream
# Sheets count a 29 February 1900 that never was: what was before it is another day in each of them.
DAY_ZERO, FIRST_DAY = date(1899, 12, 30), date(1900, 3, 1)
SECONDS = 86_400
_SECOND = timedelta(seconds=1)

# Styles of the sheet, by their place in styles.xml.
PLAIN, TITLE, TEXT, TWO_PLACES, THREE_PLACES, DAY, MOMENT = range(7)
PLACES = {0: PLAIN, 2: TWO_PLACES, 3: THREE_PLACES}
STYLES = (
    f'{DECLARED}<styleSheet xmlns="{MAIN}">'
    '<numFmts count="3"><numFmt numFmtId="164" formatCode="#,##0.000"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="166" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font>'
    '</fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/>'
    '</fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="7">'
    + "".join(
        f'<xf numFmtId="{form}" fontId="{font}" fillId="0" borderId="0" xfId="0"{more}/>'
        for form, font, more in (
            (0, 0, ""),
            (0, 1, ' applyFont="1"'),
            (49, 0, ' quotePrefix="1" applyNumberFormat="1"'),
            (4, 0, ' applyNumberFormat="1"'),
            (164, 0, ' applyNumberFormat="1"'),
            (165, 0, ' applyNumberFormat="1"'),
            (166, 0, ' applyNumberFormat="1"'),
        )
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
SHEET = "xl/worksheets/sheet1.xml"
FIXED = {
    "[Content_Types].xml": f'{DECLARED}<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/{SHEET}" ContentType="{TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/></Types>',
    "_rels/.rels": f'{DECLARED}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'{DECLARED}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": STYLES,
}
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
LAST = struct.Struct("<4s4H2IH")
STAMP = (0, 0x21)  # 1 January 1980, the beginning of time in a .ZIP
STORED, DEFLATED = 0, 8


@dataclass(frozen=True, slots=True)
class Written:
    """How far the sheet has come: its check sum, its size before and after compression, and its lines."""

    crc: int = 0
    size: int = 0
    packed: int = 0
    lines: int = 0

    def said(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def opening(titles: Sequence[str]) -> tuple[bytes, Written]:
    """Return the piece with which the sheet begins: the titles, which stay in sight."""
    cells = "".join(_text(title, TITLE) for title in titles)
    columns = "".join(f'<col min="{n}" max="{n}" width="16" customWidth="1"/>' for n in range(1, len(titles) + 1))
    xml = (
        f'{DECLARED}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{columns}</cols><sheetData><row>{cells}</row>"
    )
    return _piece(xml, Written(), 1)


def rows(cells: Iterable[Sequence[Cell]], before: Written) -> tuple[bytes, Written]:
    """Return a piece of rows and how far the sheet has come with it."""
    lines = [f"<row>{''.join(map(_cell, row))}</row>" for row in cells]
    return _piece("".join(lines), before, len(lines))


def frame(title: str, before: Written) -> tuple[bytes, bytes]:
    """Return what stands before the pieces and what stands after them: the rest of the workbook."""
    last, done = _piece("</sheetData></worksheet>", before, 0)
    packed = done.packed + len(END)
    book = (
        f'{DECLARED}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="{escape(title[:31], {chr(34): "&quot;"})}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    before_sheet, entries = b"", []
    for name, text in {**FIXED, "xl/workbook.xml": book}.items():
        data = text.encode()
        entry = (name.encode(), STORED, zlib.crc32(data), len(data), len(data), len(before_sheet))
        before_sheet += _local(entry) + data
        entries.append(entry)
    sheet = (SHEET.encode(), DEFLATED, done.crc, packed, done.size, len(before_sheet))
    before_sheet += _local(sheet)
    directory = b"".join(_central(entry) for entry in [*entries, sheet])
    many = len(entries) + 1
    end = LAST.pack(b"PK\5\6", 0, 0, many, many, len(directory), len(before_sheet) + packed, 0)
    return before_sheet, last + END + directory + end


def _piece(xml: str, before: Written, lines: int) -> tuple[bytes, Written]:
    data = xml.encode()
    press = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = press.compress(data) + press.flush(zlib.Z_FULL_FLUSH)
    done = Written(
        zlib.crc32(data, before.crc), before.size + len(data), before.packed + len(packed), before.lines + lines
    )
    return packed, done


Entry = tuple[bytes, int, int, int, int, int]  # name, method, check sum, packed, size, place


def _local(entry: Entry) -> bytes:
    name, method, crc, packed, size, _place = entry
    return LOCAL.pack(b"PK\3\4", 20, 0, method, *STAMP, crc, packed, size, len(name), 0) + name


def _central(entry: Entry) -> bytes:
    name, method, crc, packed, size, place = entry
    head = CENTRAL.pack(b"PK\1\2", 20, 20, 0, method, *STAMP, crc, packed, size, len(name), 0, 0, 0, 0, 0, place)
    return head + name


def _cell(cell: Cell) -> str:
    match cell:
        case None | "":
            return "<c/>"
        case str():
            return _text(cell, TEXT if is_dangerous(cell) else PLAIN)
        case Money():
            return f'<c s="{PLACES.get(EXPONENTS[cell.currency], PLAIN)}"><v>{decimal(cell)}</v></c>'
        case date():
            return _day(cell)
        case _:
            return f"<c><v>{cell}</v></c>"


def _day(cell: date) -> str:
    """Return a cell with a day, or a moment as the clock on the wall shows it."""
    at = cell.replace(tzinfo=None) if isinstance(cell, datetime) else None
    if (at.date() if at else cell) < FIRST_DAY:
        return _text(f"{at:%Y-%m-%d %H:%M:%S}" if at else cell.isoformat(), PLAIN)
    if at is None:
        return f'<c s="{DAY}"><v>{(cell - DAY_ZERO).days}</v></c>'
    days, rest = divmod((at - datetime(1899, 12, 30)) // _SECOND, SECONDS)  # noqa: DTZ001 - a wall clock
    return f'<c s="{MOMENT}"><v>{days}.{(rest * 10**12 + SECONDS // 2) // SECONDS:012}</v></c>'


def _text(text: str, style: int) -> str:
    """Return a cell that holds a text and never a formula, whatever it looks like."""
    clean = LOOKS_ESCAPED.sub("_x005F_", UNWRITABLE.sub("\ufffd", _fitting(text)))
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{escape(clean)}</t></is></c>'


def _fitting(text: str) -> str:
    """Return as much of the text as a cell can hold; where the rest is missing three dots say so."""
    if len(text) * 2 <= LONGEST_TEXT:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * LONGEST_TEXT:
        return text
    return units[: 2 * (LONGEST_TEXT - 1)].decode("utf-16-le", "ignore") + "\N{HORIZONTAL ELLIPSIS}"
