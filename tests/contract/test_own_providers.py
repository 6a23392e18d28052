"""`billing up --no-simulators` between providers of somebody else: settings as EIS wrote them, bytes as callers send.

The callers are registry's Net::HTTP, which writes the whole address into its request line, and auction's Faraday; what
they hear is compared key by key and type by type (eis.md 2.1, 9.1, 10.2, appendix B).
"""

from __future__ import annotations

import json
import re
import socket
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from app.demo.environment import token
from tests.contract.own_providers import STATE, Providers
from tests.live import Live

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.restarts, pytest.mark.timeout(240)]
SECRET = "the-secret-of-five-services-0123"
SNAPSHOT = {
    "account_name", "order_reference", "email", "customer_ip", "customer_url", "payment_created_at", "initial_amount",
    "standing_amount", "payment_reference", "payment_link", "api_username", "warnings", "stan", "fraud_score",
    "payment_state", "payment_method", "ob_details", "creditor_iban", "ob_payment_reference", "ob_payment_state",
    "transaction_time",
}  # fmt: skip
RUBY = "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\nAccept: */*\r\nUser-Agent: Ruby\r\n"


def written(there: str) -> dict[str, str]:
    """Return the settings as application.yml of EIS has them."""
    found = {
        "billing_secret": SECRET,
        "everypay_base": f"{there}/everypay/api/v4",
        "api_username": "abc",
        "everypay_key": "k>y?+/secret",
        "account_name": "EUR3D1",
        "linkpay_prefix": f"{there}/everypay/lp",
        "linkpay_token": "tok123",
        "timeout_is_sec": "3",
        "base_registrar": "http://registrar.test",
        "allowed_base_urls": "http://registry.test,http://dev.test",
        "EVERYPAY_BAS": "misspelt",
    }
    for code in ("registry", "auction", "eeid"):
        found[f"base_{code}"] = f"{there}/{code}"
        found[f"{code}_update_payment_url"] = f"{there}/{code}/eis_billing/payment_status"
    return found


@pytest.fixture(scope="module")
def providers() -> Providers:
    return Providers().start()


@pytest.fixture(scope="module")
def up(providers: Providers) -> Iterator[Live]:
    system = Live.in_new_folder("--no-simulators", "--no-demo-data")
    with pytest.MonkeyPatch.context() as environ:
        for name, value in written(providers.url).items():
            environ.setenv(name, value)
        yield system.start()
        system.remove()


def say(up: Live, code: str, method: str, path: str, body: Any = None, *, whole: bool = False) -> tuple[int, Any]:
    """Send as Ruby does; `whole` writes the whole address into the request line, as registry does."""
    at = urlsplit(up.web)
    text = "" if body is None else json.dumps(body)
    length = f"Content-Length: {len(text)}\r\n" if text else ""
    target = f"{up.web}{path}" if whole else path
    request = (
        f"{method} {target} HTTP/1.1\r\nAuthorization: Bearer {token(code, SECRET)}\r\n"
        f"Content-Type: application/json\r\n{RUBY}Host: {at.netloc}\r\nConnection: close\r\n{length}\r\n{text}"
    )
    with socket.create_connection((str(at.hostname), at.port or 80), 30) as line:
        line.sendall(request.encode())
        answer = b"".join(iter(lambda: line.recv(65_536), b""))
    head, _, said = answer.decode().partition("\r\n\r\n")
    assert "content-type: application/json" in head.lower(), head
    assert "content-encoding" not in head.lower(), head
    return int(head.split()[1]), json.loads(said)


MAKER = "/api/v1/invoice_generator"


