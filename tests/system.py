"""The whole system in one process: the application, its simulators behind the real adapters, and the outbox by hand."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app.extensions import db
from app.integrations import Integrations, sign_token
from app.integrations.everypay.gateway import EveryPayGateway
from app.integrations.everypay.links import LinkPaySigner
from app.integrations.everypay.simulator import create_simulator as create_everypay
from app.integrations.everypay.simulator_shop import EveryPayConfig
from app.integrations.initiators.client import HttpInitiatorClient
from app.integrations.initiators.simulator import create_simulator as create_initiator
from app.integrations.initiators.simulator_service import InitiatorConfig, new_invoice
from app.integrations.mail.sender import SmtpMailer
from app.integrations.webhooks.sender import HttpWebhookSender
from app.jobs.outbox import work_queue
from app.queue import QUEUES
from app.uow import assert_no_transaction, session
from tests.application import application, release
from tests.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx
    from apiflask import APIFlask
    from flask import Flask
    from flask.testing import FlaskClient

    from app.config import MailSettings
    from app.integrations.everypay.simulator_shop import Shop
    from app.integrations.initiators.simulator_service import Service

SECRET = "shared between the services in tests"
KEY = "the gateway key in tests"
ACCOUNT = "EUR3D1"
SERVICES = ("registry", "auction", "eeid")
V1 = "/api/v1"


def environment(database_url: str, redis_url: str) -> dict[str, str]:
    """Return the settings of a development system whose providers are named and never called over a network."""
    return {
        "BILLING_DEVELOPMENT": "1",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a secret key that is long enough for tests",
        "BILLING_SECRET": SECRET,
        "EVERYPAY_BASE": "http://everypay.test/api/v4",
        "EVERYPAY_KEY": KEY,
        "API_USERNAME": "simulated",
        "ACCOUNT_NAME": ACCOUNT,
        "LINKPAY_PREFIX": "http://everypay.test/lp",
        "LINKPAY_TOKEN": "simulated-link",
        "BASE_REGISTRY": "http://registry.test",
        "BASE_REGISTRAR": "http://registrar.test",
        "BASE_AUCTION": "http://auction.test",
        "BASE_EEID": "http://eeid.test",
        "TARA_IDENTIFIER": "simulated",
        "TARA_SECRET": "simulated-secret",
        "TARA_ISSUER": "http://tara.test",
        "TARA_REDIRECT_URI": "http://localhost/auth/tara/callback",
        "BASE_URL": "http://localhost",
        "PARTIAL_PAYMENTS": "1",
    }


@dataclass
class System:
    """The application with everything around it, for tests that tell a story."""

    app: APIFlask
    transports: Mapping[str, Simulator]
    clients: dict[str, FlaskClient] = field(default_factory=dict)

    def close(self) -> None:
        """Close the connections, so that the database can be dropped; another test may have the application then."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        release(self.app)

    @property
    def everypay(self) -> Flask:
        """Return the gateway."""
        return self.transports["everypay"].app

    @property
    def shop(self) -> Shop:
        """Return the gateway's state."""
        shop: Shop = self.everypay.extensions["shop"]
        return shop

    def service(self, code: str) -> Service:
        """Return a service's state."""
        service: Service = self.transports[code].app.extensions["service"]
        return service

    def call(self, code: str, path: str, body: Any = None, *, method: str = "POST", **headers: str) -> Any:
        """Call the API as a service and return the response."""
        token = sign_token({"initiator": code}, SECRET)
        return self.app.test_client().open(
            f"{V1}{path}", method=method, json=body, headers={"Authorization": f"Bearer {token}", **headers}
        )

    def number(self, code: str = "registry") -> int:
        """Return a new invoice number."""
        return int(self.call(code, "/invoice_generator/invoice_number_generator").json["invoice_number"])

    def invoice(self, code: str = "registry", amount: str = "120.00", **more: Any) -> int:
        """Register an invoice and return its number."""
        number = self.number(code)
        body = {"invoice_number": number, "transaction_amount": amount, "custom_field2": code, **more}
        if code in SERVICES:
            self.service(code).save(new_invoice(str(number), amount))
        response = self.call(code, "/invoice_generator/invoice_generator", body)
        assert response.status_code == 201, response.text
        return number

    def one_off(self, number: int, code: str = "registry", amount: str | None = None) -> str:
        """Ask for a payment page, over a part where one is named, and return the gateway's reference."""
        url = f"http://{'registrar' if code == 'registry' else code}.test/back"
        body = {"invoice_number": str(number), "customer_url": url, "amount": amount}
        response = self.call(code, "/invoice_generator/oneoff", body)
        assert response.status_code == 201, response.text
        return str(response.json["oneoff_redirect_link"]).rpartition("/")[2]

    def bulk(self, numbers: list[int], code: str = "auction", amount: str | None = None) -> str:
        """Ask for one page for several invoices, over what they need, and return the gateway's reference."""
        due = "select sum(total_minor - captured_minor) from invoice where number = any(:numbers)"
        minor = int(self.scalar(due, numbers=numbers)) if amount is None else 0
        body = {
            "description": " ".join(map(str, numbers)),
            "transaction_amount": amount or f"{minor // 100}.{minor % 100:02}",
            "customer_url": f"http://{'registrar' if code == 'registry' else code}.test/back",
            "custom_field2": code,
        }
        response = self.call(code, "/invoice_generator/bulk_payment", body)
        assert response.status_code == 201, response.text
        return str(response.json["oneoff_redirect_link"]).rpartition("/")[2]

    def deposit(self, domain: str = "a.ee", user: str = "u-1", amount: str = "500.0") -> str:
        """Ask as the auction for a page to pay a deposit and return the gateway's reference."""
        body = {
            "description": f"auction_deposit {domain}, user_uuid {user}, user_email {user}@users.test",
            "transaction_amount": amount,
            "customer_url": "http://auction.test/back",
            "custom_field2": "auction",
            "affiliation": "auction_deposit",
        }
        response = self.call("auction", "/invoice_generator/deposit_prepayment", body)
        assert response.status_code == 201, response.text
        return str(response.json["oneoff_redirect_link"]).rpartition("/")[2]

    def pay(self, reference: str, state: str = "settled", **more: Any) -> None:
        """Let the payer, or the bank, do something at the gateway."""
        self.shop.move(reference, state, **more)

    def callback(self, reference: str, event: str = "status_updated") -> Any:
        """Let the gateway call back, and return our answer."""
        query = f"payment_reference={reference}&order_reference=x&event_name={event}"
        return self.app.test_client().get(f"{V1}/callback_handler/callback?{query}")

    def drain(self, *, past_breaks: bool = True) -> int:
        """Work everything that is due until nothing is; returns how many rows are done afterwards."""
        with self.app.app_context():
            for _ in range(20):
                if past_breaks:
                    self.sql("update lane set paused_until = null, failures = 0")
                for queue in QUEUES:
                    work_queue(queue)
                if not self.scalar("select count(*) from outbox where state = 'pending' and run_at <= now()"):
                    break
            return int(self.scalar("select count(*) from outbox where state = 'done'"))

    def hurry(self) -> None:
        """Make everything that waits for a later time due now: retries, checks, leases."""
        self.sql("update outbox set run_at = now() - interval '1 second' where state = 'pending'")
        self.sql("update payment set next_check_at = now() - interval '1 second' where next_check_at is not null")
        self.sql("update outbox set lease_until = now() - interval '1 second' where state = 'leased'")

    def settle(self, code: str = "registry", amount: str = "120.00") -> tuple[int, str]:
        """Take one payment all the way through; returns number and reference."""
        number = self.invoice(code, amount)
        reference = self.one_off(number, code)
        self.pay(reference)
        self.callback(reference)
        self.drain()
        return number, reference

    def sql(self, statement: str, **values: Any) -> None:
        """Change rows by hand."""
        with self.app.app_context():
            session().execute(text(statement), values)
            session().commit()

    def scalar(self, question: str, **values: Any) -> Any:
        """Return one value."""
        with self.app.app_context():
            answer = session().execute(text(question), values).scalar()
            session().rollback()
            return answer

    def rows(self, question: str, **values: Any) -> list[Any]:
        """Return rows."""
        with self.app.app_context():
            found = list(session().execute(text(question), values))
            session().rollback()
            return found

    def catch_up(self) -> None:
        """Wait until all transactions of the server that began before now are over, those of other tests as well.

        The list of events shows nothing that something older could still come before.
        """
        with self.app.app_context():
            now = session().execute(text("select pg_current_xact_id()::text::bigint")).scalar() or 0
            session().commit()
        for _ in range(600):
            if self.scalar("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint") > now:
                return
            time.sleep(0.05)
        raise AssertionError("another transaction has been open for 30 seconds")

    def status(self, number: int) -> str:
        """Return an invoice's status."""
        return str(self.scalar("select status from invoice where number = :number", number=number))


