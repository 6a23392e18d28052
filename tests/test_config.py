"""Settings are read as a whole, and what is insecure never starts (security T82, T86, T87)."""

from __future__ import annotations

import copy
import json
import pickle
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import Settings, SettingsFault, load_settings, secret_values

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = {
    "SECRET_KEY": "9f1c0a7be25d4836a1c4e07fb93d6582",
    "BILLING_SECRET": "b7d20e9461fa4c58930e6ad1f8257c3b",
    "EVERYPAY_KEY": "c41f7a80d92e4b63",
    "TARA_SECRET": "Zk8-wq2Lm0pX5tRv",
    "SMTP_PASSWORD": "h7Gf-20sKdpq",
}
DATABASE_PASSWORD = "x9Kq2mVz71"
PRODUCTION = {
    **SECRETS,
    "DATABASE_URL": f"postgresql://billing:{DATABASE_PASSWORD}@db.example.ee/billing",
    "REDIS_URL": "rediss://valkey.example.ee:6379/0",
    "BASE_URL": "https://billing.example.ee",
    "EVERYPAY_BASE": "https://pay.every-pay.eu/api/v4",
    "API_USERNAME": "a1b2c3",
    "ACCOUNT_NAME": "EUR3D1",
    "LINKPAY_PREFIX": "https://pay.every-pay.eu/lp",
    "LINKPAY_TOKEN": "tok123",
    "BASE_REGISTRY": "https://registry.example.ee",
    "TARA_IDENTIFIER": "billing",
    "TARA_REDIRECT_URI": "https://billing.example.ee/auth/tara/callback",
    "TARA_ISSUER": "https://tara.ria.ee",
}
DEVELOPMENT = {
    "BILLING_DEVELOPMENT": "1",
    "DATABASE_URL": "postgresql:///billing?host=/tmp/x",
    "REDIS_URL": "unix:///tmp/valkey.sock",
    "SECRET_KEY": "secret",
}


def faults_of(env: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsFault) as caught:
        load_settings(env)
    return caught.value.faults


def fault_of(**changes: str) -> str:
    found = faults_of(PRODUCTION | changes)
    assert len(found) == 1, found
    return found[0]


def test_complete_production_settings_are_accepted():
    settings = load_settings(PRODUCTION)
    assert not settings.development
    assert settings.everypay.base == "https://pay.every-pay.eu/api/v4"
    assert settings.initiators.payment_urls == {"registry": "https://registry.example.ee/eis_billing/payment_status"}


def test_everything_missing_is_reported_at_once():
    names = {fault.partition(":")[0] for fault in faults_of({})}
    assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "BILLING_SECRET", "EVERYPAY_KEY", "TARA_ISSUER"} <= names


def test_an_unreadable_value_hides_no_other_fault():
    found = faults_of(PRODUCTION | {"TRUSTED_PROXIES": "many", "TARA_DISCOVERY": "jah", "SECRET_KEY": "changeit"})
    assert [fault.partition(":")[0] for fault in found] == ["TRUSTED_PROXIES", "TARA_DISCOVERY", "SECRET_KEY"]


def test_every_fault_is_one_line_of_the_sentence():
    with pytest.raises(SettingsFault, match=r"^2 settings cannot be used:\n  PORT: .+\n  LOG_LEVEL: .+$"):
        load_settings(PRODUCTION | {"LOG_LEVEL": "loud", "PORT": "70000"})


@pytest.mark.parametrize("name", ["SECRET_KEY", "BILLING_SECRET"])
@pytest.mark.parametrize(
    "value", ["secret", "test", "changeit", "a" * 64, "short-but-random-9f1c", "change-me-please-" * 3]
)
def test_well_known_or_short_secrets_are_refused(name: str, value: str):
    """T86"""
    assert fault_of(**{name: value}).startswith(f"{name}: is ")


@pytest.mark.parametrize("value", ["changeit", "test", "password", "simulated-secret"])
def test_sample_secrets_of_providers_are_refused(value: str):
    """T86"""
    said = fault_of(EVERYPAY_KEY=value)
    assert said.startswith("EVERYPAY_KEY: is ")
    assert said.endswith("; copy the one its provider gave you")


def test_one_secret_for_two_purposes_is_refused():
    """T86"""
    assert "same value" in fault_of(BILLING_SECRET=SECRETS["SECRET_KEY"])


@pytest.mark.parametrize(
    "url",
    [
        "http://registry.example.ee",
        "https://127.0.0.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://[::1]:8443",
        "https://[::ffff:10.0.0.1]",
        "https://10.1.2.3",
        "https://192.0.2.7",
        "https://8.8.8.8",
        "https://localhost",
        "https://registry",
        "https://registry.local",
        "https://db.internal",
    ],
)
def test_local_open_or_literal_addresses_are_refused(url: str):
    """T43, T86"""
    assert fault_of(BASE_REGISTRY=url).startswith("BASE_REGISTRY: ")


