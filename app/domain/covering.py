"""People and secrets in raw text, covered before it is kept, shown or passed on (security.md T81)."""

from __future__ import annotations

import re

COVER = "•••"

# Anybody may send the gateway's callback any text: each pattern begins where a word does, else it costs minutes (T75).
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PERSONAL_CODE = re.compile(
    r"(?<![0-9A-Za-z])(?:[A-Z]{2})?[1-8]\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4}(?![0-9A-Za-z])"
)
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+")
# In an address or a form, and in a message that is quoted inside a sentence.
SECRETS = "hmac|token|signature|nonce|password|secret|api_secret|api_key"
SIGNED = re.compile(rf"(?i)\b({SECRETS})=[^&\s\"]+")
QUOTED = re.compile(rf'(?i)"({SECRETS})" ?: ?"[^"]*"?')


def cover_text(text: str) -> str:
    """Return text with addresses, personal codes, accounts and signatures covered."""
    for pattern, instead in (
        (BEARER, rf"\1 {COVER}"),
        (QUOTED, rf'"\1": "{COVER}"'),
        (SIGNED, rf"\1={COVER}"),
        (EMAIL, COVER),
        (IBAN, COVER),
        (PERSONAL_CODE, COVER),
    ):
        text = pattern.sub(instead, text)
    return text
