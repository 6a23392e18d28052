"""Every route of version 2 x every foreign thing: not there, in the same words, and nothing happens (T29)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.client import BACK, problem_of
from tests.api.owners import CALLERS

if TYPE_CHECKING:
    from tests.api.client import Api

# Whose key speaks for the owner.
SPEAKER = {"business_registry": "registry"}
# Every route that takes a name in its path, and what a stranger says with it.
NAMED: dict[tuple[str, str], Any] = {
    ("GET", "/invoices/<int:number>"): None,
    ("GET", "/invoices/<int:number>/why-not-paid"): None,
    ("PATCH", "/invoices/<int:number>"): {"amount": "1.00"},
    ("POST", "/invoices/<int:number>/cancellation"): {"reason": "x"},
    ("GET", "/payments/<payment_id>"): None,
    ("GET", "/refunds/<refund_id>"): None,
    ("POST", "/refunds/<refund_id>/withdrawal"): {"reason": "x"},
    ("GET", "/references/<reference>"): None,
    ("GET", "/events/<event_id>"): None,
    ("GET", "/webhook-endpoints/<endpoint_id>"): None,
    ("PATCH", "/webhook-endpoints/<endpoint_id>"): {"enabled": False},
    ("GET", "/webhook-endpoints/<endpoint_id>/secret"): None,
    ("POST", "/webhook-endpoints/<endpoint_id>/secret"): {},
    ("GET", "/webhook-endpoints/<endpoint_id>/deliveries"): None,
    ("POST", "/webhook-endpoints/<endpoint_id>/resend"): {"created_from": "2026-01-01T00:00:00Z"},
    ("POST", "/webhook-endpoints/<endpoint_id>/ping"): {},
}
# And those that take one in their body; `$` stands for it.
SAID: dict[str, tuple[str, dict[str, Any]]] = {
    "/payments": ("number", {"invoice": "$", "return_url": "$back"}),
    "/refunds": ("payment_id", {"payment": "$", "reason": "x"}),
}
NOBODYS: dict[str, Any] = {
    "number": 42,
    "payment_id": "A" * 22,
    "refund_id": "rf_" + "0" * 24,
    "reference": "9999999",
    "event_id": "evt_" + "0" * 32,
    "endpoint_id": "we_" + "0" * 24,
}
COUNTED = ("event", "outbox", "payment", "refund", "webhook_endpoint", "review_item", "ledger_transaction")
PAIRS = [(caller, owner) for caller, owners in CALLERS.items() for owner in owners]


@pytest.fixture(scope="module")
def things() -> dict[str, dict[str, Any]]:
    """Return what each owner has, made once."""
    return {}


def of(api: Api, owner: str, things: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if owner not in things:
        things[owner] = _made(api, owner)
    return things[owner]


def _made(api: Api, owner: str) -> dict[str, Any]:
    speaker = SPEAKER.get(owner, owner)
    number = api.system.invoice(speaker, **({"custom_field2": owner} if speaker != owner else {}))
    reference = api.system.one_off(number, speaker)
    api.system.pay(reference)
    api.system.callback(reference)
    api.system.drain()
    api.system.catch_up()
    payment: Any = api.v2(f"/payments?invoice={number}", code=speaker).json
    refund: Any = api.v2("/refunds", {"payment": payment["data"][0]["id"], "amount": "1", "reason": "x"}, code=speaker)
    events: Any = api.v2(f"/invoices/{number}?expand=events", code=speaker).json
    endpoint: Any = api.v2("/webhook-endpoints", {"url": f"http://{speaker}.test/hooks"}, code=speaker)
    api.v2(f"/webhook-endpoints/{endpoint.json['id']}", {"enabled": False}, method="PATCH", code=speaker)
    return {
        "number": number,
        "payment_id": payment["data"][0]["id"],
        "refund_id": refund.json["id"],
        "reference": api.v2("/references", {"initiator": owner}, code=speaker).json["number"],  # type: ignore[index]
        "event_id": events["events"][0]["id"],
        "endpoint_id": endpoint.json["id"],
    }


def state(api: Api) -> list[int]:
    return [api.count(table) for table in COUNTED]


def same(  # noqa: PLR0917 - a call
    api: Api, method: str, path: str, body: Any, caller: str, named: Any
) -> dict[str, Any]:
    """Return the problem a stranger gets, without what was named and what is different each time."""
    answer = api.v2(path, body, code=caller, method=method)
    problem = problem_of(answer, answer.status_code)
    assert problem.pop("request_id")
    return {**problem, "detail": problem["detail"].replace(str(named), "N")}


@pytest.mark.parametrize(("caller", "owner"), PAIRS)
@pytest.mark.parametrize(("method", "rule"), NAMED)
def test_a_foreign_thing_is_not_there(  # noqa: PLR0917 - one axis of the matrix each
    api: Api, things: dict[str, dict[str, Any]], method: str, rule: str, caller: str, owner: str
) -> None:
    theirs, body = of(api, owner, things), NAMED[method, rule]
    name = rule.partition("<")[2].partition(">")[0].removeprefix("int:")
    place = rule[rule.index("<") : rule.index(">") + 1]
    before = state(api)
    foreign, nothing = (
        same(api, method, rule.replace(place, str(each)), body, caller, each) for each in (theirs[name], NOBODYS[name])
    )
    assert foreign["status"] == 404
    assert foreign == nothing
    assert state(api) == before


@pytest.mark.parametrize(("caller", "owner"), PAIRS)
@pytest.mark.parametrize("path", SAID)
def test_a_foreign_thing_that_is_named_in_a_body_is_not_there(
    api: Api, things: dict[str, dict[str, Any]], path: str, caller: str, owner: str
) -> None:
    name, wish = SAID[path]
    before = state(api) if owner in things else (of(api, owner, things) and state(api))
    foreign, nothing = (
        same(
            api, "POST", path, {k: {"$": each, "$back": BACK[caller]}.get(v, v) for k, v in wish.items()}, caller, each
        )
        for each in (of(api, owner, things)[name], NOBODYS[name])
    )
    assert foreign["status"] == 404
    assert foreign == nothing
    assert state(api) == before


@pytest.mark.parametrize(("caller", "owner"), PAIRS)
def test_no_list_shows_a_foreign_thing(api: Api, things: dict[str, dict[str, Any]], caller: str, owner: str) -> None:
    theirs = of(api, owner, things)
    for path in (
        f"/invoices?number={theirs['number']}",
        f"/payments?invoice={theirs['number']}",
        f"/refunds?payment={theirs['payment_id']}",
        f"/refunds?invoice={theirs['number']}",
    ):
        answer: Any = api.v2(path, code=caller).json
        assert answer["data"] == [], path
    hooks: Any = api.v2("/webhook-endpoints", code=caller).json
    assert theirs["endpoint_id"] not in {each["id"] for each in hooks["data"]}


def test_the_matrix_knows_every_route(api: Api) -> None:
    prefix, known = "/api/v2", set()
    for rule in api.system.app.url_map.iter_rules():
        if rule.rule.startswith(f"{prefix}/") and rule.arguments:
            known |= {
                (method, rule.rule.removeprefix(prefix)) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
            }
    assert known == set(NAMED)