def test_each_address_of_a_list_is_checked():
    """T42"""
    assert fault_of(ALLOWED_BASE_URLS="https://a.example.ee, http://b.example.ee").startswith("ALLOWED_BASE_URLS: ")


@pytest.mark.parametrize(
    "url",
    ["registry.example.ee", "ftp://x.ee", "https://", "https://u:p@x.ee", "https://x.ee/?a=1", "https://x.ee/#a",
     "https://x.ee:99999", "https://x.ee\\y", "https://x .ee", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_address_is_refused_everywhere(url: str):
    """T42"""
    assert any(fault.startswith("BASE_REGISTRY: ") for fault in faults_of(DEVELOPMENT | {"BASE_REGISTRY": url}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLASK_DEBUG", "1"),
        ("LHV_DEV_MODE", "true"),
        ("SMTP_ENABLE_STARTTLS_AUTO", "false"),
        ("SMTP_OPENSSL_VERIFY_MODE", "none"),
        ("REDIS_URL", "rediss://valkey.example.ee/0?ssl_cert_reqs=none"),
        ("REDIS_URL", "rediss://valkey.example.ee/0?ssl_check_hostname=False"),
    ],
)
def test_no_setting_switches_the_checking_of_certificates_off(name: str, value: str):
    """T87"""
    assert fault_of(**{name: value}).startswith(f"{name}: ")


def test_verification_of_mail_servers_cannot_be_switched_off_in_development_either():
    """T87"""
    assert faults_of(DEVELOPMENT | {"SMTP_OPENSSL_VERIFY_MODE": "none"})


def test_demo_and_real_gateway_are_not_mixed():
    """T11"""
    assert "both" in fault_of(LINKPAY_PREFIX="https://igw-demo.every-pay.com/lp")


def test_login_comes_back_to_this_system_only():
    """T54"""
    assert "BASE_URL" in fault_of(TARA_REDIRECT_URI="https://billing.example.ee.evil.example/callback")


def test_development_allows_plain_http_and_known_secrets():
    settings = load_settings(DEVELOPMENT | {"EVERYPAY_BASE": "http://127.0.0.1:9/api/v4", "BILLING_SECRET": "secret"})
    assert settings.development
    assert settings.everypay.base == "http://127.0.0.1:9/api/v4"


def test_development_is_never_on_by_itself():
    assert any(
        "SECRET_KEY" in fault for fault in faults_of(PRODUCTION | {"BILLING_DEVELOPMENT": "0", "SECRET_KEY": "secret"})
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [("true", True), (" TRUE ", True), ("1", True), ("'yes'", True), ("On", True), ("t", True),
     ("false", False), ("False", False), ("0", False), ("no", False), ("off", False), ('"f"', False), ("nil", False)],
)  # fmt: skip
def test_a_switch_means_what_was_written(written: str, meant: bool):  # noqa: FBT001
    assert load_settings(DEVELOPMENT | {"TARA_DISCOVERY": written}).tara.discovery is meant


def test_an_empty_value_is_no_value():
    assert load_settings(DEVELOPMENT | {"TARA_DISCOVERY": " ", "PORT": ""}).port == 8000


def test_lists_are_split_at_commas_and_spaces():
    settings = load_settings(DEVELOPMENT | {"PAYMENT_POLL_LADDER_S": "1, 2,3", "TARA_SCOPE": "openid idcard"})
    assert settings.payment_poll_ladder_s == (1, 2, 3)
    assert settings.tara.scope == ("openid", "idcard")


@pytest.mark.parametrize("value", ["", "1,0", "1,-2", "soon"])
def test_a_ladder_has_positive_steps(value: str):
    env = DEVELOPMENT | {"PAYMENT_POLL_LADDER_S": value}
    if value:
        assert faults_of(env)[0].startswith("PAYMENT_POLL_LADDER_S: ")
    else:
        assert len(load_settings(env).payment_poll_ladder_s) == 8


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_a_database_url_names_the_driver(scheme: str):
    settings = load_settings(DEVELOPMENT | {"DATABASE_URL": f"{scheme}://u@h/d"})
    assert settings.database_url.get_secret_value() == "postgresql+psycopg://u@h/d"


def test_other_databases_are_refused():
    assert faults_of(DEVELOPMENT | {"DATABASE_URL": "sqlite:///x"})[0].startswith("DATABASE_URL: ")


def test_host_may_be_written_without_scheme():
    assert load_settings(DEVELOPMENT | {"TARA_HOST": "tara.ria.ee"}).tara.host == "https://tara.ria.ee"


@pytest.mark.parametrize(
    "keys", ["{", "[]", '{"keys":[]}', '{"kty":"oct","k":"AA"}', '{"kty":"RSA","n":"1","e":"2","d":"3"}']
)
def test_only_public_keys_are_accepted_from_the_environment(keys: str):
    """T31"""
    assert faults_of(DEVELOPMENT | {"TARA_KEYS": keys})[0].startswith("TARA_KEYS: ")


def test_public_keys_are_accepted_alone_or_as_a_set():
    key = {"kty": "RSA", "n": "1", "e": "AQAB"}
    for document in (key, {"keys": [key]}):
        assert load_settings(DEVELOPMENT | {"TARA_KEYS": json.dumps(document)}).tara.keys


def test_payment_url_said_wins_over_the_derived_one():
    env = DEVELOPMENT | {
        "BASE_AUCTION": "http://auction:3000/",
        "BASE_EEID": "http://eeid:3000",
        "EEID_UPDATE_PAYMENT_URL": "http://eeid:3000/paid",
    }
    assert load_settings(env).initiators.payment_urls == {
        "auction": "http://auction:3000/eis_billing/payment_status",
        "eeid": "http://eeid:3000/paid",
    }


def test_a_secret_may_come_from_a_mounted_file(tmp_path: Path):
    (tmp_path / "key").write_text(SECRETS["SECRET_KEY"] + "\n")
    env = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}
    settings = load_settings(env | {"SECRET_KEY_FILE": str(tmp_path / "key")})
    assert settings.secret_key.get_secret_value() == SECRETS["SECRET_KEY"]


def test_a_secret_is_given_once(tmp_path: Path):
    assert "twice" in faults_of(PRODUCTION | {"SECRET_KEY_FILE": str(tmp_path / "x")})[0]


def test_a_secret_file_that_cannot_be_read_is_a_fault(tmp_path: Path):
    env = DEVELOPMENT | {"EVERYPAY_KEY_FILE": str(tmp_path / "none")}
    assert faults_of(env) == ["EVERYPAY_KEY_FILE: no text file can be read there"]


def test_what_is_given_twice_is_named_as_it_was_written(tmp_path: Path) -> None:
    """Who is told to remove EVERYPAY_KEY looks in vain for it where `everypay_key` stands (eis.md 2.1)."""
    (tmp_path / "key").write_text("s3cr3t", encoding="utf-8")
    twice = "EVERYPAY_KEY: is given twice, by everypay_key and by {}; remove one"
    bare = {name: value for name, value in DEVELOPMENT.items() if name != "EVERYPAY_KEY"}
    for file in ("EVERYPAY_KEY_FILE", "everypay_key_file"):
        env = bare | {"everypay_key": "s1", file: str(tmp_path / "key")}
        assert twice.format(file) in faults_of(env)
    assert faults_of(bare | {"everypay_key_file": str(tmp_path / "none")})[0].startswith("everypay_key_file: ")


def test_no_secret_shows_in_any_rendering():
    """T82"""
    settings = load_settings(PRODUCTION)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()} {vars(settings)}"
    for secret in (*SECRETS.values(), DATABASE_PASSWORD):
        assert secret not in shown


