"""What we need from the outside, in our words. Adapters under `integrations` fulfil these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.domain.dispute import News
    from app.domain.mail import Letter
    from app.domain.money import Money
    from app.domain.payment import ObservedState

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OneOffRequest:
    """One hosted payment to be made: `order_reference` is ours and unique per attempt."""

    order_reference: str
    amount: Money
    customer_url: str
    reference_number: str = ""
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class CreatedPayment:
    """What the gateway answered when it made a payment."""

    external_id: str
    payment_link: str
    provider_state: str
    raw: Json


@dataclass(frozen=True, slots=True)
class FetchedPayment:
    """One payment as the gateway knows it now: the only source of facts about hosted money.

    `initial` and `standing` are in the currency of the processing account; `standing` falls with refunds.
    `snapshot` holds exactly the 21 keys the initiators receive (eis.md 9.1.6), absent ones as None, numbers as sent.
    """

    external_id: str
    account: str
    order_reference: str
    state: ObservedState
    provider_state: str
    initial: Money | None
    standing: Money | None
    method: str | None
    custom_field_1: str | None
    snapshot: Json
    raw: Json


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """One return of money: the gateway's reference of the payment, how much, and the nonce that was stored first."""

    external_id: str
    amount: Money
    nonce: str


@dataclass(frozen=True, slots=True)
class RefundedPayment:
    """What the gateway answered to a refund: the payment as it stands afterwards, in less detail than a fetch.

    `standing` is what the gateway still holds of the payment.
    """

    external_id: str
    state: ObservedState
    provider_state: str
    initial: Money | None
    standing: Money | None
    raw: Json


class HostedGateway(Protocol):
    """A gateway with a page of its own that calls back to say "look again".

    Every method raises ProviderFailure; its `outcome` tells whether the call may have been executed.
    """

    name: str
    account: str
    currency: str

    def create_payment(self, request: OneOffRequest) -> CreatedPayment:
        """Make one payment and return where to send the payer."""
        ...

    def news(self, event: str) -> News:
        """Return what one of its events is about."""
        ...

    def fetch_payment(self, external_id: str) -> FetchedPayment:
        """Return the payment as the gateway knows it now."""
        ...

    def refund_payment(self, request: RefundRequest) -> RefundedPayment:
        """Give money of a payment back; never to be repeated after an unknown outcome."""
        ...

    def void_payment(self, external_id: str, nonce: str) -> RefundedPayment:
        """Let go of an amount that is only authorised: nothing is taken from the payer."""
        ...


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """The fields of a signed LinkPay URL (eis.md 9.1.8); all strings, empty ones stay in the URL."""

    transaction_amount: str
    order_reference: str
    reference_number: str = ""
    customer_name: str = ""
    customer_email: str = ""
    custom_field_1: str = ""
    custom_field_2: str = ""


class LinkSigner(Protocol):
    """Makes payment links without a call: the signature is computed here."""

    def sign(self, request: LinkRequest) -> str:
        """Return the complete URL with its hmac."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered: HTTP status, parsed JSON body or text, and how long it took."""

    status: int
    body: Any
    elapsed_ms: int


class InitiatorClient(Protocol):
    """The services' own endpoints (eis.md 10.2).

    Every method raises ProviderFailure for anything but a 2xx answer.
    """

    def payment_status(self, initiator: str, payload: Json) -> Answer:
        """PUT the 21-key snapshot to the initiator's payment_status URL (eis.md 10.2.1)."""
        ...

    def synchronise(self, initiator: str, payload: Json) -> Answer:
        """PUT an invoice and its status to `/eis_billing/invoices` (eis.md 10.2.7)."""
        ...

    def has_endpoint(self, initiator: str) -> bool:
        """Return whether this initiator has a payment_status URL at all."""
        ...


class WebhookSender(Protocol):
    """The endpoints services have named themselves."""

    def send(self, endpoint: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST a signed message to this endpoint. Raises ProviderFailure for anything but a 2xx answer."""
        ...


class Mailer(Protocol):
    """The mail server that carries our letters."""

    def send(self, letter: Letter) -> Answer:
        """Hand the letter over; the status is the server's own word. Raises ProviderFailure."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in: the full subject (country and code) and how surely it is known (protocols.md 7)."""

    subject: str
    given_name: str
    family_name: str
    acr: str
    amr: tuple[str, ...] = ()
