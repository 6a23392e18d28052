"""The simulators as the adapters' tests use them: the one place that knows how they are made and scripted."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx

from app.integrations.everypay import simulator as everypay
from app.integrations.everypay.simulator_shop import EveryPayConfig
from app.integrations.fault_dial import Fault
from app.integrations.initiators import simulator as initiators
from app.integrations.initiators.simulator_service import InitiatorConfig
from app.integrations.tara import simulator as tara

if TYPE_CHECKING:
    from flask import Flask


class Simulated:
    """One simulator: `app` to serve, `transport` to call without a socket."""

    app: Flask

    @property
    def transport(self) -> httpx.BaseTransport:
        return httpx.WSGITransport(app=self.app)

    def _dial(self, dial: Any, operation: str, faults: tuple[str, ...], more: dict[str, Any]) -> None:
        dial.turn([Fault(operation, kind, **more) for kind in faults])


class EveryPay(Simulated):
    def __init__(self) -> None:
        self.app = everypay.create_simulator(EveryPayConfig(base_url="https://everypay.example", callback_url=""))
        self._shop = self.app.extensions["shop"]

    def move(self, reference: str, state: str, standing: str | None = None) -> None:
        self._shop.move(reference, state, standing=Decimal(standing) if standing else None)

    def spoil(self, operation: str, *faults: str, **more: Any) -> None:
        self._dial(self._shop.dial, operation, faults, more)

    def payments(self) -> int:
        return len(self._shop.store.all("payment"))


class Service(Simulated):
    def __init__(self, code: str) -> None:
        self.app = initiators.create_simulator(
            InitiatorConfig(
                kind=code,
                base_url=f"https://{code}.example",
                billing_url="",
                secret="secret",
                token="",
                calls_back=False,
            )
        )
        self._service = self.app.extensions["service"]

    def expect(self, number: str, total: str) -> None:
        self.app.test_client().put("/_sim/invoices", json={"number": number, "total": total})

    def spoil(self, operation: str, *faults: str, **more: Any) -> None:
        self._dial(self._service.dial, operation, faults, more)

    def told(self, number: str) -> int:
        return int(self._service.invoice(number)["told"])


class Tara(Simulated):
    def __init__(self, issuer: str, redirect_uri: str, **said: str) -> None:
        self.app = tara.create_simulator(tara.TaraConfig(issuer=issuer, redirect_uri=redirect_uri, **said))

    def spoil_token(self, fault: str) -> None:
        self.app.test_client().put("/_sim/token_fault", json={"fault": fault})

    def rotate_keys(self) -> None:
        self.app.test_client().put("/_sim/keys")