def test_settings_are_never_pickled():
    """T82"""
    settings = load_settings(PRODUCTION)
    for group in (settings, settings.everypay):
        with pytest.raises(TypeError):
            pickle.dumps(group)
    assert copy.deepcopy(settings).port == settings.port


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load_settings(PRODUCTION).port = 1


def test_all_secrets_are_known_to_whoever_keeps_them_out_of_the_logs():
    """T81"""
    assert {*SECRETS.values(), DATABASE_PASSWORD} <= secret_values(load_settings(PRODUCTION))


def test_the_environment_is_read_only_where_it_is_handed_in(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "1234")
    assert load_settings(DEVELOPMENT).port == 8000
    for name, value in DEVELOPMENT.items():
        monkeypatch.setenv(name, value)
    assert load_settings().port == 1234


@given(st.dictionaries(st.sampled_from(sorted({*PRODUCTION, "PORT", "TARA_KEYS", "ALLOWED_BASE_URLS"})), st.text()))
def test_no_environment_makes_anything_but_settings_or_faults(env: dict[str, str]):
    """T82: and no fault shows the value of a secret."""
    said = _said(env)
    for name in (*SECRETS, "DATABASE_URL"):
        secret = env.get(name, "").strip()
        if len(secret) >= 8 and secret in said:
            assert secret in _said(env | {name: "another one"}), "it stands in a sentence of ours, such as https://"


def _said(env: dict[str, str]) -> str:
    """Return what is wrong without the names of settings, which may be drawn as a secret."""
    try:
        assert isinstance(load_settings(PRODUCTION | env), Settings)
    except SettingsFault as fault:
        return re.sub(r"[A-Z_]{4,}", "", str(fault))
    return ""
