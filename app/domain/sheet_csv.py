"""CSV as spreadsheets of this country open it: UTF-8 with a mark, RFC 4180, figures as figures, no formulas."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import TYPE_CHECKING

from app.domain.money import EXPONENTS, Money
from app.domain.sheet_text import is_dangerous

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Cell = str | int | Money | date | datetime | None
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
# A semicolon goes with the decimal comma: that is what Excel expects where the comma is decimal.
POINT = {",": ".", ";": ","}


def opening(titles: Sequence[str], separator: str) -> bytes:
    """Return the mark and the line of titles."""
    return MARK.encode() + lines([titles], separator)


def lines(rows: Iterable[Sequence[Cell]], separator: str) -> bytes:
    """Return rows as lines; moments are written as they stand, in their own zone, to the second."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerows([_written(cell, POINT[separator]) for cell in row] for row in rows)
    return text.getvalue().encode()


def _written(cell: Cell, point: str) -> str | int:
    match cell:
        case None:
            return ""
        case str():
            return f"'{cell}" if is_dangerous(cell) else cell
        case Money():
            return decimal(cell, point)
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case date():
            return cell.isoformat()
        case _:
            return cell


def decimal(money: Money, point: str = ".") -> str:
    """Return an amount as a plain number, such as `-1240.00`."""
    places = EXPONENTS[money.currency]
    whole, part = divmod(abs(money.minor), 10**places)
    return f"{'-' if money.minor < 0 else ''}{whole}{f'{point}{part:0{places}}' if places else ''}"
