"""What people are called and how they pay stands in no line that real work writes: a scan for canaries (T81, I17)."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from app import logs
from app.config import secret_values
from app.domain.ports import Identity
from app.integrations.fault_dial import Fault
from app.services import operator_sessions, white_list
from tests.api.client import (
    DEPOSIT,
    E_INVOICE,
    IMPORT_REFERENCES,
    ONEOFF,
    REFERENCE,
    REFUND,
    REGISTER,
    Api,
    bearer,
)
from tests.system import System, build

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME, MAIL, CODE = "Kanaar Kollane", "kanaar.kollane@example.ee", "EE49003302718"
IBAN, CARD, WORDS, PHONE = "EE471000001020145685", "KANAAR HOLDER", "kanaariku salajane soov", "198.51.100.77"
CANARIES = [NAME, "Kollane", MAIL, "kanaar.kollane", CODE, CODE[2:], IBAN, CARD, WORDS, "kanaariku", PHONE]


@pytest.fixture
def system(fresh_database: str, redis_url: str) -> Iterator[System]:
    made = build(fresh_database, redis_url)
    before, root = structlog.get_config(), logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    logs.configure(level="DEBUG", secrets=secret_values(made.app.extensions["settings"]))
    yield made
    structlog.configure(**before)
    root.setLevel(level)
    root.handlers[:] = handlers
    made.close()


def registered(api: Api, code: str = "registry") -> int:
    body = api.registration(code, customer_name=NAME, customer_email=MAIL, custom_field1=f"{WORDS} {CODE}")
    assert api.send(REGISTER, body, code=code).status_code == 201
    return int(body["invoice_number"])


def pays(system: System, reference: str, state: str = "settled", **more: Any) -> None:
    """Let the gateway know all there is to know of the payer, and say so."""
    system.pay(reference, state, method="bank", **more)
    payment: Any = system.shop.payment(reference)
    payment |= {
        "email": MAIL,
        "customer_ip": PHONE,
        "cc_details": {"holder_name": CARD},
        "ob_details": {"debtor_iban": IBAN, "debtor_name": NAME},
        "linkpay_customer_data": {"customer_name": NAME, "custom_field_1": WORDS},
    }
    system.shop.store.put("payment", reference, payment)
    system.callback(reference)
    system.drain()


def work(system: System, api: Api) -> None:
    """Do what the system is for, and much that goes wrong on the way."""
    number = registered(api)
    pays(system, system.one_off(number))
    assert api.send(REFUND, {"invoice_number": number}).status_code == 422, "a bank link: refused, with words"
    card = registered(api)
    reference = system.one_off(card)
    system.pay(reference)
    system.callback(reference)
    system.drain()
    payment: Any = api.v2(f"/payments?invoice={card}").json
    api.v2("/refunds", {"payment": payment["data"][0]["id"], "amount": "1", "reason": f"{WORDS} {NAME}"})
    wrong = registered(api)
    pays(system, system.one_off(wrong), "shiny")
    for fault in ("html", "reset_after", "truncate"):
        system.shop.dial.turn([Fault("fetch", fault, times=2)])
        pays(system, system.one_off(registered(api)))
        system.service("auction").dial.turn([Fault("payment_status", fault, times=1)])
        pays(system, system.one_off(registered(api, "auction"), "auction"))
        system.shop.dial.turn([])
        system.hurry()
        system.drain()
    deposit = f"auction_deposit kanaar.ee, user_uuid u-{CODE}, user_email {MAIL}"
    body = {"description": deposit, "transaction_amount": "5.0", "customer_url": "http://auction.test/x"}
    assert api.send(DEPOSIT, {**body, "custom_field2": "auction"}, code="auction").status_code == 201
    buyer = {"number": number, "buyer_name": NAME, "buyer_iban": IBAN, "buyer_reg_no": CODE}
    assert api.send(E_INVOICE, {"invoice": buyer, "items": [], "buyer_billing_email": MAIL}).status_code == 200
    assert api.send(REFERENCE, {"owner": NAME, "email": MAIL}).status_code == 201
    api.send(IMPORT_REFERENCES, [{"reference_number": "2144032", "registrar_name": NAME}, {"registrar_name": NAME}])
    refuse(api)
    sign_in(system)


def refuse(api: Api) -> None:
    """Say what is wrong in every way, with a person in it."""
    for body in ({"invoice_number": NAME, "customer_email": [MAIL]}, {"customer_email": MAIL, IBAN: CODE}, [NAME]):
        assert api.send(REGISTER, body).status_code in {400, 422}
    assert api.send(ONEOFF, {"invoice_number": NAME, "customer_url": f"https://x.test/?m={MAIL}"}).status_code == 422
    assert api.raw(REGISTER, f'{{"customer_name": "{NAME}", "customer_email": "{MAIL}"'.encode()).status_code == 400
    for path in (f"/invoices?q={NAME}", f"/invoices?customer_email={MAIL}", f"/references?owner={NAME}", f"/{MAIL}"):
        assert api.v2(path).status_code in {200, 404, 422}
    assert api.get(f"/api/v1/callback_handler/callback?payment_reference={IBAN}{CODE}&x={MAIL}").status_code == 200
    assert api.get(f"/nowhere/{MAIL}?iban={IBAN}", Authorization=f"{bearer()}{CODE}", Cookie=f"s={CODE}").status_code


def sign_in(system: System) -> None:
    with system.app.app_context():
        white_list.add(CODE, role="viewer", name=NAME)
        given, family = NAME.split()
        who = Identity(CODE, given, family, "high")
        operator_sessions.open_session(who, ip=PHONE, user_agent=MAIL)
        with pytest.raises(operator_sessions.NotListed):
            operator_sessions.open_session(Identity("LT49003302718", given, family, "high"), ip=PHONE, user_agent=MAIL)


@pytest.mark.slow
def test_real_work_writes_nothing_of_a_person(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    work(system, Api(system))
    written = capsys.readouterr().err
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    assert len(lines) > 30
    assert {"provider.called"} <= {each["event"] for each in lines}
    assert [each for each in CANARIES if each.lower() in written.lower()] == []
    secrets = [each for each in secret_values(system.app.extensions["settings"]) if each in written]
    assert secrets == []
    tokens = system.rows("select public_token from invoice union all select public_token from payment")
    assert [row for row in tokens if row.public_token in written] == []