def build(database_url: str, redis_url: str, *, process: str = "tool", **more: str) -> System:
    """Return a system on this database, with these settings beside the usual ones; nothing listens on a port."""
    app = application(environment(database_url, redis_url) | more, process)
    app.config["TESTING"] = False
    transports = {"everypay": Simulator(_everypay), **{code: Simulator(partial(_service, code)) for code in SERVICES}}
    app.extensions["integrations"] = integrations(transports, app.extensions["settings"].mail)
    return System(app, transports)


def _everypay() -> Flask:
    return create_everypay(
        EveryPayConfig(base_url="http://everypay.test", callback_url="", key=KEY, account_name=ACCOUNT)
    )


def _service(code: str) -> Flask:
    return create_initiator(
        InitiatorConfig(
            kind=code,
            base_url=f"http://{code}.test",
            billing_url="http://billing.test",
            secret=SECRET,
            token=sign_token({"initiator": code}, SECRET),
            calls_back=False,
        )
    )


def integrations(transports: Mapping[str, httpx.BaseTransport], mail: MailSettings) -> Integrations:
    """Return the real adapters; `transports` lead to `everypay` and to each service."""
    return Integrations(
        everypay=EveryPayGateway(
            base="http://everypay.test/api/v4",
            username="simulated",
            key=KEY,
            account=ACCOUNT,
            currency="EUR",
            allow_private=True,
            before_request=assert_no_transaction,
            transport=transports["everypay"],
        ),
        links=LinkPaySigner(prefix="http://everypay.test/lp", token="simulated-link", key=KEY),
        initiators=HttpInitiatorClient(
            payment_urls={code: f"http://{code}.test/eis_billing/payment_status" for code in SERVICES},
            base_urls={code: f"http://{code}.test" for code in SERVICES},
            secret=SECRET,
            allow_private=True,
            before_request=assert_no_transaction,
            transports={code: transports[code] for code in SERVICES},
        ),
        webhooks=HttpWebhookSender(allow_private=True, before_request=assert_no_transaction),
        mailer=SmtpMailer(mail, before_request=assert_no_transaction),
    )
