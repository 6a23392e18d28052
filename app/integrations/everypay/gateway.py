"""The hosted gateway: make a one-off payment, ask what became of it, give money back."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from app.domain.errors import Outcome, ProviderFailure
from app.domain.money import format_amount
from app.integrations.everypay import wire
from app.integrations.http import Caller, Profile

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from app.domain.dispute import News
    from app.domain.ports import Answer, CreatedPayment, FetchedPayment, OneOffRequest, RefundedPayment, RefundRequest

NAME = "everypay"
CREATE = Profile(connect_s=3, read_s=7, total_s=10)
FETCH = Profile(connect_s=3, read_s=7, total_s=10, repeats=2)
REFUND = Profile(connect_s=3, read_s=15, total_s=20)
PARALLEL = 8


class EveryPayGateway:
    """EveryPay API v4 for one processing account."""

    name = NAME

    def __init__(
        self,
        *,
        base: str,
        username: str,
        key: str,
        account: str,
        currency: str,
        allow_private: bool,
        before_request: Callable[[], None],
        limit_s: float | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.account = account
        self.currency = currency
        self._base = base.rstrip("/")
        self._username = username
        self._create = CREATE.within(limit_s)
        self._fetch = FETCH.within(limit_s)
        self._refund = REFUND.within(limit_s)
        # The standard alphabet (RFC 7617), not the URL-safe one.
        credentials = base64.b64encode(f"{username}:{key}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credentials}"}
        self._caller = Caller(
            NAME,
            parallel=PARALLEL,
            allow_private=allow_private,
            before_request=before_request,
            explain=_explain,
            transport=transport,
        )

    def create_payment(self, request: OneOffRequest) -> CreatedPayment:
        """Make a one-off payment and return where to send the payer (eis.md 9.1.2). Raises ProviderFailure."""
        try:
            answer = self._caller.call(
                "POST",
                f"{self._base}/payments/oneoff",
                profile=self._create,
                payload=self._one_off(request),
                headers=self._headers,
            )
            return wire.read_created(self._body(answer))
        except wire.Unreadable as fault:
            raise self._unreadable(answer) from fault
        except ProviderFailure as failure:
            failure.order_taken = failure.outcome is Outcome.REFUSED and wire.says_order_is_taken(failure.detail)
            raise

    def fetch_payment(self, external_id: str) -> FetchedPayment:
        """Return the payment as EveryPay knows it now. Raises ProviderFailure; Invalid for what is no reference."""
        reference = quote(wire.check_reference(external_id), safe="")
        query = urlencode({"api_username": self._username})
        answer = self._caller.call(
            "GET", f"{self._base}/payments/{reference}?{query}", profile=self._fetch, headers=self._headers
        )
        try:
            found = wire.read_payment(self._body(answer), self.currency)
        except wire.Unreadable as fault:
            raise self._unreadable(answer) from fault
        if found.external_id != external_id:
            raise self._unreadable(answer)
        return found

    def news(self, event: str) -> News:
        """Return what one of its events is about."""
        return wire.news(event)

    def refund_payment(self, request: RefundRequest) -> RefundedPayment:
        """Give money of a payment back and return how it stands (eis.md 9.1.4).

        Raises ProviderFailure; an answer that cannot be read is an unknown outcome.
        """
        said = {"amount": format_amount(request.amount), **self._signed(request.nonce)}
        return self._change("refund", request.external_id, said)

    def void_payment(self, external_id: str, nonce: str) -> RefundedPayment:
        """Let go of an authorised amount and return how the payment stands (eis.md 9.1.5). Raises ProviderFailure."""
        return self._change("void", external_id, self._signed(nonce))

    def _change(self, what: str, external_id: str, said: dict[str, Any]) -> RefundedPayment:
        payload = {**said, "payment_reference": wire.check_reference(external_id)}
        answer = self._caller.call(
            "POST", f"{self._base}/payments/{what}", profile=self._refund, payload=payload, headers=self._headers
        )
        try:
            changed = wire.read_refunded(self._body(answer), self.currency)
        except wire.Unreadable as fault:
            raise self._unreadable(answer) from fault
        if changed.external_id != external_id:
            raise self._unreadable(answer)
        return changed

    def _signed(self, nonce: str) -> dict[str, str]:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return {"api_username": self._username, "nonce": nonce, "timestamp": now}

    def _one_off(self, request: OneOffRequest) -> dict[str, Any]:
        return {
            "api_username": self._username,
            "account_name": self.account,
            "amount": wire.amount_out(request.amount),
            "order_reference": request.order_reference,
            "request_token": False,
            "nonce": f"{secrets.randbelow(10**30):030d}",
            "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "customer_url": request.customer_url,
            "preferred_country": "EE",
            "locale": request.locale,
            "structured_reference": request.reference_number,
        }

    def _body(self, answer: Answer) -> dict[str, Any]:
        """Return the answer's object; EveryPay may put an error into an answer of success."""
        if not isinstance(answer.body, dict):
            raise self._unreadable(answer)
        if answer.body.get("error"):
            code, message = wire.refusal(answer.body)
            raise ProviderFailure(
                NAME, message, outcome=Outcome.REFUSED, permanent=True, status=answer.status, code=code
            )
        return answer.body

    def _unreadable(self, answer: Answer) -> ProviderFailure:
        return ProviderFailure(
            NAME, "answered something that is not a payment", outcome=Outcome.UNKNOWN, status=answer.status
        )


def _explain(answer: Answer) -> tuple[int | str | None, str]:
    return wire.refusal(answer.body)
