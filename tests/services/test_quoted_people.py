"""What a gateway quotes in a refusal is covered before it is kept: timelines are sealed for good (security.md T81)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from app.domain.errors import Outcome, ProviderFailure
from app.integrations.everypay import simulator
from tests.services.refunding import ask, order, send, status

if TYPE_CHECKING:
    from tests.system import System

SECRETS = ["mari.maasikas@example.test", "60001019906", "EE382200221020145685", "s3cr3t-of-ours", "eyJhbGciOi.x.y"]
HOSTILE = (
    'Payer mari.maasikas@example.test (60001019906, EE382200221020145685) sent "api_secret": "s3cr3t-of-ours" '
    "and Authorization: Bearer eyJhbGciOi.x.y"
)
KEPT = {
    "event": "select coalesce(reason, '') || data::text from event",
    "review_item": "select sentence || evidence::text || coalesce(resolution, '') from review_item",
    "refund": "select coalesce(failure_message, '') from refund",
    "payment": "select coalesce(failure_message, '') from payment",
    "outbox": "select coalesce(last_error, '') from outbox",
}


@pytest.fixture
def _hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    said = simulator._error

    def quote(code: int, number: int, _message: str) -> Any:
        return said(code, number, HOSTILE)

    monkeypatch.setattr(simulator, "_error", quote)


def assert_kept_nowhere(system: System) -> None:
    kept = {table: json.dumps([row[0] for row in system.rows(query)]) for table, query in KEPT.items()}
    assert [(table, each) for table, words in kept.items() for each in SECRETS if each in words] == []
    assert "Payer" in "".join(kept.values()), "what was said is kept all the same"


@pytest.mark.usefixtures("_hostile")
def test_a_refused_refund_keeps_nobody_who_is_quoted(system: System) -> None:
    reference = system.one_off(system.invoice())
    system.pay(reference, method="bank")
    system.callback(reference)
    system.drain()
    asked = ask(system, order(system, reference))
    send(system, asked.id)
    assert status(system, asked.id) == "failed"
    assert system.scalar("select count(*) from review_item where kind = 'refund.refused'") == 1
    assert_kept_nowhere(system)


@pytest.mark.usefixtures("_hostile")
def test_a_refused_page_keeps_and_passes_on_nobody_who_is_quoted(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = system.invoice()
    monkeypatch.setattr(system.shop, "config", replace(system.shop.config, account_name="another"))
    url = "http://registrar.test/back"
    answer = system.call("registry", "/invoice_generator/oneoff", {"invoice_number": str(number), "customer_url": url})
    assert answer.status_code == 422
    assert [each for each in SECRETS if each in answer.text] == []
    assert_kept_nowhere(system)


def test_whoever_reads_the_failure_itself_reads_it_covered() -> None:
    failure = ProviderFailure("everypay", HOSTILE, outcome=Outcome.REFUSED)
    assert [each for each in SECRETS if each in f"{failure} {failure.detail}"] == []
