"""Invoices by what names one or a few exactly: number, reference, e-mail address, a gateway's reference."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Select, Text, func, literal, select
from sqlalchemy import cast as sql_cast

from app.models.invoice import Invoice
from app.models.payment import GatewayReference, Payment

GATEWAY = re.compile(r"[0-9a-f]{12,64}", re.ASCII)
HIGHEST = 2**63 - 1


def at_once(text: str) -> list[Select[Any]]:
    """Return the questions for ids that need no index of words: what was made a second ago is found, too."""
    said = text.lower()
    ways: list[Select[Any]] = []
    if text.isascii() and text.isdigit():
        ways.append(select(Invoice.id).where(Invoice.reference_number == text))
        if int(text) <= HIGHEST:
            ways.append(select(Invoice.id).where(sql_cast(Invoice.number, Text) == str(int(text))))
    if "@" in said:
        ways.append(select(Invoice.id).where(func.lower(Invoice.customer_email) == said))
    if GATEWAY.fullmatch(said):
        # Hexadecimal letters only, written into the statement: one with a parameter could not use the prefix index.
        prefix = literal(f"{said}%", Text, literal_execute=True)
        paid = select(Payment.invoice_id).join(GatewayReference, GatewayReference.payment_id == Payment.id)
        ways.append(paid.where(GatewayReference.external_id.like(prefix), Payment.invoice_id.is_not(None)))
    return ways
