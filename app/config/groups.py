"""Every setting there is, in one group per provider. Names are those of EIS in upper case (eis.md 2.1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from app.config.fields import (
    Database,
    Flag,
    Group,
    Host,
    Need,
    PublicKeys,
    Redis,
    Rule,
    Seconds,
    Url,
    Urls,
    Words,
    setting,
)


class EveryPaySettings(Group):
    """EveryPay API v4 and LinkPay (eis.md 9.1)."""

    base: Url = setting("EVERYPAY_BASE", "", rule=Rule.OUTSIDE_URL, need=Need.PRODUCTION)
    key: SecretStr = setting("EVERYPAY_KEY", SecretStr(""), rule=Rule.GIVEN_SECRET, need=Need.PRODUCTION)
    api_username: str = setting("API_USERNAME", "", need=Need.PRODUCTION)
    account_name: str = setting("ACCOUNT_NAME", "", need=Need.PRODUCTION)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = setting("EVERYPAY_CURRENCY", "EUR")
    linkpay_prefix: Url = setting("LINKPAY_PREFIX", "", rule=Rule.OUTSIDE_URL, need=Need.PRODUCTION)
    linkpay_token: str = setting("LINKPAY_TOKEN", "", need=Need.PRODUCTION)


class InitiatorSettings(Group):
    """Where the services that ask us for invoices live (eis.md 10)."""

    base_registry: Url = setting("BASE_REGISTRY", "", rule=Rule.OUTSIDE_URL)
    base_registrar: Url = setting("BASE_REGISTRAR", "", rule=Rule.OUTSIDE_URL)
    base_auction: Url = setting("BASE_AUCTION", "", rule=Rule.OUTSIDE_URL)
    base_eeid: Url = setting("BASE_EEID", "", rule=Rule.OUTSIDE_URL)
    registry_update_payment_url: Url = setting("REGISTRY_UPDATE_PAYMENT_URL", "", rule=Rule.OUTSIDE_URL)
    auction_update_payment_url: Url = setting("AUCTION_UPDATE_PAYMENT_URL", "", rule=Rule.OUTSIDE_URL)
    eeid_update_payment_url: Url = setting("EEID_UPDATE_PAYMENT_URL", "", rule=Rule.OUTSIDE_URL)
    allowed_base_urls: Urls = setting("ALLOWED_BASE_URLS", (), rule=Rule.OUTSIDE_URL)

    webhook_origins: Urls = setting("WEBHOOK_ORIGINS", (), rule=Rule.OUTSIDE_URL)

    def hearing_urls(self, code: str) -> tuple[str, ...]:
        """Return the addresses on whose origins this service may be sent webhooks: its own and those named for all."""
        own = self.base_urls.get(code)
        return (*([own] if own else []), *self.webhook_origins)

    @property
    def base_urls(self) -> dict[str, str]:
        """Return initiator code -> base URL of the service, only those that are set."""
        known = {"registry": self.base_registry, "auction": self.base_auction, "eeid": self.base_eeid}
        return {code: base.rstrip("/") for code, base in known.items() if base}

    @property
    def payment_urls(self) -> dict[str, str]:
        """Return initiator code -> where payments are reported; derived from the base URL where not set."""
        urls = {code: f"{base}/eis_billing/payment_status" for code, base in self.base_urls.items()}
        said = {
            "registry": self.registry_update_payment_url,
            "auction": self.auction_update_payment_url,
            "eeid": self.eeid_update_payment_url,
        }
        return urls | {code: url for code, url in said.items() if url}

    @property
    def return_urls(self) -> tuple[str, ...]:
        """Return the addresses a payer's browser may be sent back to (eis.md 5.2)."""
        bases = (self.base_registry, self.base_registrar, self.base_auction, self.base_eeid)
        return (*filter(None, bases), *self.allowed_base_urls)


class TaraSettings(Group):
    """Login with TARA, GovSSO or eeID (eis.md 9.5)."""

    identifier: str = setting("TARA_IDENTIFIER", "", need=Need.PRODUCTION)
    secret: SecretStr = setting("TARA_SECRET", SecretStr(""), rule=Rule.GIVEN_SECRET, need=Need.PRODUCTION)
    redirect_uri: Url = setting("TARA_REDIRECT_URI", "", rule=Rule.OWN_URL, need=Need.PRODUCTION)
    scope: Words = setting("TARA_SCOPE", ("openid",))
    issuer: Url = setting("TARA_ISSUER", "", rule=Rule.OUTSIDE_URL, need=Need.PRODUCTION)
    host: Host = setting("TARA_HOST", "", rule=Rule.OUTSIDE_URL)
    keys: PublicKeys = setting("TARA_KEYS", "")
    jwks_uri: Url = setting("TARA_JWKS_URI", "", rule=Rule.OUTSIDE_URL)
    discovery: Flag = setting("TARA_DISCOVERY", True)  # noqa: FBT003
    acr: Literal["low", "substantial", "high"] = setting("TARA_ACR", "substantial")
    amr: Words = setting("TARA_AMR", ())


