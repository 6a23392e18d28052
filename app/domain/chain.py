"""The hash chain: each sealed row depends on all before it (reliability.md 3.12)."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

GENESIS = bytes(32)
_EXACT = json.JSONDecoder(parse_float=Decimal)
_COMPACT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_bytes(row: dict[str, Any]) -> bytes:
    """Return the one spelling of a row: keys in order, no blanks, UTF-8, fractions with the digits they came with.

    Raises TypeError or ValueError for what JSON cannot say.
    """
    try:
        return _COMPACT.encode(row).encode()
    except TypeError:  # the encoder in C knows no Decimal
        return _spell(row).encode()


def parse_row(text: str) -> dict[str, Any]:
    """Return a row from its JSON, fractions with the digits they came with. Raises ValueError for anything else."""
    row = _EXACT.decode(text)
    if not isinstance(row, dict):
        raise ValueError("A row is an object")  # noqa: TRY004 - the document is wrong, not the caller
    return row


def link_hash(previous: bytes, row: dict[str, Any]) -> bytes:
    """Return SHA-256(previous hash, canonical row). Raises ValueError unless `previous` is a hash of 32 bytes."""
    if len(previous) != len(GENESIS):
        raise ValueError("A link hangs on a hash of 32 bytes")
    return hashlib.sha256(previous + canonical_bytes(row)).digest()


def _spell(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_COMPACT.encode(str(key))}:{_spell(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_spell, value)) + "]"
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    return _COMPACT.encode(value)
