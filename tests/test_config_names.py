"""Names of settings: those of EIS work in either case, and what is nearly one is told (eis.md 2.1)."""

from __future__ import annotations

import socket

import pytest
from click.testing import CliRunner

from app.cli import main
from app.config import load_settings, misspelt
from app.config.names import in_upper_case
from app.demo import environment
from app.demo.environment import Installation
from tests.test_config import DEVELOPMENT, PRODUCTION, faults_of

# Every name of eis.md 2.1 that means something here, with a value as its owner would write it and what it says then.
OF_EIS = {
    "billing_secret": ("s1", "billing_secret"),
    "everypay_base": ("https://pay.every-pay.eu/api/v4", "everypay.base"),
    "api_username": ("a1b2c3", "everypay.api_username"),
    "everypay_key": ("s2", "everypay.key"),
    "account_name": ("EUR3D1", "everypay.account_name"),
    "linkpay_prefix": ("https://pay.every-pay.eu/lp", "everypay.linkpay_prefix"),
    "linkpay_token": ("tok123", "everypay.linkpay_token"),
    "timeout_is_sec": ("3", "timeout_is_sec"),
    "base_registry": ("https://registry.test", "initiators.base_registry"),
    "base_registrar": ("https://registrar.test", "initiators.base_registrar"),
    "base_auction": ("https://auction.test", "initiators.base_auction"),
    "base_eeid": ("https://eeid.test", "initiators.base_eeid"),
    "registry_update_payment_url": ("https://registry.test/p", "initiators.registry_update_payment_url"),
    "auction_update_payment_url": ("https://auction.test/p", "initiators.auction_update_payment_url"),
    "eeid_update_payment_url": ("https://eeid.test/p", "initiators.eeid_update_payment_url"),
    "allowed_base_urls": ("https://a.test,https://b.test", "initiators.allowed_base_urls"),
    "directo_invoice_url": ("https://directo.test/invoice.asp", "directo.invoice_url"),
    "e_invoice_provider_password": ("s3", "e_invoice.password"),
    "e_invoice_provider_test_mode": ("true", "e_invoice.test_mode"),
    "lhv_keystore": ("lhv.p12", "lhv.keystore"),
    "lhv_keystore_password": ("changeit", "lhv.keystore_password"),
    "lhv_keystore_alias": ("alias", "lhv.keystore_alias"),
    "lhv_ca_file": ("ca.pem", "lhv.ca_file"),
    "lhv_dev_mode": ("true", "lhv.dev_mode"),
    "deposit_min_num": ("10001", "deposit_min_num"),
    "deposit_max_num": ("14001", "deposit_max_num"),
    "tara_identifier": ("id", "tara.identifier"),
    "tara_secret": ("s4", "tara.secret"),
    "tara_redirect_uri": ("https://billing.test/auth/tara/callback", "tara.redirect_uri"),
    "tara_scope": ("openid idcard mid smartid", "tara.scope"),
    "tara_issuer": ("https://tara.test", "tara.issuer"),
    "tara_host": ("tara.test", "tara.host"),
    "tara_keys": ('{"kty":"RSA","n":"AQAB","e":"AQAB"}', "tara.keys"),
    "tara_jwks_uri": ("https://tara.test/oidc/jwks", "tara.jwks_uri"),
    "tara_discovery": ("false", "tara.discovery"),
    "action_mailer_default_from": ("a@b.ee", "mail.sender"),
    "action_mailer_default_protocol": ("https", "mail.link_protocol"),
    "action_mailer_default_host": ("b.ee", "mail.link_host"),
    "action_mailer_default_port": ("443", "mail.link_port"),
    "smtp_address": ("smtp.b.ee", "mail.address"),
    "smtp_port": ("587", "mail.port"),
    "smtp_user_name": ("u", "mail.user_name"),
    "smtp_password": ("s5", "mail.password"),
    "smtp_domain": ("b.ee", "mail.domain"),
    "smtp_authentication": ("plain", "mail.authentication"),
    "smtp_enable_starttls_auto": ("true", "mail.starttls"),
    "smtp_openssl_verify_mode": ("peer", "mail.openssl_verify_mode"),
}
NAMES = {name.upper(): value for name, (value, _where) in OF_EIS.items()}


