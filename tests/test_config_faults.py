"""What is wrong with a setting is told in plain words, once, and before anything is reached through it."""

from __future__ import annotations

import importlib

import pytest

from app.config import load_settings, production, secret_values
from tests.test_config import DEVELOPMENT, PRODUCTION, fault_of, faults_of


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql://billing:pw@db.example.ee/",
        "postgresql://billing:pw@db.example.ee:abc/billing",
        "postgresql://billing:pw@db.example.ee:99999/billing",
        "postgresql://billing:p@ss@db.example.ee/billing",
        "postgresql://[::1/billing",
    ],
)
def test_a_database_url_names_a_database_and_a_host_there_can_be(url: str):
    assert "write postgresql://user:password@host:5432/database" in fault_of(DATABASE_URL=url)


@pytest.mark.parametrize(
    "url",
    [
        "redis://valkey.example.ee:abc/0",
        "redis://valkey.example.ee:99999/0",
        "redis://valkey.example.ee/0?db=x",
        "redis://valkey.example.ee/0?no_such_option=1",
        "redis://[::1/0",
        "unix://",
        "redis+sentinel://sentinel.example.ee/",
        "redis+sentinel://sentinel.example.ee:x/billing/0",
    ],
)
def test_a_redis_url_is_one_a_client_can_be_made_of(url: str):
    assert fault_of(REDIS_URL=url).startswith("REDIS_URL: ")


def test_sentinels_may_stand_before_redis():
    url = "redis+sentinel://:pw@one.example.ee:26379,two.example.ee/billing/0"
    assert load_settings(PRODUCTION | {"REDIS_URL": url}).redis_url.get_secret_value() == url


@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [
        ("PORT", "eight", "write a whole number"),
        ("PORT", "70000", "write a number of at most 65535"),
        ("SESSION_IDLE_S", "1", "write a number of at least 60"),
        ("DEPOSIT_MIN_NUM", "0", "write a number above 0"),
        ("LOG_LEVEL", "loud", "write 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("EVERYPAY_CURRENCY", "euro", "write it in the shape of its default"),
        ("PAYMENT_POLL_LADDER_S", "a b c", "write a whole number"),
        ("PAYMENT_POLL_LADDER_S", "9" * 12, "write a number of at most 31536000"),
        ("EVERYPAY_BASE", "https://pay.every-pay.eu:x", "has a host or a port that is none"),
    ],
)
def test_a_fault_is_told_once_and_in_plain_words(name: str, value: str, cure: str):
    assert fault_of(**{name: value}).startswith(f"{name}: {cure}")


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "API_USERNAME", "BASE_URL", "PORT"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_that_no_shell_took_off_are_named(name: str, quote: str):
    value = {**PRODUCTION, "PORT": "8000"}[name]
    assert fault_of(**{name: f"{quote}{value}{quote}"}).startswith(f"{name}: is written in quotes")


def test_what_is_missing_is_told_with_its_cure():
    told = {fault.partition(":")[0]: fault for fault in faults_of({})}
    assert "make one with" in told["SECRET_KEY"]
    assert "copy the one its provider gave you" in told["TARA_SECRET"]
    assert "docs/configuration.md" in told["API_USERNAME"]


def test_a_base_that_cannot_be_used_accuses_nothing_else():
    assert (
        fault_of(BASE_URL="billing.example.ee") == "BASE_URL: write a whole address such as https://host.example/path"
    )


@pytest.mark.parametrize("password", ["p/a1b2c3", "p%40a1b2c3", "p#a1b2c3", "p[a1b2c3"])
def test_a_password_inside_a_url_is_known_however_it_is_spelled(password: str):
    url = f"postgresql://billing:{password}@db.example.ee/billing"
    assert {password, password.replace("%40", "@")} <= secret_values(load_settings(PRODUCTION | {"DATABASE_URL": url}))


def test_a_secret_may_look_like_a_broken_address():
    assert "https://[::1ab" in secret_values(load_settings(PRODUCTION | {"EVERYPAY_KEY": "https://[::1ab"}))


@pytest.mark.parametrize("begin", [PRODUCTION, DEVELOPMENT], ids=["production", "development"])
@pytest.mark.parametrize(
    ("first", "last", "fault"),
    [
        ("50", "3", "DEPOSIT_MAX_NUM: must not be below"),
        ("140000", "150005", "DEPOSIT_MIN_NUM: and DEPOSIT_MAX_NUM must leave out"),
        ("309999", "310001", "DEPOSIT_MIN_NUM: and DEPOSIT_MAX_NUM must leave out"),
    ],
)
def test_deposit_numbers_no_tables_can_be_made_with_are_refused(
    begin: dict[str, str], first: str, last: str, fault: str
) -> None:
    found = faults_of(begin | {"DEPOSIT_MIN_NUM": first, "DEPOSIT_MAX_NUM": last})
    assert [each[: len(fault)] for each in found] == [fault]


def test_the_ranges_deposits_leave_out_are_those_the_tables_are_made_with(monkeypatch: pytest.MonkeyPatch) -> None:
    base_rows = importlib.import_module("migrations.versions.0004_base_rows")
    others = {(first, last) for kind, first, last in base_rows.ranges() if kind != "deposit"}
    assert others == set(production._NUMBERED_FROM_THE_START)
    for name, value in (("deposit_min_num", "20001"), ("deposit_max_num", "20009")):
        monkeypatch.setenv(name, value)
    assert ("deposit", 20001, 20009) in base_rows.ranges()


@pytest.mark.parametrize("sender", ["", "billing", "Billing <billing>", "billing@example.ee\nBcc: b@example.ee"])
def test_letters_leave_in_somebodys_name(sender: str):
    """T64"""
    server = {"SMTP_ADDRESS": "mail.example.ee"}
    assert fault_of(**server, ACTION_MAILER_DEFAULT_FROM=sender).startswith("ACTION_MAILER_DEFAULT_FROM: ")
    load_settings(PRODUCTION | server | {"ACTION_MAILER_DEFAULT_FROM": "EIS Billing <billing@example.ee>"})


@pytest.mark.parametrize(
    "more",
    [
        {"CHAIN_HEADS_TO": "auditor@example.ee"},
        {"CHAIN_HEADS_TO": "auditor", "SMTP_ADDRESS": "m.example.ee", "ACTION_MAILER_DEFAULT_FROM": "b@example.ee"},
    ],
)
def test_the_heads_of_the_chains_go_somewhere(more: dict[str, str]):
    assert fault_of(**more).startswith("CHAIN_HEADS_TO: ")
