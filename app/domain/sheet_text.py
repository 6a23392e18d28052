"""What may stand in a cell that a spreadsheet opens: text that stays text (security.md T62)."""

from __future__ import annotations

# What makes a spreadsheet read a text as a formula or a command, the full-width forms some of them fold included.
DANGEROUS = frozenset("=+-@\t\r\n\0＝＋－＠")  # noqa: RUF001 - the look-alikes are the point


def is_dangerous(text: str) -> bool:
    """Return whether a spreadsheet might calculate this text instead of showing it, leading blanks or not."""
    return text[:1] in DANGEROUS or text.lstrip()[:1] in DANGEROUS if text else False
