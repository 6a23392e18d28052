"""The usual stack, to be measured beside: bare Flask and SQLAlchemy, an invoice and an outbox row in a transaction."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any

from flask import Flask, jsonify, request
from sqlalchemy import BigInteger, Identity, Numeric, Text, create_engine, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """The tables of the usual stack."""


class PlainInvoice(Base):
    """An invoice as one row."""

    __tablename__ = "plain_invoice"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, unique=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    initiator: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)


class PlainOutbox(Base):
    """Work as one row."""

    __tablename__ = "plain_outbox"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)


url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1)
engine = create_engine(url, pool_size=10)
application = Flask(__name__)


@application.post("/invoices")
def create() -> Any:
    """Insert an invoice and its work."""
    body = request.get_json()
    with Session(engine) as session, session.begin():
        session.add(
            PlainInvoice(
                number=int(body["invoice_number"]),
                amount=Decimal(body["transaction_amount"]),
                initiator=body["custom_field2"],
                description=body["custom_field1"],
            )
        )
        session.add(PlainOutbox(kind="invoice", payload={"number": body["invoice_number"]}))
    return jsonify(message="created"), 201


@application.get("/callback")
def callback() -> Any:
    """Keep a callback and owe a look."""
    with Session(engine) as session, session.begin():
        session.add(PlainOutbox(kind="inbox", payload=dict(request.args)))
        session.add(PlainOutbox(kind="refresh", payload={"reference": request.args["payment_reference"]}))
    return jsonify(message=None)


def make_tables() -> None:
    """Make the tables."""
    Base.metadata.create_all(engine)


def count(table: str) -> int:
    """Return how many rows a table has."""
    with engine.connect() as connection:
        return int(connection.execute(text(f"select count(*) from {table}")).scalar() or 0)
