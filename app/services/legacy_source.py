"""The tables of the system before, read from their own PostgreSQL in one snapshot, a thousand rows at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from app.domain import exact_json
from app.domain.errors import BillingError
from app.services.legacy_rows import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1_000
CONNECT_S = 10
# A moment no clock showed, such as infinity, is no moment here: it would stop the reading, and says nothing.
MOMENTS = ("transaction_time", "sent_at_omniva", "created_at", "updated_at")
SHOWN = "{0} between '1990-01-01' and '2100-01-01'"
# Ordered by number and age: the rows that share a number come together, the oldest first.
INVOICES = f"""
select id, invoice_number, initiator, payment_reference, transaction_amount, status, everypay_response, in_directo,
       description, affiliation,
       {", ".join(f"case when {SHOWN.format(each)} then {each} at time zone 'UTC' end as {each}" for each in MOMENTS)},
       {" and ".join(f"coalesce({SHOWN.format(each)}, true)" for each in MOMENTS)} as is_dated
  from invoices order by invoice_number, id
"""  # noqa: S608 - of our own words
REFERENCES = 'select id, reference_number, initiator, owner, email from "references" order by id'
FILLED = {
    "directo_data": "select count(*) as n from invoices where directo_data is not null",
    "linkpay_info": "select count(*) as n from invoices where coalesce(linkpay_info, '{}') not in ('{}', 'null')",
    "description": f"select count(*) as n from invoices where length(description) > {LONGEST_TEXT}",  # noqa: S608 - ours
}
MONTHLY = "select value from setting_entries where code = 'directo_monthly_number_last'"
TABLES = ("invoices", "references", "setting_entries", "users", "app_sessions", "white_codes")


class NoSuchSource(BillingError):
    """The old database cannot be read."""


class LegacySource:
    """An open snapshot of the old tables."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self._connection = connection

    def count(self, table: str) -> int | None:
        """Return how many rows an old table has, None when there is no such table."""
        found = self._connection.execute("select to_regclass(%s) as oid", [f'"{table}"']).fetchone()
        if found is None or found["oid"] is None:
            return None
        rows = self._connection.execute(f'select count(*) as n from "{table}"').fetchone()  # noqa: S608 - ours
        return int(rows["n"]) if rows else 0

    def filled(self, column: str) -> int:
        """Return in how many old invoices this column says what does not come along."""
        found = self._connection.execute(FILLED[column]).fetchone()
        return int(found["n"]) if found else 0

    def invoices(self) -> Iterator[dict[str, Any]]:
        """Return the old invoices by number, the oldest of one number first."""
        return self._rows(INVOICES)

    def references(self) -> Iterator[dict[str, Any]]:
        """Return the old reference numbers, the oldest first."""
        return self._rows(REFERENCES)

    def last_monthly_number(self) -> str | None:
        """Return the last monthly number that was given, as it is written there."""
        found = self._connection.execute(MONTHLY).fetchone()
        return found["value"] if found else None

    def _rows(self, question: str) -> Iterator[dict[str, Any]]:
        with self._connection.cursor("legacy") as cursor:
            cursor.itersize = CHUNK
            cursor.execute(question)
            yield from cursor


@contextmanager
def opened(url: str) -> Iterator[LegacySource]:
    """Open a read-only snapshot; what is written there meanwhile is not seen. Raises NoSuchSource."""
    address = url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        with psycopg.connect(address, connect_timeout=CONNECT_S, row_factory=dict_row) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            set_json_loads(exact_json.loads, connection)
            yield LegacySource(connection)
    except psycopg.Error as fault:
        raise NoSuchSource(f"The old database cannot be read: {str(fault).strip()}") from fault