def invoice(up: Live, code: str, amount: Any = "120.0") -> int:
    status, made = say(up, code, "POST", f"{MAKER}/invoice_number_generator", whole=code == "registry")
    assert (status, set(made)) == (201, {"message", "invoice_number"})
    number: int = made["invoice_number"]
    body = {
        "transaction_amount": amount,
        "order_reference": number,
        "customer_name": None,
        "customer_email": None,
        "custom_field1": "prepended",
        "custom_field2": code,
        "invoice_number": number,
        "reference_number": None,
        "reserved_domain_names": None,
    }
    status, made = say(up, code, "POST", f"{MAKER}/invoice_generator", body, whole=code == "registry")
    assert (status, set(made)) == (201, {"message", "everypay_link"})
    return number


def paid(up: Live, providers: Providers, link: str) -> str:
    """Let the payer pay and the gateway call; returns the reference."""
    reference = link.rpartition("/")[2]
    providers.settle(reference)
    told = (
        f"/api/v1/callback_handler/callback?payment_reference={reference}&order_reference=x&event_name=status_updated"
    )
    assert say(up, "registry", "GET", told)[0] == 200
    return reference


def back(providers: Providers, code: str) -> str:
    return "http://registrar.test/invoices/callback" if code == "registry" else f"{providers.url}/{code}/back"


def one_off(up: Live, providers: Providers, code: str, number: int) -> str:
    body = {"invoice_number": str(number), "customer_url": back(providers, code), "amount": None}
    status, made = say(up, code, "POST", f"{MAKER}/oneoff", body)
    assert status == 201, made
    return str(made["oneoff_redirect_link"])


def told(up: Live, providers: Providers, path: str, what: str) -> Any:
    """Return the last that was heard there about something, its numbers as written."""
    up.until(lambda: any(what in each.raw for each in providers.at(path)), timeout_s=60)
    heard = [each for each in providers.at(path) if what in each.raw][-1]
    assert heard.method == "PUT"
    assert heard.headers["Authorization"] == f"Bearer {token('billing', SECRET)}"
    assert heard.headers["Content-Type"] == "application/json"
    return heard.body()


def test_a_misspelt_setting_is_told_at_the_start(up: Live) -> None:
    console = up.console.read_text()
    assert "warning: EVERYPAY_BAS: is no setting and is not read; did you mean EVERYPAY_BASE?" in console


@pytest.mark.parametrize(("code", "collection"), [("registry", []), ("auction", None), ("eeid", [])])
def test_a_payment_is_told_with_the_21_keys_as_the_gateway_sent_them(
    up: Live, providers: Providers, code: str, collection: Any
) -> None:
    number = invoice(up, code)
    paid(up, providers, one_off(up, providers, code, number))
    body = told(up, providers, f"/{code}/eis_billing/payment_status", f'"{number}"')
    assert set(body) == SNAPSHOT | {"invoice_number_collection"}
    assert body["order_reference"] == str(number)
    assert body["initial_amount"] == body["standing_amount"] == ["120.0"], "a number with the gateway's digits"
    assert (body["stan"], body["fraud_score"]) == (["123456"], ["0"])
    assert body["ob_details"] == {"debtor_iban": "EE1", "creditor_iban": "EE2", "ob_payment_state": "ACSC"}
    absent = ("email", "warnings", "creditor_iban", "ob_payment_reference", "ob_payment_state")
    assert [body[name] for name in absent] == [None] * len(absent)
    assert body["payment_state"] == "settled"
    assert body["transaction_time"] == "2026-01-05T10:01:00Z"
    assert body["invoice_number_collection"] == collection


def test_the_gateway_is_asked_in_its_own_words(up: Live, providers: Providers) -> None:
    number = invoice(up, "registry", 100.5)
    one_off(up, providers, "registry", number)
    heard = providers.at(f"{STATE}/oneoff")[-1]
    assert heard.headers["Authorization"] == "Basic YWJjOms+eT8rL3NlY3JldA==", "the standard alphabet"
    body = heard.body()
    assert re.fullmatch("[0-9]{30}", body.pop("nonce"))
    assert datetime.fromisoformat(body.pop("timestamp")).utcoffset() is not None
    assert body == {
        "api_username": "abc",
        "account_name": "EUR3D1",
        "amount": ["100.50"],
        "order_reference": str(number),
        "request_token": False,
        "customer_url": "http://registrar.test/invoices/callback",
        "preferred_country": "EE",
        "locale": "en",
        "structured_reference": "",
    }


