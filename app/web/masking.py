"""Personal data and secrets in raw exchanges, covered before anybody reads them (security.md T81)."""

from __future__ import annotations

import json
import re
from typing import Any

from app.domain import exact_json

COVER = "•••"

# Named anywhere in the message, whatever the letter case.
SECRET = {"authorization", "api_secret", "token", "access_token", "hmac", "signature", "nonce", "cookie", "secret"}
PERSONAL = {
    "customer_name",
    "customer_email",
    "customer_ip",
    "buyer_name",
    "buyer_email",
    "email",
    "name",
    "first_name",
    "last_name",
    "holder_name",
    "cc_holder_name",
    "owner",
    "phone",
    "ip",
    "peer",
    "personal_code",
    "reg_no",
    "iban",
    "street",
    "custom_field_1",
    "custom_field1",
}
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PERSONAL_CODE = re.compile(
    r"(?<![0-9A-Za-z])(?:[A-Z]{2})?[1-8]\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4}(?![0-9A-Za-z])"
)
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+")
SIGNED = re.compile(r"(?i)\b(hmac|token|signature)=[^&\s\"]+")


def pretty(raw: Any) -> str:
    """Return a message as indented, covered text; what is not JSON is covered as it is."""
    # What the database keeps as a document has lost its order already; by name it is at least quick to read.
    parsed = dict(sorted(raw.items())) if isinstance(raw, dict) else _parsed(raw)
    return cover_text(parsed) if isinstance(parsed, str) else _indented(cover(parsed))


def cover(value: Any, name: str = "") -> Any:
    """Return the value with secrets gone and people reduced to a first letter, at any depth."""
    if isinstance(value, dict):
        return {key: cover(part, str(key).lower()) for key, part in value.items()}
    if isinstance(value, list):
        return [cover(part, name) for part in value]
    if value in (None, "") or not isinstance(value, str | int) or isinstance(value, bool):
        return value
    if name in SECRET:
        return COVER
    if name in PERSONAL:
        return f"{str(value)[0]}{COVER}"
    return cover_text(value) if isinstance(value, str) else value


def cover_text(text: str) -> str:
    """Return text with addresses, personal codes, accounts and signatures covered."""
    for pattern, instead in (
        (BEARER, rf"\1 {COVER}"),
        (SIGNED, rf"\1={COVER}"),
        (EMAIL, COVER),
        (IBAN, COVER),
        (PERSONAL_CODE, COVER),
    ):
        text = pattern.sub(instead, text)
    return text


def _parsed(raw: Any) -> Any:
    if not isinstance(raw, str) or raw.lstrip()[:1] not in {"{", "["}:
        return raw
    try:
        return exact_json.loads(raw)
    except ValueError:
        return raw


def _indented(value: Any, margin: str = "") -> str:
    """Return JSON over several lines; numbers keep the digits they came with."""
    deeper = margin + "  "
    if isinstance(value, dict) and value:
        rows = [f"{deeper}{_text(str(key))}: {_indented(part, deeper)}" for key, part in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{margin}}}"
    if isinstance(value, list) and value:
        rows = [f"{deeper}{_indented(part, deeper)}" for part in value]
        return "[\n" + ",\n".join(rows) + f"\n{margin}]"
    return _text(value) if isinstance(value, str) else exact_json.dumps(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
