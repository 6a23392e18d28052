"""What triggers hold: each is tried with what only it refuses, or with what only it does (reliability.md 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.services import triggers_of_invoices, triggers_of_money, triggers_of_work
from tests.services.bare_rows import texts
from tests.services.trying_triggers import faults, fill

if TYPE_CHECKING:
    import psycopg

TRIED = triggers_of_invoices.TRIED | triggers_of_money.TRIED | triggers_of_work.TRIED
TRIGGERS = """
select tgrelid::regclass || '.' || tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
 where not tgisinternal and c.relnamespace = 'public'::regnamespace and tgenabled = 'O'
"""


def test_every_trigger_is_there_and_is_tried(bare: psycopg.Connection) -> None:
    there = texts(bare, TRIGGERS)
    assert sorted(there) == sorted(TRIED)
    assert all(TRIED.values())


def test_each_trigger_refuses_or_does_what_it_is_there_for(bare: psycopg.Connection) -> None:
    fill(bare)
    assert [
        fault for trigger, tries in TRIED.items() for tried in tries for fault in faults(bare, trigger, tried)
    ] == []
