"""Cursors nobody can read or make but us: a page's end names rows by their keys, which are not for outside."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app

from app.domain.errors import Invalid
from app.queries.paging import EPOCH, Cursor

if TYPE_CHECKING:
    from app.config import Settings

LONGEST = 300
OTHER = "is not of this list with these filters, or not yours: start again without a cursor"


def seal(of: str, *numbers: int) -> str:
    """Return the cursor of a list called `of`."""
    said = ":".join([of, *map(str, numbers)])
    return _lock().encrypt(said.encode()).decode().rstrip("=")


def unseal(of: str, text: str) -> list[int]:
    """Return the numbers. Raises Invalid for anything we did not write for this list."""
    padded = text + "=" * (-len(text) % 4)
    try:
        kind, *numbers = _lock().decrypt(padded[:LONGEST].encode()).decode().split(":")
    except (InvalidToken, ValueError):
        kind, numbers = "", []
    if kind != of:
        raise Invalid.field("cursor", OTHER)
    return [int(each) for each in numbers]


def seal_newest(of: str, cursor: Cursor | None) -> str | None:
    """Return the cursor of a newest-first list, or None at its end."""
    if cursor is None:
        return None
    return seal(of, (cursor.created_at - EPOCH) // timedelta(microseconds=1), cursor.id)


def unseal_newest(of: str, text: str | None) -> Cursor | None:
    """Return where a newest-first list goes on; None starts at the top. Raises Invalid."""
    if text is None:
        return None
    moment_us, key = unseal(of, text)
    return Cursor(EPOCH + timedelta(microseconds=moment_us), key)


def _lock() -> Fernet:
    settings: Settings = current_app.extensions["settings"]
    material = hashlib.sha256(b"cursors:" + settings.secret_key.get_secret_value().encode()).digest()
    return Fernet(base64.urlsafe_b64encode(material))
