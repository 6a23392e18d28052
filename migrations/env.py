"""How Alembic reaches the database: the application's engine, short locks, one transaction per migration run."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import text

import app.models  # noqa: F401 - the tables must be known before they are compared
from app.extensions import metadata

BY_HAND = {
    ("table", "invoice_edge"),
    ("table", "payment_edge"),
    ("table", "refund_edge"),
    ("table", "dispute_edge"),
    ("index", "ix_invoice_search_words"),
}


def include_object(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:  # noqa: FBT001
    """Leave out what cannot be compared: hand-made tables of edges, and an index whose expression is respelled."""
    return (kind, name) not in BY_HAND


def run_migrations() -> None:
    """Run the migrations on the application's engine; a lock that does not come in two seconds is given up."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        connection.execute(text("set lock_timeout = '2s'"))
        connection.execute(text("set statement_timeout = '60s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=include_object,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
