"""LinkPay: payment links signed here, without a call (eis.md 9.1.8, appendix A.3)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import fields
from urllib.parse import quote

from app.domain.ports import LinkRequest

SAID = tuple(field.name for field in fields(LinkRequest))


class LinkPaySigner:
    """Signs LinkPay URLs with the API key."""

    def __init__(self, *, prefix: str, token: str, key: str) -> None:
        self._prefix = prefix
        self._token = token
        self._key = key.encode()

    def sign(self, request: LinkRequest) -> str:
        """Return the URL: keys sorted, all present, percent-encoded, the hmac over exactly that text."""
        said = {name: getattr(request, name) for name in SAID}
        said |= {"linkpay_token": self._token, "invoice_number": request.order_reference}
        query = "&".join(f"{name}={quote(said[name], safe='')}" for name in sorted(said))
        signature = hmac.digest(self._key, query.encode(), hashlib.sha256).hex()
        return f"{self._prefix}?{query}&hmac={signature}"
