"""Make words searchable: extensions' configuration, the parser of sqlalchemy-searchable, the trigger.

Revision: 0003
Before: 0002
"""

from __future__ import annotations

from alembic import op
from sqlalchemy_searchable import SearchOptions, drop_trigger, sql_expressions, sync_trigger

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql("create text search configuration public.billing (copy = simple)")
    connection.exec_driver_sql(
        "alter text search configuration public.billing alter mapping for hword, hword_part, word with unaccent, simple"
    )
    connection.execute(sql_expressions)
    # psycopg 3 casts the bound configuration name to text, and text does not become regconfig by itself.
    connection.exec_driver_sql(
        "create function parse_websearch(config text, search_query text) returns tsquery language sql stable as "
        "$$select parse_websearch(config::regconfig, search_query)$$"
    )
    sync_trigger(
        connection,
        "invoice_search",
        "document_vector",
        ["search_text"],
        options=SearchOptions(regconfig="public.billing"),
        update_rows=False,
    )


def downgrade() -> None:
    connection = op.get_bind()
    drop_trigger(connection, "invoice_search", "document_vector", options=SearchOptions(regconfig="public.billing"))
    connection.exec_driver_sql("drop function parse_websearch(text, text)")
    connection.exec_driver_sql("drop function parse_websearch(regconfig, text)")
    connection.exec_driver_sql("drop function parse_websearch(text)")
    connection.exec_driver_sql("drop text search configuration public.billing")
