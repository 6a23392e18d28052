"""The narrow side table for searching by words, filled in batches (decisions.md 23)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy_utils import TSVectorType

from app.models.base import Base, Tenanted, same_tenant


class InvoiceSearch(Tenanted, Base):
    """What an operator may type to find an invoice; its GIN index costs more than creating an invoice."""

    __tablename__ = "invoice_search"
    __table_args__ = (
        same_tenant("invoice_id", "invoice"),
        Index("ix_invoice_search_newest", text("created_at desc"), text("invoice_id desc")),
    )

    invoice_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    search_text: Mapped[str]
    created_at: Mapped[datetime]
    document_vector: Mapped[Any] = mapped_column(TSVectorType("search_text", regconfig="public.billing"))


MONTH = "(extract(year from created_at at time zone 'UTC') * 12 + extract(month from created_at at time zone 'UTC'))"
# One index serves both searches: month by month from the newest, and the whole table by words alone.
Index(
    "ix_invoice_search_words",
    literal_column(MONTH),
    InvoiceSearch.document_vector,
    postgresql_using="gin",
)
# Letters inside words, asked where no word begins with them.
Index(
    "ix_invoice_search_letters",
    InvoiceSearch.search_text,
    postgresql_using="gin",
    postgresql_ops={"search_text": "gin_trgm_ops"},
)
