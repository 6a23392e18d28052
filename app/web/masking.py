"""Personal data and secrets in raw exchanges, covered before anybody reads them (security.md T81)."""

from __future__ import annotations

import json
import re
from typing import Any

from app.domain import exact_json
from app.domain.covering import COVER, cover_text

DEEPEST = 32  # levels that are shown; what is nested deeper is covered

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
TAG = re.compile(r"(<(/?)([^\s<>/]+)[^<>]*>)")
ONE_TAG = re.compile(r"(</?[^\s<>/][^<>]*>)")  # what is none, such as `<>`, is text
ATTRIBUTE = re.compile(r'(?<![\w:.-])([\w:.-]+)="([^"]*)"')


def pretty(raw: Any) -> str:
    """Return a message as indented, covered text; what is not JSON is covered as it is."""
    # What the database keeps as a document has lost its order already; by name it is at least quick to read.
    parsed = dict(sorted(raw.items())) if isinstance(raw, dict) else _parsed(raw)
    if not isinstance(parsed, str):
        return _indented(cover(parsed))
    return _xml(parsed) if parsed.lstrip().startswith("<") else cover_text(parsed)


def pretty_with_people(document: dict[str, Any]) -> str:
    """Return a document indented with only its secrets covered, for those who may see people's own data."""
    return _indented(_without_secrets(dict(sorted(document.items()))))


def _without_secrets(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(part, str(key).lower()) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_secrets(part, name) for part in value]
    return COVER if name in SECRET and value else value


def cover(value: Any, name: str = "", left: int = DEEPEST) -> Any:
    """Return the value with secrets gone and people reduced to a first letter; what is nested too deep is gone."""
    if isinstance(value, dict) and left:
        return {key: cover(part, str(key).lower(), left - 1) for key, part in value.items()}
    if isinstance(value, list) and left:
        return [cover(part, name, left - 1) for part in value]
    if value in (None, "") or not isinstance(value, str | int | dict | list) or isinstance(value, bool):
        return value
    if name in SECRET or isinstance(value, dict | list):
        return COVER
    if name in PERSONAL:
        return f"{str(value)[0]}{COVER}"
    return cover_text(value) if isinstance(value, str) else value


def _parsed(raw: Any) -> Any:
    if not isinstance(raw, str) or raw.lstrip()[:1] not in {"{", "["}:
        return raw
    try:
        return exact_json.loads(raw)
    except ValueError:
        return raw


def _xml(text: str) -> str:
    """Return XML with a line for each element and people's own covered by the element's name; it is never parsed."""
    lines: list[list[str]] = [[]]  # of pieces
    depth, inside = 0, ""
    for part in (part.strip() for part in ONE_TAG.split(text) if part.strip()):
        tag = TAG.fullmatch(part)
        if tag is None:
            lines[-1].append(str(cover(part, inside)))
            continue
        closing, name = tag[2] == "/", tag[3].rpartition(":")[2].lower()
        depth -= closing
        if closing and inside == name:
            lines[-1].append(part)
        else:
            lines.append(["  " * min(max(0, depth), DEEPEST), ATTRIBUTE.sub(_covered_attribute, part)])
        opens = not closing and not part.endswith(("/>", "?>")) and not tag[3].startswith("!")
        inside = name if opens else ""
        depth += opens
    return "\n".join("".join(pieces) for pieces in lines if pieces)


def _covered_attribute(found: re.Match[str]) -> str:
    return f'{found[1]}="{cover(found[2], found[1].rpartition(":")[2].lower())}"'


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
