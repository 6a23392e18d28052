"""The list as Apache Parquet, where the optional package pyarrow is installed (the extra `parquet`).

Each part of a task keeps its rows as an Arrow stream; when all are there they become row groups of one file. Names and
codes stay as the API says them: the file is for programs, not for readers.
"""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from app.domain.money import EXPONENTS, Money

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import BinaryIO

    from app.domain.sheet_csv import Cell

WORDS = {"yes": "yes", "no": "no"}
GROUP_ROWS = 50_000
DIGITS, PLACES = 20, 3
ZONE = "Europe/Tallinn"
AMOUNTS = {"total", "received", "given_back"}


def is_installed() -> bool:
    """Return whether this installation can write Parquet."""
    return find_spec("pyarrow") is not None


def rows(lines: Sequence[Sequence[Cell]], names: Sequence[str]) -> bytes:
    """Return the rows of one part as an Arrow stream of their own."""
    arrow: Any = import_module("pyarrow")
    schema = _schema(arrow, names)
    columns = [[_plain(line[place]) for line in lines] for place in range(len(names))]
    arrays = [arrow.array(cells, type=field.type) for cells, field in zip(columns, schema, strict=True)]
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(arrow.record_batch(arrays, schema=schema))
    kept: bytes = sink.getvalue().to_pybytes()
    return kept


def join(pieces: Iterable[bytes], names: Sequence[str], file: BinaryIO) -> None:
    """Write the parts, in their order, as one Parquet file; no more than one group of rows is held at a time."""
    arrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    held: list[Any] = []
    with parquet.ParquetWriter(file, _schema(arrow, names), compression="zstd") as writer:
        for piece in pieces:
            with arrow.ipc.open_stream(piece) as reader:
                held.append(reader.read_all())
            if sum(each.num_rows for each in held) >= GROUP_ROWS:
                writer.write_table(arrow.concat_tables(held))
                held = []
        if held:
            writer.write_table(arrow.concat_tables(held))


def _schema(arrow: Any, names: Sequence[str]) -> Any:
    return arrow.schema([(name, _type(arrow, name)) for name in names])


def _type(arrow: Any, name: str) -> Any:
    if name in AMOUNTS:
        return arrow.decimal128(DIGITS, PLACES)
    if name == "number":
        return arrow.int64()
    if name.endswith("_at"):
        return arrow.timestamp("us", tz=ZONE)
    return arrow.date32() if name.endswith("_on") else arrow.string()


def _plain(cell: Cell) -> Any:
    return Decimal(cell.minor).scaleb(-EXPONENTS[cell.currency]) if isinstance(cell, Money) else cell
