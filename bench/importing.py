"""A hundred thousand rows in one call of `import_data`, invoices and references, beside COPY of the same rows.

    .venv/bin/python -m bench.importing

The floor is PostgreSQL's COPY of the same fields into one plain table with a primary key; an imported invoice is up to
fifteen rows in nine tables, booked and told. What the process grows by during the calls is printed as well.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from bench.rounds import installation, told

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS, ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, 2
WORDS = ("unpaid", "paid", "cancelled", "refunded")
MOMENT = "2026-01-05T10:01:00Z"
PLAIN = """
create table plain_invoice_row (number bigint primary key, initiator text, amount text, status text, at timestamptz);
create table plain_reference_row (number text primary key, initiator text, owner text);
"""


def main() -> None:
    """Measure, check and print."""
    with installation() as bare:
        bare.execute(PLAIN)
        bare.commit()
        from flask import current_app  # noqa: PLC0415 - after the environment is set

        client = current_app.test_client()
        for path, table, rows, copied in (
            ("invoice_data", "invoice", _invoices, "plain_invoice_row"),
            ("reference_data", "reference", _references, "plain_reference_row"),
        ):
            here: list[float] = []
            floor: list[float] = []
            grown = 0
            for turn in range(ROUNDS):
                Path("/proc/self/clear_refs").write_text("5")
                before = _peak_kib()
                here.append(_here(client, path, rows(turn)))
                grown = max(grown, _peak_kib() - before)
                floor.append(_copied(bare, copied, rows(turn)))
            for name in (table, copied):
                assert bare.execute(f"select count(*) from {name}").fetchone() == (ROWS * ROUNDS,)
            unequal = (
                "select count(*) from (select currency from ledger_entry group by 1 having sum(amount_minor) <> 0) x"
            )
            assert bare.execute(unequal).fetchone() == (0,)
            bare.commit()
            print(f"{path}: {ROWS} rows in one call, {ROUNDS} calls, the process grew by {grown} KiB at most")
            told({"here": here, "COPY into one plain table": floor}, "rows")


def _invoices(turn: int) -> Iterator[dict[str, Any]]:
    for nth in range(turn * ROWS, (turn + 1) * ROWS):
        yield {
            "invoice_number": 200_000 + nth,
            "initiator": "registry",
            "transaction_amount": "120.0",
            "status": WORDS[nth % 4],
            "transaction_time": MOMENT,
        }


def _references(turn: int) -> Iterator[dict[str, Any]]:
    from app.domain.reference import with_check_digit  # noqa: PLC0415 - as the rest

    for nth in range(turn * ROWS, (turn + 1) * ROWS):
        number = with_check_digit(str(1_000_000 + nth))
        yield {"reference_number": number, "initiator": "registry", "registrar_name": f"Registrar {nth}"}


def _here(client: Any, path: str, rows: Iterator[dict[str, Any]]) -> float:
    """Send one call and return the rows a second; the body is read from a file, as a socket's would be."""
    from app.integrations import sign_token  # noqa: PLC0415 - after the environment is set
    from tests.system import SECRET  # noqa: PLC0415

    with TemporaryFile() as body:
        for nth, row in enumerate(rows):
            body.write((b"," if nth else b"[") + json.dumps(row).encode())
        body.write(b"]")
        length = body.tell()
        body.seek(0)
        began = time.perf_counter()
        answer = client.post(
            f"/api/v1/import_data/{path}",
            input_stream=body,
            content_length=length,
            content_type="application/json",
            headers={"Authorization": f"Bearer {sign_token({'initiator': 'registry'}, SECRET)}"},
        )
        seconds = time.perf_counter() - began
    assert answer.json["added"] == ROWS, answer.text[:300]
    print(f"  {path}: {seconds:.1f} s for {ROWS} rows, {length // 1024} KiB", flush=True)
    return ROWS / seconds


def _copied(bare: Any, table: str, rows: Iterator[dict[str, Any]]) -> float:
    ready = [tuple(row.values()) for row in rows]
    began = time.perf_counter()
    with bare.cursor() as cursor, cursor.copy(f"copy {table} from stdin") as copy:
        for row in ready:
            copy.write_row(row)
    bare.commit()
    return ROWS / (time.perf_counter() - began)


def _peak_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


if __name__ == "__main__":
    main()
