"""The migrations go up, down and up again, and end in the tables the models declare."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import event, text

from app.config import load_settings
from app.extensions import db, metadata
from app.factory import create_app
from tests.system import environment

BY_HAND = {
    "invoice_edge",
    "payment_edge",
    "refund_edge",
    "dispute_edge",
    "alembic_version",
    "ix_invoice_search_words",
    "ix_reference_words",
    "ix_deposit_words",
}


def test_up_down_and_up_again(empty_database: str, redis_url: str, recwarn: pytest.WarningsRecorder) -> None:
    app = create_app(load_settings(environment(empty_database, redis_url)))
    with app.app_context():
        upgrade(directory="migrations")
        first = _tables()
        downgrade(directory="migrations", revision="base")
        assert _tables() == {"alembic_version"}
        upgrade(directory="migrations")
        assert _tables() == first
        db.session.remove()
        db.engine.dispose()


@pytest.mark.slow
def test_pages_find_words_while_their_index_is_made_anew(empty_database: str, redis_url: str) -> None:
    app = create_app(load_settings(environment(empty_database, redis_url)))
    looked: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lower().startswith("create index") and "invoice_search" in statement:
            with db.engine.connect() as reader:
                reader.execute(text("set lock_timeout = '200ms'"))
                reader.execute(text("select count(*) from invoice_search"))
            looked.append(statement)

    with app.app_context():
        upgrade(directory="migrations", revision="0039")
        event.listen(db.engine, "after_cursor_execute", look)
        upgrade(directory="migrations", revision="0040")
        downgrade(directory="migrations", revision="0039")
        event.remove(db.engine, "after_cursor_execute", look)
        assert len(looked) == 2
        db.session.remove()
        db.engine.dispose()


@pytest.mark.slow
def test_invoices_from_before_are_found_by_the_words_of_their_lines(empty_database: str, redis_url: str) -> None:
    app = create_app(load_settings(environment(empty_database, redis_url)))
    with app.app_context():
        upgrade(directory="migrations", revision="0042")
        for statement in (
            (
                "insert into invoice (public_token, number, initiator_id, status, subtotal_minor, total_minor)"
                " values ('t', 150005, (select min(id) from initiator), 'unpaid', 100, 100)"
            ),
            (
                "insert into invoice_line (invoice_id, position, description, unit_price_minor, net_minor)"
                " select id, 1, 'Sademetemõõtja', 100, 100 from invoice"
            ),
            (
                "insert into invoice_search (invoice_id, created_at, search_text)"
                " select id, created_at, ' 150005' from invoice"
            ),
        ):
            db.session.execute(text(statement))
        db.session.commit()
        upgrade(directory="migrations")
        found = db.session.execute(text("select search_text from invoice_search")).scalar_one()
        assert found == " 150005 sademetemootja"
        db.session.remove()
        db.engine.dispose()


@pytest.mark.slow
def test_an_import_that_took_nothing_is_over_for_the_program_before(empty_database: str, redis_url: str) -> None:
    app = create_app(load_settings(environment(empty_database, redis_url)))
    with app.app_context():
        upgrade(directory="migrations")
        for values in ("null, null", "'interrupted', now()", "'refused', now()"):
            columns = "insert into import_batch (source, kind, actor, fault, finished_at) values"
            db.session.execute(text(f"{columns} ('api', 'invoices', 'initiator:registry', {values})"))
        db.session.execute(text("insert into import_progress (batch_id) select id from import_batch"))
        db.session.commit()
        db.session.remove()
        downgrade(directory="migrations", revision="0028")
        ended = db.session.execute(text("select counts, finished_at is not null from import_batch")).all()
        assert [tuple(row) for row in ended] == [({"added": 0, "skipped": {}}, True)] * 3
        db.session.remove()
        upgrade(directory="migrations")
        db.engine.dispose()


def test_the_tables_are_those_of_the_models(fresh_database: str, redis_url: str) -> None:
    app = create_app(load_settings(environment(fresh_database, redis_url)))
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each for each in compare_metadata(context, metadata) if not any(name in str(each) for name in BY_HAND)
        ]
        assert differences == []
        triggers = connection.execute(
            text("select count(*) from pg_trigger where tgrelid = 'invoice_search'::regclass and not tgisinternal")
        ).scalar()
        assert triggers == 1, "the search trigger that the model declares"
    with app.app_context():
        db.engine.dispose()


def test_words_are_found_without_their_accents(fresh_database: str, redis_url: str) -> None:
    app = create_app(load_settings(environment(fresh_database, redis_url)))
    with app.app_context(), db.engine.connect() as connection:
        found = connection.execute(
            text(
                "select to_tsvector('public.billing', 'Põhjatäht OÜ') "
                "@@ parse_websearch('public.billing'::text, 'pohjataht')"
            )
        ).scalar()
        assert found is True
    with app.app_context():
        db.engine.dispose()


def _tables() -> set[str]:
    rows = db.session.execute(text("select tablename from pg_tables where schemaname = 'public'")).scalars()
    found = set(rows)
    db.session.remove()
    return found
