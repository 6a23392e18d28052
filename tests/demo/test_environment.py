"""What the processes are told leads to the simulators, and to nothing outside."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from app.config import load_settings
from app.demo import environment, startup_message
from app.demo.environment import Installation
from app.demo.up import head
from app.integrations import sign_token
from app.integrations.everypay.simulator_shop import EveryPayConfig
from app.integrations.tara.simulator import TaraConfig

if TYPE_CHECKING:
    from pathlib import Path

PORTS = {name: 9000 + nth for nth, name in enumerate(environment.SIMULATORS)}
SECRETS = {name: f"{name} of this test" for name in [*environment.OWN_SECRETS, *environment.SIMULATED_SECRETS]}


@pytest.fixture
def this() -> Installation:
    return Installation("http://127.0.0.1:8080", PORTS, SECRETS)


@pytest.fixture
def bare() -> Installation:
    return Installation("http://127.0.0.1:8080", {}, SECRETS)


def test_with_simulators_no_stray_provider_is_left(this: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EVERYPAY_BASE", "LINKPAY_PREFIX", "BASE_REGISTRY", "AUCTION_UPDATE_PAYMENT_URL", "TARA_ISSUER"):
        monkeypatch.setenv(name, "https://real.example")
    told = environment.settings(this, "postgresql://x", "redis://x")
    assert [name for name, value in told.items() if "real.example" in value] == []


def test_without_simulators_providers_are_what_the_environment_says(
    bare: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERYPAY_BASE", "http://127.0.0.1:7777/api/v4")
    told = environment.settings(bare, "postgresql://x@/billing", "redis://x")
    assert load_settings(told).everypay.base == "http://127.0.0.1:7777/api/v4"


def test_what_is_told_is_a_complete_development_system(this: Installation) -> None:
    settings = load_settings(environment.settings(this, "postgresql://x@/billing", "unix:///tmp/x"))
    assert settings.development
    assert settings.initiators.payment_urls["auction"].startswith("http://127.0.0.1:")


def test_the_shop_is_called_what_its_simulator_calls_it() -> None:
    shop, tara = EveryPayConfig("", ""), TaraConfig("")
    assert {
        "API_USERNAME": shop.api_username,
        "ACCOUNT_NAME": shop.account_name,
        "LINKPAY_TOKEN": shop.linkpay_token,
    } == environment.SHOP
    assert {"TARA_IDENTIFIER": tara.client_id} == environment.CLIENT


def test_tokens_are_those_the_services_sign() -> None:
    assert (
        environment.token("registry", "secret").split(".")[1]
        == sign_token({"initiator": "registry"}, "secret").split(".")[1]
    )


def test_secrets_of_the_simulators_are_not_on_a_command_line(this: Installation, tmp_path: Path) -> None:
    told = json.loads(environment.simulators_told(this, tmp_path)[environment.SIMULATORS_VARIABLE])
    assert told["secrets"]["everypay_key"] == SECRETS["EVERYPAY_KEY"]
    assert set(told["ports"]) == set(environment.SIMULATORS)


def test_three_curl_lines_are_shown(this: Installation) -> None:
    assert len(re.findall(r"\bcurl -s", startup_message.words(this))) == 3


def test_without_simulators_none_is_announced(bare: Installation) -> None:
    assert startup_message.endpoints(bare)["simulators"] == {}
    assert "curl" not in startup_message.words(bare)


def test_the_first_page_is_announced_without_what_takes_the_simulators(this: Installation) -> None:
    assert this.web in startup_message.address(this)
    assert not re.search("sign_in|curl|9000", startup_message.address(this))


def test_the_newest_revision_is_found_without_the_migration_tool() -> None:
    from app.queries import schema_version  # noqa: PLC0415

    assert head() == schema_version.head()


def test_a_command_beside_a_running_system_reads_its_settings(tmp_path: Path) -> None:
    assert environment.running_beside(tmp_path) == {}
    (tmp_path / environment.RUNNING).write_text('{"DATABASE_URL": "postgresql://x"}')
    assert environment.running_beside(tmp_path) == {"DATABASE_URL": "postgresql://x"}
    (tmp_path / environment.RUNNING).write_text('{"DATA')
    assert environment.running_beside(tmp_path) == {}
