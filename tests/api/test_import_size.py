"""Very many rows in one call: a hundred thousand within a minute on a quiet machine, and in little memory."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import pytest

from tests.api.client import IMPORT_INVOICES, bearer
from tests.api.test_import_data import assert_sound, row
from tests.system import V1
from tests.thoroughness import EXHAUSTIVE

if TYPE_CHECKING:
    from tests.api.client import Api


ROWS = 100_000 if EXHAUSTIVE else 16_000


def _peak_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_very_many_rows_take_little_memory(own_api: Api) -> None:
    first = 200_000
    words = ["unpaid", "paid", "cancelled", "refunded"]
    body: IO[bytes]
    with TemporaryFile() as body:
        for step in range(ROWS):
            entry = json.dumps(row(first + step, status=words[step % 4], transaction_time="2026-01-05T10:01:00Z"))
            body.write((b"[" if not step else b",") + entry.encode())
        body.write(b"]")
        length = body.tell()
        body.seek(0)
        Path("/proc/self/clear_refs").write_text("5")
        before = _peak_kib()
        response = own_api.system.app.test_client().post(
            f"{V1}{IMPORT_INVOICES}",
            input_stream=body,
            content_length=length,
            content_type="application/json",
            headers={"Authorization": bearer()},
        )
        grown = _peak_kib() - before
    assert response.json["added"] == ROWS  # type: ignore[index]
    assert length > 150 * ROWS
    assert grown < 16 * 1024, f"{grown} KiB for a body of {length // 1024} KiB"
    assert_sound(own_api)
