"""The outside world: one folder per provider, and this registry, through which alone they are reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

from app.integrations.everypay.gateway import EveryPayGateway
from app.integrations.everypay.links import LinkPaySigner
from app.integrations.everypay.wire import check_reference
from app.integrations.initiators.client import HttpInitiatorClient
from app.integrations.initiators.token import BadToken, KeySecret, VerifiedToken
from app.integrations.initiators.token import check_now as check_token_now
from app.integrations.initiators.token import sign as sign_token
from app.integrations.initiators.token import verify as verify_token
from app.integrations.mail.sender import SmtpMailer
from app.integrations.webhooks.sender import HttpWebhookSender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from app.config import Settings
    from app.domain.ports import HostedGateway, InitiatorClient, LinkSigner, Mailer, WebhookSender

__all__ = [
    "BadToken",
    "Integrations",
    "KeySecret",
    "VerifiedToken",
    "build_integrations",
    "check_reference",
    "check_token_now",
    "current",
    "sign_token",
    "verify_token",
]


@dataclass(frozen=True, slots=True)
class Integrations:
    """Every provider, in our words."""

    everypay: HostedGateway
    links: LinkSigner
    initiators: InitiatorClient
    webhooks: WebhookSender
    mailer: Mailer


def build_integrations(
    settings: Settings,
    *,
    before_request: Callable[[], None],
    transports: Mapping[str, httpx.BaseTransport] | None = None,
) -> Integrations:
    """Return the providers the settings name; `before_request` runs before anything leaves.

    `transports` replaces the network, by provider (`everypay`) or initiator (`registry`), so that tests can mount the
    simulators without a socket.
    """
    mounted = transports or {}
    everypay, initiators = settings.everypay, settings.initiators
    key = everypay.key.get_secret_value()
    return Integrations(
        everypay=EveryPayGateway(
            base=everypay.base,
            username=everypay.api_username,
            key=key,
            account=everypay.account_name,
            currency=everypay.currency,
            allow_private=settings.development,
            before_request=before_request,
            limit_s=settings.timeout_is_sec,
            transport=mounted.get("everypay"),
        ),
        links=LinkPaySigner(prefix=everypay.linkpay_prefix, token=everypay.linkpay_token, key=key),
        initiators=HttpInitiatorClient(
            payment_urls=initiators.payment_urls,
            base_urls=initiators.base_urls,
            secret=settings.billing_secret.get_secret_value(),
            allow_private=settings.development,
            before_request=before_request,
            limit_s=settings.timeout_is_sec,
            transports=mounted,
        ),
        webhooks=HttpWebhookSender(
            allow_private=settings.development,
            before_request=before_request,
            limit_s=settings.timeout_is_sec,
        ),
        mailer=SmtpMailer(settings.mail, before_request=before_request),
    )


def current() -> Integrations:
    """Return the providers of the running application."""
    return cast("Integrations", current_app.extensions["integrations"])
