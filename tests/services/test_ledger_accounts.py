"""Accounts of the books are opened once, and remembered when everybody can see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.extensions import db
from app.services import ledger
from app.uow import process_memory, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System


@pytest.fixture
def _context(shared_system: System) -> Iterator[None]:
    with shared_system.app.app_context():
        yield
        db.session.remove()


@pytest.mark.usefixtures("_context")
def test_an_account_is_remembered_when_it_is_committed_and_not_before() -> None:
    with transaction():
        opened = ledger.account_ids(["outside:soon"], 1)["outside:soon"]
        assert (1, "outside:soon") not in process_memory(ledger.ACCOUNTS), "another thread would point at nothing"
        assert ledger.account_ids(["outside:soon"], 1) == {"outside:soon": opened}
    assert process_memory(ledger.ACCOUNTS)[1, "outside:soon"] == opened
    assert ledger.account_ids(["outside:soon"], 1) == {"outside:soon": opened}


@pytest.mark.usefixtures("_context")
def test_an_account_that_was_rolled_back_is_opened_anew() -> None:
    class Undone(Exception):
        pass

    def open_and_undo() -> None:
        with transaction():
            ledger.account_ids(["outside:never"], 1)
            raise Undone

    with pytest.raises(Undone):
        open_and_undo()
    assert (1, "outside:never") not in process_memory(ledger.ACCOUNTS)
    again = ledger.account_ids(["outside:never"], 1)["outside:never"]
    with transaction() as tx:
        assert (
            tx.connection().exec_driver_sql("select code from ledger_account where id = %s", (again,)).scalar()
            == "outside:never"
        )
