"""The move from the system before is seen while it runs, as two imports that come together or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.services import legacy
from app.services.legacy_source import NoSuchSource
from tests.services.legacy_tables import Legacy
from tests.services.test_legacy import move

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Databases
    from tests.system import System


@pytest.fixture
def old(databases: Databases) -> Iterator[Legacy]:
    """Return an old database with an invoice, a reference number and a counter."""
    with databases.empty() as url:
        made = Legacy(url)
        made.invoice(150_100)
        made.add("references", reference_number="2144032", initiator="registry", owner="Roga")
        made.add("setting_entries", code="directo_monthly_number_last", value="309920")
        yield made
        made.close()


def told(system: System) -> list[tuple[str, str | None, str, int]]:
    rows = system.rows(
        "select b.kind, b.fault, p.phase, p.rows_read from import_batch b join import_progress p on p.batch_id = b.id "
        "where b.source = 'legacy' and b.finished_at is not null order by b.id"
    )
    return [(row.kind, row.fault, row.phase, int(row.rows_read)) for row in rows]


def test_both_parts_are_told(system: System, old: Legacy) -> None:
    move(system, old)
    assert told(system) == [("invoices", None, "closing", 1), ("references", None, "closing", 1)]


def test_what_breaks_after_both_takes_nothing_of_either(
    system: System, old: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legacy, "_move_counter", None)
    with pytest.raises(TypeError):
        move(system, old)
    assert told(system) == [("invoices", "broken", "closing", 1), ("references", "broken", "closing", 1)]
    assert system.scalar("select (select count(*) from invoice) + (select count(*) from reference)") == 0


def test_a_rehearsal_is_told_to_nobody(system: System, old: Legacy) -> None:
    move(system, old, rehearse=True)
    with system.app.app_context(), pytest.raises(NoSuchSource):
        legacy.import_legacy("postgresql://nobody@127.0.0.1:1/none")
    assert system.scalar("select count(*) from import_batch") == 0
