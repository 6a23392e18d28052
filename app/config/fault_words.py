"""What pydantic found wrong with a setting, in the words of whoever writes settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_WORDS = {
    "int_parsing": "write a whole number",
    "int_parsing_size": "write a whole number of a sensible size",
    "int_from_float": "write a whole number",
    "greater_than": "write a number above {gt}",
    "greater_than_equal": "write a number of at least {ge}",
    "less_than_equal": "write a number of at most {le}",
    "string_pattern_mismatch": "write it in the shape of its default, which docs/configuration.md shows",
    "literal_error": "write {expected}",
}


def in_words(found: ErrorDetails) -> str:
    """Return what to write instead; never what was written, which may be a secret."""
    words = _WORDS.get(found["type"])
    return words.format(**found.get("ctx", {})) if words else found["msg"].removeprefix("Value error, ")
