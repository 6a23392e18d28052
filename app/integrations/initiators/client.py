"""Our calls to the services (eis.md 10.2): what they must hear, signed as they expect it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import Outcome, ProviderFailure
from app.domain.refusal import refusal_in
from app.integrations.http import Caller, Profile, excerpt
from app.integrations.initiators import wire
from app.integrations.initiators.token import sign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from app.domain.ports import Answer, Json

CALL = Profile(connect_s=3, read_s=10, total_s=15)
PARALLEL = 4
# Whoever answers success without a word has no such number (eis.md 10.2.1); the others never answer so.
SILENT_ABOUT_STRANGERS = {"eeid"}


class HttpInitiatorClient:
    """Calls each initiator through a caller of its own, so that one sick service says nothing about another."""

    def __init__(
        self,
        *,
        payment_urls: Mapping[str, str],
        base_urls: Mapping[str, str],
        secret: str,
        allow_private: bool,
        before_request: Callable[[], None],
        limit_s: float | None = None,
        transports: Mapping[str, httpx.BaseTransport] | None = None,
    ) -> None:
        self._payment_urls = payment_urls
        self._base_urls = base_urls
        self._headers = {"Authorization": f"Bearer {sign({'initiator': 'billing'}, secret)}"}
        self._profile = CALL.within(limit_s)
        self._callers = {
            code: Caller(
                code,
                parallel=PARALLEL,
                allow_private=allow_private,
                before_request=before_request,
                explain=_explain,
                only_json=False,
                transport=(transports or {}).get(code),
            )
            for code in {*payment_urls, *base_urls}
        }

    def payment_status(self, initiator: str, payload: Json) -> Answer:
        """PUT the payment (eis.md 10.2.1). Raises ProviderFailure."""
        return self._put(initiator, self._payment_urls.get(initiator), wire.payment_status(payload))

    def synchronise(self, initiator: str, payload: Json) -> Answer:
        """PUT the invoice (eis.md 10.2.7). Raises ProviderFailure."""
        base = self._base_urls.get(initiator)
        return self._put(initiator, base and f"{base}/eis_billing/invoices", wire.synchronise(payload))

    def has_endpoint(self, initiator: str) -> bool:
        """Return whether the initiator's payment_status URL is set."""
        return initiator in self._payment_urls

    def _put(self, initiator: str, url: str | None, payload: Json) -> Answer:
        if not url:
            raise ProviderFailure(initiator, "its address is not set", outcome=Outcome.NOT_SENT)
        answer = self._callers[initiator].call(
            "PUT", url, profile=self._profile, payload=payload, headers=self._headers
        )
        return _understood(initiator, answer)


def _understood(initiator: str, answer: Answer) -> Answer:
    """Return an answer the service itself gave and that does not refuse. Raises ProviderFailure.

    A page in its place, such as a proxy shows while the service is being mended, does not say whether it heard us.
    """
    if isinstance(answer.body, dict):
        if refusal := refusal_in(answer.body):
            raise ProviderFailure(initiator, refusal, outcome=Outcome.REFUSED, status=answer.status, permanent=True)
        return answer
    if answer.body is None and initiator in SILENT_ABOUT_STRANGERS:
        detail = f"answered {answer.status} without a word: it does not know this number"
        raise ProviderFailure(initiator, detail, outcome=Outcome.REFUSED, status=answer.status, permanent=True)
    # Without a status: what answered is not the service, so this is a try like one that nobody answered.
    said = "nothing" if answer.body is None else excerpt(answer.body)
    raise ProviderFailure(initiator, f"answered {answer.status} with no JSON object: {said}", outcome=Outcome.UNKNOWN)


def _explain(answer: Answer) -> tuple[None, str]:
    """Return the service's own words for its refusal, where it has any."""
    return None, refusal_in(answer.body) or f"answered {answer.status}: {excerpt(answer.body)}"