class MailSettings(Group):
    """Outgoing mail."""

    sender: str = setting("ACTION_MAILER_DEFAULT_FROM", "")
    heads_to: str = setting("CHAIN_HEADS_TO", "")
    link_protocol: Literal["http", "https"] = setting("ACTION_MAILER_DEFAULT_PROTOCOL", "https")
    link_host: str = setting("ACTION_MAILER_DEFAULT_HOST", "")
    link_port: int | None = setting("ACTION_MAILER_DEFAULT_PORT", None, ge=1, le=65535)
    address: str = setting("SMTP_ADDRESS", "")
    port: int = setting("SMTP_PORT", 587, ge=1, le=65535)
    user_name: str = setting("SMTP_USER_NAME", "")
    password: SecretStr = setting("SMTP_PASSWORD", SecretStr(""), rule=Rule.GIVEN_SECRET)
    domain: str = setting("SMTP_DOMAIN", "")
    authentication: Literal["plain", "login", "cram_md5"] = setting("SMTP_AUTHENTICATION", "plain")
    starttls: Flag = setting("SMTP_ENABLE_STARTTLS_AUTO", True)  # noqa: FBT003
    openssl_verify_mode: Literal["peer"] = setting("SMTP_OPENSSL_VERIFY_MODE", "peer")


class DirectoSettings(Group):
    """Directo, the accounting program."""

    invoice_url: Url = setting("DIRECTO_INVOICE_URL", "", rule=Rule.OUTSIDE_URL)


class EInvoiceSettings(Group):
    """The e-invoice operator."""

    password: SecretStr = setting("E_INVOICE_PROVIDER_PASSWORD", SecretStr(""), rule=Rule.GIVEN_SECRET)
    test_mode: Flag = setting("E_INVOICE_PROVIDER_TEST_MODE", True)  # noqa: FBT003


class LhvSettings(Group):
    """LHV Connect, the bank."""

    keystore: str = setting("LHV_KEYSTORE", "")
    keystore_password: SecretStr = setting("LHV_KEYSTORE_PASSWORD", SecretStr(""), rule=Rule.GIVEN_SECRET)
    keystore_alias: str = setting("LHV_KEYSTORE_ALIAS", "")
    ca_file: str = setting("LHV_CA_FILE", "")
    dev_mode: Flag = setting("LHV_DEV_MODE", False)  # noqa: FBT003


class Core(Group):
    """What is nobody's but ours."""

    development: Flag = setting("BILLING_DEVELOPMENT", False)  # noqa: FBT003
    debug: Flag = setting("FLASK_DEBUG", False)  # noqa: FBT003
    database_url: Database = setting("DATABASE_URL", SecretStr(""), need=Need.ALWAYS)
    redis_url: Redis = setting("REDIS_URL", SecretStr(""), need=Need.ALWAYS)
    secret_key: SecretStr = setting("SECRET_KEY", SecretStr(""), rule=Rule.OWN_SECRET, need=Need.ALWAYS)
    billing_secret: SecretStr = setting("BILLING_SECRET", SecretStr(""), rule=Rule.OWN_SECRET, need=Need.PRODUCTION)
    base_url: Url = setting("BASE_URL", "http://localhost:8000", rule=Rule.OWN_URL, need=Need.PRODUCTION)
    port: int = setting("PORT", 8000, ge=0, le=65535)
    metrics_token: SecretStr = setting("METRICS_TOKEN", SecretStr(""), rule=Rule.OWN_SECRET)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting("LOG_LEVEL", "INFO")
    trusted_proxies: int = setting("TRUSTED_PROXIES", 0, ge=0, le=5)
    api_reads_per_minute: int | None = setting("API_READS_PER_MINUTE", None, ge=0, le=1_000_000)
    api_writes_per_minute: int | None = setting("API_WRITES_PER_MINUTE", None, ge=0, le=1_000_000)
    searches_per_minute: int | None = setting("SEARCHES_PER_MINUTE", None, ge=0, le=1_000_000)
    logins_per_minute: int | None = setting("LOGINS_PER_MINUTE", None, ge=0, le=1_000_000)
    session_idle_s: int = setting("SESSION_IDLE_S", 1800, ge=60, le=43200)
    session_max_s: int = setting("SESSION_MAX_S", 43200, ge=60, le=86400)
    timeout_is_sec: int | None = setting("TIMEOUT_IS_SEC", None, ge=1, le=60)
    payment_poll_ladder_s: Seconds = setting("PAYMENT_POLL_LADDER_S", (60, 180, 300, 600, 900, 3600, 21600, 86400))
    partial_payments: Flag = setting("PARTIAL_PAYMENTS", False)  # noqa: FBT003
    deposit_min_num: int = setting("DEPOSIT_MIN_NUM", 10001, gt=0, le=2_147_483_647)
    deposit_max_num: int = setting("DEPOSIT_MAX_NUM", 14001, gt=0, le=2_147_483_647)


class Settings(Core):
    """Everything that can be set. Secrets show themselves only through `get_secret_value()`."""

    everypay: EveryPaySettings
    initiators: InitiatorSettings
    tara: TaraSettings
    mail: MailSettings
    directo: DirectoSettings
    e_invoice: EInvoiceSettings
    lhv: LhvSettings
