"""Finding invoices by any scrap: number, reference, name, address, amount, a gateway's word (performance.md B).

What is typed is taken apart into words as the index was; each must begin a word of the invoice. Numbers are kept with
all their ends, so that any part of one is the beginning of a word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, ColumnElement, Text, func, literal, literal_column, or_, select
from sqlalchemy import cast as sql_cast

from app.models.invoice import Invoice
from app.models.invoice_search import QUARTER, InvoiceSearch
from app.models.payment import GatewayReference, Payment
from app.queries.keyset import session

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_WORDS = 8
# Two digits behind the point, as amounts are written; thousands may be apart.
AMOUNT = re.compile(r"[0-9]{1,3}(?:[ \u00a0]?[0-9]{3}){0,3}[.,][0-9]{2}", re.ASCII)
GATEWAY = re.compile(r"[0-9a-f]{12,64}", re.ASCII)


def asked_for(text: str) -> ColumnElement[bool]:
    """Return whether an invoice is meant by what was typed: the shape says where to look (performance.md B)."""
    ways = [way for way in (_by_number(text), _by_amount(text), _by_gateway(text)) if way is not None]
    words = words_of(text)
    if words:
        ways.append(Invoice.id.in_(select(InvoiceSearch.invoice_id).where(begin_with(words))))
    return or_(*ways) if ways else literal(value=False)


def is_only_words(text: str) -> bool:
    """Return whether nothing but the words can say which invoices are meant."""
    return not any(way is not None for way in (_by_number(text), _by_amount(text), _by_gateway(text)))


def words_of(text: str) -> list[str]:
    """Return the words as the index keeps them: small, without accents, letters and digits only."""
    said: str = session().scalar(select(func.search_words(text))) or ""
    return said.split()[:MOST_WORDS]


def begin_with(words: Sequence[str]) -> ColumnElement[bool]:
    """Return whether each word begins a word of the invoice, asked of the index of whole words."""
    query = " & ".join(f"{word}:*" for word in words)
    return InvoiceSearch.document_vector.bool_op("@@")(func.to_tsquery(literal_column("'simple'"), query))


def of_quarter(quarter: int, words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the same asked of the index of letters, in one quarter: the longest word by index, the others by look."""
    longest = max(words, key=len)
    others = [InvoiceSearch.search_text.concat("").like(f"% {word}%") for word in words if word is not longest]
    within = literal_column(QUARTER.replace("created_at", "invoice_search.created_at")) == literal(
        quarter, BigInteger, literal_execute=True
    )
    return [within, InvoiceSearch.search_text.like(f"% {longest}%"), *others]


def _by_number(text: str) -> ColumnElement[bool] | None:
    if not (text.isascii() and text.isdigit()):
        return None
    # Digits only, written into the statement: a prepared one with a parameter could not use the prefix index.
    prefix = literal(f"{text}%", Text, literal_execute=True)
    return or_(sql_cast(Invoice.number, Text).like(prefix), Invoice.reference_number == text)


def _by_amount(text: str) -> ColumnElement[bool] | None:
    if not AMOUNT.fullmatch(text):
        return None
    return Invoice.total_minor == int(re.sub(r"[^0-9]", "", text))


def _by_gateway(text: str) -> ColumnElement[bool] | None:
    if not GATEWAY.fullmatch(text):
        return None
    paid = (
        select(Payment.invoice_id)
        .join(GatewayReference, GatewayReference.payment_id == Payment.id)
        .where(GatewayReference.external_id.startswith(text))
    )
    return Invoice.id.in_(paid)