def test_every_name_of_eis_works_in_its_own_spelling_and_in_ours() -> None:
    small = load_settings(DEVELOPMENT | {name: value for name, (value, _where) in OF_EIS.items()})
    assert small == load_settings(DEVELOPMENT | NAMES)
    assert misspelt(dict.fromkeys([*OF_EIS, *NAMES], "x")) == []
    for name, (_value, where) in OF_EIS.items():
        group, _, field = where.rpartition(".")
        part = getattr(small, group) if group else small
        assert field in part.model_fields_set, f"{name} was not read"


def test_where_both_spellings_stand_the_upper_one_counts() -> None:
    said = DEVELOPMENT | {"EVERYPAY_BASE": "https://upper.test", "everypay_base": "https://lower.test"}
    assert load_settings(said).everypay.base == "https://upper.test"
    assert load_settings(said | {"EVERYPAY_BASE": " "}).everypay.base == "https://lower.test"


def test_a_secret_s_file_may_be_named_in_lower_case() -> None:
    assert in_upper_case({"everypay_key_file": "/x"}, {"EVERYPAY_KEY_FILE"}) == {"EVERYPAY_KEY_FILE": "/x"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("EVERYPAY_BAS", "EVERYPAY_BASE"),
        ("everypay_bas", "EVERYPAY_BASE"),
        ("Everypay_Base", "EVERYPAY_BASE"),
        ("SMTP_USERNAME", "SMTP_USER_NAME"),
        ("BASE_REGISTERY", "BASE_REGISTRY"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("BILLING_SECRETS", "BILLING_SECRET"),
        ("TIMEOUT_IN_SEC", "TIMEOUT_IS_SEC"),
        ("TARA_SECRETFILE", "TARA_SECRET_FILE"),
    ],
)
def test_a_name_that_is_nearly_a_setting_is_told_with_the_one_it_may_be(name: str, meant: str) -> None:
    assert misspelt(PRODUCTION | {name: "x"}) == [f"{name}: is no setting and is not read; did you mean {meant}?"]


@pytest.mark.parametrize(
    "name",
    [
        *("SECRET_WORD", "secret_access_word", "LINKPAY_CHECK_PREFIX", "APIPIE_LOGIN", "SECRET_KEY_BASE", "APP_DBHOST"),
        *("RAILS_MAX_THREADS", "HOSTNAME", "PATH", "HOME", "LANG", "PGHOST", "PGPORT", "SMTP_PORT_25_TCP"),
        *("REDIS_PORT", "POSTGRES_PASSWORD", "PYTHONPATH", "VIRTUAL_ENV", "SSL_CERT_FILE", "BILLING_DATA"),
        "BILLING_SIMULATORS",
    ],
)
def test_other_names_are_nobody_s_mistake(name: str) -> None:
    assert misspelt({name: "x"}) == []


def test_an_empty_value_is_no_mistake() -> None:
    assert misspelt({"EVERYPAY_BAS": ""}) == []


def test_what_is_missing_stands_beside_what_was_written_instead() -> None:
    said = {name: value for name, value in PRODUCTION.items() if name != "EVERYPAY_BASE"} | {"EVERYPAY_BAS": "x"}
    found = faults_of(said)
    assert found[0].startswith("EVERYPAY_BASE: is missing")
    assert found[-1] == "EVERYPAY_BAS: is no setting and is not read; did you mean EVERYPAY_BASE?"


def test_the_web_server_tells_it_at_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in DEVELOPMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EVERYPAY_BAS", "https://pay.every-pay.eu/api/v4")
    with socket.create_server(("127.0.0.1", 0)) as taken:  # it ends where it would begin to listen
        result = CliRunner().invoke(main, ["web", "--port", str(taken.getsockname()[1])])
    assert result.exit_code != 0
    assert "warning: EVERYPAY_BAS: is no setting and is not read; did you mean EVERYPAY_BASE?" in result.output


def test_a_system_of_one_machine_takes_what_eis_called_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("billing_secret", "of the five services")
    monkeypatch.setenv("tara_redirect_uri", "http://billing.test/auth/tara/callback")
    assert environment.said("BILLING_SECRET") == "of the five services"
    bare = Installation("http://127.0.0.1:8080", {}, {name: f"{name} made up" for name in environment.OWN_SECRETS})
    told = environment.settings(bare, "postgresql://x@/billing", "redis://x")
    assert load_settings(told).tara.redirect_uri == "http://billing.test/auth/tara/callback"
