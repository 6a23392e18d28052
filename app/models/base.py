"""The base of all tables: bigint identity keys, a tenant on every business row, UTC instants."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, DateTime, ForeignKey, ForeignKeyConstraint, Identity, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.extensions import metadata as shared_metadata

Json = dict[str, Any]

Key = Annotated[int, mapped_column(BigInteger, Identity(always=False), primary_key=True)]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))]
Minor = Annotated[int, mapped_column(BigInteger)]
Zero = Annotated[int, mapped_column(BigInteger, server_default=text("0"))]
Currency = Annotated[str, mapped_column(String(3), server_default=text("'EUR'"))]
Words = Annotated[str, mapped_column(Text)]
Flag = Annotated[bool, mapped_column(server_default=text("false"))]
Document = Annotated[Json, mapped_column(JSONB)]

DEFAULT_TENANT = 1


class Base(DeclarativeBase):
    """Our own declarative base, so that types are known to the type checker."""

    metadata = shared_metadata
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: Text,
        datetime: DateTime(timezone=True),
        Json: JSONB,
        list[str]: ARRAY(Text),
    }


class Tenanted:
    """Every business row belongs to one tenant; the first migration makes tenant 1."""

    tenant_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tenant.id"), server_default=text(str(DEFAULT_TENANT)), nullable=False
    )


def same_tenant(column: str, table: str, *, name: str | None = None) -> ForeignKeyConstraint:
    """Return the composite foreign key that keeps `column` inside the row's own tenant (decisions.md 20)."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], name=name)


def one_of(column: str, words: list[str]) -> str:
    """Return the SQL of a check that `column` holds one of the words."""
    return f"{column} in ({', '.join(repr(str(word)) for word in words)})"
