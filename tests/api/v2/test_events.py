"""Public events: written with the state they tell, frozen, and read by a cursor that never passes one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.announcement import PUBLIC, TYPES
from app.domain.why_not_paid import FOUND
from app.extensions import db
from app.services.announcement_order import continue_after_history
from app.uow import transaction
from tests.api.client import problem_of

if TYPE_CHECKING:
    from tests.api.client import Api


def events(api: Api, query: str = "", *, code: str = "registry") -> list[dict[str, Any]]:
    api.system.catch_up()
    return list(api.v2(f"/events?limit=100{query}", code=code).json["data"])  # type: ignore[index]


def test_a_payments_whole_life_is_told_in_order(own_api: Api) -> None:
    number, reference = own_api.system.settle()
    own_api.system.pay(reference, "refunded")
    own_api.system.callback(reference, "refunded")
    own_api.system.drain()
    told = events(own_api)
    types = [each["type"] for each in told]
    assert types[:2] == ["invoice.issued", "payment.created"]
    assert sorted(types[2:4]) == ["invoice.paid", "payment.completed"]
    assert types[4] == "payment.refunded"
    assert {each["data"]["invoice"]["number"] for each in told} == {number}
    assert {each["initiator"] for each in told} == {"registry"}
    assert all(each["id"].startswith("evt_") and each["schema"] == 1 for each in told)


def test_an_event_holds_what_its_transaction_left_and_never_changes(own_api: Api) -> None:
    own_api.system.settle()
    told = {each["type"]: each for each in events(own_api)}
    assert told["invoice.issued"]["data"]["invoice"]["status"] == "unpaid"
    assert told["invoice.paid"]["data"]["invoice"]["status"] == "paid"
    paid = told["invoice.paid"]["data"]
    assert (paid["invoice"]["amount"], paid["invoice"]["paid"], paid["payment"]["received"]) == ("120.00",) * 3
    issued = told["invoice.issued"]
    assert own_api.v2(f"/events/{issued['id']}").json == issued
    for statement in ("update announcement set type = 'x'", "delete from announcement", "truncate announcement"):
        with pytest.raises(DBAPIError):
            own_api.system.sql(statement)


def test_a_cursor_goes_on_where_it_was_also_when_nothing_is_there_yet(own_api: Api) -> None:
    own_api.system.settle()
    own_api.system.catch_up()
    first: dict[str, Any] = dict(own_api.v2("/events?limit=3").json or {})
    assert first["has_more"] is True
    rest: dict[str, Any] = dict(own_api.v2(f"/events?cursor={first['next_cursor']}").json or {})
    assert rest["has_more"] is False
    nothing: dict[str, Any] = dict(own_api.v2(f"/events?cursor={rest['next_cursor']}").json or {})
    assert (nothing["data"], nothing["has_more"]) == ([], False)
    own_api.v2("/invoices", {"amount": "1.00"})
    own_api.system.catch_up()
    new = own_api.v2(f"/events?cursor={nothing['next_cursor']}").json["data"]  # type: ignore[index]
    assert [each["type"] for each in new] == ["invoice.issued"]
    assert first["data"] + rest["data"] + new == events(own_api)


def test_an_event_committed_late_is_not_passed_by_a_cursor(own_api: Api) -> None:
    """A transaction that began early and ends late writes its event behind others: nobody may have gone past it."""
    slow = own_api.system.number()
    with own_api.system.app.app_context():
        url = db.engine.url.render_as_string(hide_password=False).replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url) as connection:
        owner = connection.execute("select id from initiator where code = 'registry'").fetchone()
        assert owner is not None
        connection.execute(
            "insert into invoice (public_token, number, initiator_id, status, currency, subtotal_minor, total_minor,"
            " issued_at) values ('late', %s, %s, 'unpaid', 'EUR', 0, 0, now())",
            [slow, owner[0]],
        )
        connection.execute("insert into event (kind, invoice_id) select 'invoice.issued', max(id) from invoice")
        connection.execute("set constraints all immediate")
        quick = own_api.v2("/invoices", {"amount": "1.00"}).json["number"]  # type: ignore[index]
        page: dict[str, Any] = dict(own_api.v2("/events").json or {})
        assert page["data"] == [], "nothing is shown that something older could still come before"
        connection.commit()
    told = events(own_api, f"&cursor={page['next_cursor']}" if page["next_cursor"] else "")
    assert {each["data"]["invoice"]["number"] for each in told} == {slow, quick}


@pytest.mark.slow
def test_a_reader_among_many_writers_misses_nothing_and_gets_nothing_twice(own_api: Api) -> None:
    writers, each_writes = 6, 12

    def write(nth: int) -> None:
        for step in range(each_writes):
            code = "registry" if (nth + step) % 2 else "business_registry"
            response = own_api.v2("/invoices", {"amount": "1.00", "initiator": code})
            assert response.status_code == 201, response.text

    read: list[str] = []
    query = ""
    with ThreadPoolExecutor(writers) as pool:
        writing = [pool.submit(write, nth) for nth in range(writers)]
        while True:
            is_over = all(each.done() for each in writing)
            if is_over:
                own_api.system.catch_up()
            page: dict[str, Any] = dict(own_api.v2(f"/events?limit=7{query}").json or {})
            read += [each["id"] for each in page["data"]]
            query = f"&cursor={page['next_cursor']}" if page["next_cursor"] else ""
            if is_over and not page["has_more"] and not page["data"]:
                break
    for done in writing:
        done.result()
    assert len(read) == len(set(read)) == writers * each_writes
    assert set(read) == {row[0] for row in own_api.system.rows("select token from announcement")}


def test_events_are_chosen_by_type_and_time(own_api: Api) -> None:
    own_api.system.settle()
    assert [each["type"] for each in events(own_api, "&type=invoice.paid")] == ["invoice.paid"]
    assert len(events(own_api, "&type=invoice.paid,invoice.issued")) == 2
    assert events(own_api, "&created_to=2020-01-01T00:00:00Z") == []
    assert events(own_api, "&created_from=2020-01-01T00:00:00Z") == events(own_api)


def test_nobody_hears_of_others(own_api: Api) -> None:
    own_api.system.settle("auction")
    assert events(own_api) == []
    theirs = events(own_api, code="auction")
    assert theirs
    problem_of(own_api.v2(f"/events/{theirs[0]['id']}"), 404)


def test_what_is_rolled_back_is_not_told(own_api: Api) -> None:
    own_api.system.sql(
        "insert into invoice (public_token, number, initiator_id, status, currency, subtotal_minor, total_minor)"
        " select 'undone', 7, id, 'draft', 'EUR', 0, 0 from initiator where code = 'registry'"
    )
    with own_api.system.app.app_context():
        db.session.execute(text("insert into event (kind, invoice_id) select 'invoice.issued', id from invoice"))
        db.session.execute(text("set constraints all immediate"))
        assert db.session.execute(text("select count(*) from announcement")).scalar() == 1
        db.session.rollback()
    own_api.v2("/invoices?dry_run=true", {"amount": "1.00"})
    assert own_api.count("announcement") == 0


def test_history_that_is_brought_in_is_no_news(own_api: Api) -> None:
    number = own_api.system.invoice()
    with own_api.system.app.app_context(), transaction() as tx:
        tx.execute(text("set local billing.silent = 'on'"))
        tx.execute(
            text("insert into event (kind, invoice_id) select 'invoice.overdue', id from invoice where number = :n"),
            {"n": number},
        )
    assert [each["type"] for each in events(own_api)] == ["invoice.issued"]


def test_events_restored_from_another_cluster_stay_before_the_new_ones(own_api: Api) -> None:
    own_api.v2("/invoices", {"amount": "1.00"})
    own_api.system.sql(
        "insert into announcement (initiator_id, type, payload, xact)"
        " select initiator_id, 'invoice.overdue', payload || '{\"type\": \"invoice.overdue\"}', 10^12 from announcement"
    )
    with own_api.system.app.app_context():
        assert continue_after_history() is True
        assert continue_after_history() is False
    own_api.system.catch_up()
    page: dict[str, Any] = dict(own_api.v2("/events").json or {})
    assert [each["type"] for each in page["data"]] == ["invoice.issued", "invoice.overdue"]
    own_api.v2("/invoices", {"amount": "2.00"})
    new = events(own_api, f"&cursor={page['next_cursor']}")
    assert [each["data"]["invoice"]["amount"] for each in new] == ["2.00"]
    assert own_api.v2("/invoices?dry_run=true", {"amount": "3.00"}).json["rehearsal"]["events"]  # type: ignore[index]


def test_the_database_and_the_rules_know_the_same_types(api: Api) -> None:
    known = {kind: api.system.scalar("select announced_type(:kind)", kind=kind) for kind in TYPES}
    assert known == TYPES
    assert api.system.scalar("select announced_type('search.indexed')") is None
    assert set(PUBLIC) == set(TYPES.values())
    source = api.system.scalar("select prosrc from pg_proc where proname = 'announced_type'")
    assert source.count("when '") == len(TYPES)


def test_the_guide_names_every_type_and_every_cause() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    assert [word for word in (*PUBLIC, *FOUND) if f"`{word}`" not in guide] == []
