"""Imports that are refused: nothing is taken, and the import itself says why, as its caller was told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from app.services import import_statements as sql
from app.services import imports
from tests.api.client import IMPORT_INVOICES, IMPORT_REFERENCES, error_of
from tests.api.test_import_data import assert_sound, bring, row

if TYPE_CHECKING:
    from tests.api.client import Api

ROWS = [row(300_000), row(300_001), row(300_002)]


def last(api: Api) -> Any:
    """Return the import that came last, with how far it was."""
    return api.system.rows(
        "select b.*, p.rows_read from import_batch b join import_progress p on p.batch_id = b.id "
        "order by b.id desc limit 1"
    )[0]


def assert_refused(api: Api, why: str) -> None:
    found = last(api)
    assert (found.fault, found.why, found.counts) == ("refused", why, {})
    assert found.finished_at is not None
    assert api.count("invoice") == 0
    assert_sound(api)


def test_a_body_that_breaks_off(own_api: Api) -> None:
    response = own_api.raw(IMPORT_INVOICES, json.dumps(ROWS).encode()[:-20])
    assert response.status_code == 400
    assert_refused(own_api, error_of(response)["message"])
    assert last(own_api).rows_read == 2


@pytest.mark.parametrize("path", [IMPORT_INVOICES, IMPORT_REFERENCES])
def test_a_body_that_is_no_array(own_api: Api, path: str) -> None:
    response = bring(own_api, {"rows": []}, path=path)
    assert response.status_code == 400
    assert_refused(own_api, error_of(response)["message"])


def test_too_many_rows(own_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_ROWS", 2)
    assert bring(own_api, ROWS).status_code == 422
    assert_refused(own_api, "body must have at most 2 entries")


def test_a_number_that_was_given_meanwhile(own_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "USED", text("select true"))
    response = bring(own_api, ROWS)
    assert response.status_code == 409
    assert_refused(own_api, error_of(response)["message"])


def test_what_is_refused_under_its_key_may_come_again_under_it(own_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_ROWS", 2)
    assert own_api.send(IMPORT_INVOICES, ROWS, Idempotency_Key="import-1").status_code == 422
    assert_refused(own_api, "body must have at most 2 entries")
    monkeypatch.undo()
    for _ in range(2):
        assert own_api.send(IMPORT_INVOICES, ROWS, Idempotency_Key="import-1").json["added"] == 3  # type: ignore[index]
    assert own_api.count("import_batch") == 2
    assert last(own_api).fault is None


def test_who_may_not_bring_anything_begins_no_import(own_api: Api) -> None:
    response = own_api.system.app.test_client().post(f"/api/v1{IMPORT_INVOICES}", json=ROWS)
    assert response.status_code == 401
    assert own_api.raw(IMPORT_INVOICES, b"a=1", "application/x-www-form-urlencoded").status_code == 415
    assert own_api.count("import_batch") == 0
