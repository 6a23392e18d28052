"""Where a page ended in a list that may be sorted by words: the last row's value and id, as an address carries them."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

LONGEST = 2000


@dataclass(frozen=True, slots=True)
class TextCursor:
    """The value the list is sorted by, as text, and the id that breaks ties."""

    value: str
    id: int

    def __str__(self) -> str:
        """Return the cursor as it stands in an address."""
        said = json.dumps([self.value, self.id], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> TextCursor | None:
        """Return the cursor, or None for anything we never wrote: the list then starts at the top."""
        if len(text) > LONGEST:
            return None
        try:
            value, key = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        except (binascii.Error, ValueError, TypeError):
            return None
        known = is_text(value) and isinstance(key, int) and 0 <= key < 2**63
        return cls(value, key) if known else None


def is_text(value: object) -> bool:
    """Return whether this is text the database can compare: without zeros and halves of surrogate pairs."""
    return isinstance(value, str) and "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
