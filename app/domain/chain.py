"""The hash chain: each sealed row depends on all before it (reliability.md 3.12)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

GENESIS = bytes(32)


def canonical_bytes(row: dict[str, Any]) -> bytes:
    """Return the one spelling of a row: sorted keys, no blanks, UTF-8, numbers and texts only."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def link_hash(previous: bytes, row: dict[str, Any]) -> bytes:
    """Return SHA-256(previous hash, canonical row)."""
    return hashlib.sha256(previous + canonical_bytes(row)).digest()
