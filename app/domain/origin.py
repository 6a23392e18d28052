"""Where a payer's browser may be sent back to: exactly a registered origin (security.md T41, T42)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 2000
DEFAULT_PORTS = {"http": 80, "https": 443}
# Written out, not excluded: whatever is not a plain host name or address never reaches the comparison.
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\]")
_START = re.compile(r"(https?)://([^/?#\\@\s]+)(?:[/?#].*)?", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\x9f\\\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def canonical_origin(url: str) -> str:
    """Return `scheme://host:port` of an absolute http or https URL, the port always written.

    Raises Invalid for everything else: no scheme, no host, a user name, a backslash, a control character, a host that
    is not plain ASCII.
    """
    found = None if len(url) > LONGEST or _UNSEEN.search(url) else _START.fullmatch(url)
    if found is None:
        raise Invalid.field("url", "must be an absolute http or https address")
    scheme = found[1].lower()
    try:
        split = urlsplit(f"{scheme}://{found[2]}")
        port = split.port
    except ValueError:
        raise Invalid.field("url", "has a port that is no number") from None
    host = (found[2].rpartition(":")[0] if port is not None else found[2]).lower()
    if not _HOST.fullmatch(host) or found[2].endswith(":") or port == 0:
        raise Invalid.field("url", "must name a plain host")
    return f"{scheme}://{host}:{port or DEFAULT_PORTS[scheme]}"


def is_allowed(url: str, allowed: Iterable[str], *, plain_http: bool = False) -> bool:
    """Return whether the URL's origin is exactly that of one of the allowed URLs; http only where it is allowed.

    Never raises: what is no address matches nothing, on either side.
    """
    origin = _origin(url)
    if origin is None or (origin.startswith("http://") and not plain_http):
        return False
    return origin in {_origin(each) for each in allowed}


def _origin(url: str) -> str | None:
    try:
        return canonical_origin(url)
    except Invalid:
        return None
