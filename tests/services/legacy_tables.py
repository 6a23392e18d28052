"""The tables of the system before, empty, and its rows as its producers wrote them (eis.md 3)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import psycopg

TABLES = """
create table invoices (
  id bigserial primary key, invoice_number integer not null, initiator varchar not null, payment_reference varchar,
  transaction_amount numeric, status integer not null default 0, everypay_response jsonb, directo_data jsonb,
  in_directo boolean default false, transaction_time timestamp, description varchar, sent_at_omniva timestamp,
  affiliation integer default 0, linkpay_info jsonb default '{}',
  created_at timestamp not null default '2024-01-01', updated_at timestamp not null default '2024-01-02');
create table "references" (
  id bigserial primary key, reference_number varchar not null, initiator varchar not null, owner varchar,
  email varchar);
create table setting_entries (
  id bigserial primary key, code varchar not null, value varchar, "group" varchar not null default 'x', format varchar);
create table users (id bigserial primary key, email varchar, identity_code varchar);
create table white_codes (id bigserial primary key, code varchar not null);
"""
UNPAID, PAID, CANCELLED, FAILED, REFUNDED, OVERDUE = range(6)


@dataclass
class Legacy:
    """An old database at this address."""

    url: str
    connection: psycopg.Connection[Any] = field(init=False)

    def __post_init__(self) -> None:
        """Make the tables."""
        address = self.url.replace("postgresql+psycopg://", "postgresql://")
        self.connection = psycopg.connect(address, autocommit=True)
        self.connection.execute(TABLES)

    def close(self) -> None:
        """Let the database be dropped."""
        self.connection.close()

    def add(self, table: str, **values: Any) -> None:
        """Write a row."""
        names = ", ".join(values)
        places = ", ".join(["%s"] * len(values))
        written = [json.dumps(each) if isinstance(each, dict) else each for each in values.values()]
        self.connection.execute(f'insert into "{table}" ({names}) values ({places})', written)

    def invoice(self, number: int, status: int = UNPAID, amount: str = "120.0", **more: Any) -> None:
        """Write an invoice; one that EveryPay paid carries `reference`."""
        reference = more.pop("reference", None)
        if reference:
            more |= {"payment_reference": reference, "everypay_response": answer(number, amount, reference)}
            more["transaction_time"] = "2024-02-03 10:00:00"
        row = {"initiator": "registry", "description": "reload balance"} | more
        self.add("invoices", invoice_number=number, status=status, transaction_amount=amount, **row)


def answer(number: int, amount: str, reference: str, state: str = "settled") -> dict[str, Any]:
    """Return what the gateway had said."""
    return {
        "account_name": "EUR3D1",
        "order_reference": str(number),
        "initial_amount": float(amount),
        "standing_amount": float(amount),
        "payment_reference": reference,
        "payment_state": state,
        "payment_method": "card",
        "transaction_time": "2024-02-03T10:00:00Z",
    }
