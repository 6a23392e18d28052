"""LinkPay: payment links signed here, without a call (eis.md 9.1.8, appendix A.3)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from app.domain.ports import LinkRequest


class LinkPaySigner:
    """Signs LinkPay URLs with the API key."""

    def __init__(self, *, prefix: str, token: str, key: str) -> None:
        self._prefix = prefix
        self._token = token
        self._key = key.encode()

    def sign(self, request: LinkRequest) -> str:
        """Return the URL: keys sorted, all present, percent-encoded, the hmac over exactly that text."""
        fields = asdict(request) | {"linkpay_token": self._token, "invoice_number": request.order_reference}
        query = urlencode(sorted(fields.items()), safe="", quote_via=quote)
        signature = hmac.new(self._key, query.encode(), hashlib.sha256).hexdigest()
        return f"{self._prefix}?{query}&hmac={signature}"