def test_auction_pays_at_once_what_its_floats_come_to(up: Live, providers: Providers) -> None:
    numbers = [invoice(up, "auction", amount) for amount in (0.1, 0.2)]
    body = {
        "transaction_amount": str(0.1 + 0.2),
        "customer_url": back(providers, "auction"),
        "description": " ".join(map(str, numbers)),
        "custom_field2": "auction",
    }
    status, made = say(up, "auction", "POST", f"{MAKER}/bulk_payment", body)
    assert (status, set(made)) == (201, {"message", "oneoff_redirect_link"})
    paid(up, providers, made["oneoff_redirect_link"])
    heard = told(up, providers, "/auction/eis_billing/payment_status", f"{numbers[0]}, {numbers[1]}")
    assert re.fullmatch(rf"Ref:[0-9]+, {numbers[0]}, {numbers[1]}", heard["order_reference"])
    assert heard["invoice_number_collection"] == [{"number": [str(each)], "ref": None} for each in numbers]
    assert heard["initial_amount"] == ["0.3"]


def test_a_deposit_is_told_and_given_back_in_their_words(up: Live, providers: Providers) -> None:
    body = {
        "transaction_amount": "500.0",
        "customer_url": back(providers, "auction"),
        "description": "auction_deposit x.ee, user_uuid 5e03f248-6b1c, user_email a@b.ee",
        "custom_field2": "auction",
        "affiliation": "auction_deposit",
    }
    made = say(up, "auction", "POST", f"{MAKER}/deposit_prepayment", body)[1]
    reference = paid(up, providers, made["oneoff_redirect_link"])
    heard = told(up, providers, "/auction/eis_billing/payment_status", "5e03f248-6b1c")
    number = heard.pop("invoice_number")
    assert heard == {
        "domain_name": "x.ee",
        "user_uuid": "5e03f248-6b1c",
        "user_email": "a@b.ee",
        "transaction_amount": ["500.00"],
        "description": "deposit",
        "affiliation": ["1"],
    }
    asked = {"params": {"invoice_number": int(number[0])}}
    assert say(up, "auction", "POST", "/api/v1/refund/auction", asked) == (200, {"message": "Invoice was refunded"})
    sent = providers.at(f"{STATE}/refund")[-1].body()
    assert (sent["amount"], sent["payment_reference"]) == ("500.00", reference)


def test_registry_polls_a_reservation_by_the_whole_address(up: Live) -> None:
    number = say(up, "registry", "POST", f"{MAKER}/invoice_number_generator", whole=True)[1]["invoice_number"]
    body = {
        "transaction_amount": "20.0",
        "order_reference": number,
        "customer_name": None,
        "customer_email": None,
        "custom_field1": "5e03f248-6",
        "custom_field2": "business_registry",
        "invoice_number": number,
        "reserved_domain_names": ["a.ee", "b.ee"],
    }
    assert say(up, "registry", "POST", f"{MAKER}/invoice_generator", body, whole=True)[0] == 201
    path = f"/api/v1/invoice/reserved_domains_invoice_statuses?invoice_number={number}&user_unique_id=5e03f248-6"
    assert say(up, "registry", "GET", path, whole=True) == (
        200,
        {"message": "Domains are not reserved", "invoice_status": "unpaid", "invoice_number": str(number)},
    )
    given_up = {"domain_name": "a.ee", "token": "5e03f248-6"}
    path = "/api/v1/invoice/reserved_domain_cancellation_statuses"
    assert say(up, "registry", "PATCH", path, given_up, whole=True) == (200, {"message": "All invoices cancelled"})
