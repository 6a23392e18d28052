"""A caller of the API who may also misbehave: any token, any bytes, any type of content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.integrations import sign_token
from tests.system import SECRET, V1, System

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

V2 = "/api/v2"
MAKER = "/invoice_generator"
REGISTER = f"{MAKER}/invoice_generator"
ONEOFF = f"{MAKER}/oneoff"
BULK = f"{MAKER}/bulk_payment"
DEPOSIT = f"{MAKER}/deposit_prepayment"
DEPOSIT_STATUS = f"{MAKER}/deposit_status"
NUMBER = f"{MAKER}/invoice_number_generator"
MONTHLY = f"{MAKER}/monthly_invoice_numbers_generator"
REFERENCE = f"{MAKER}/reference_number_generator"
STATUS = f"{MAKER}/invoice_status"
AMOUNT = "/invoice/update_invoice_data"
SYNCHRONISE = "/invoice/invoice_synchronize"
DIRECTO = "/directo/directo"
E_INVOICE = "/e_invoice/e_invoice"
RESERVED = "/invoice/reserved_domains_invoice_statuses"
GIVE_UP = "/invoice/reserved_domain_cancellation_statuses"
IMPORT_INVOICES = "/import_data/invoice_data"
IMPORT_REFERENCES = "/import_data/reference_data"
REFUND = "/refund/auction"
CALLBACK = "/callback_handler/callback"
BACK = {
    "registry": "http://registrar.test/back",
    "auction": "http://auction.test/back",
    "eeid": "http://eeid.test/back",
}
# Every unsafe route with the method callers use.
ROUTES = {
    REGISTER: "POST",
    ONEOFF: "POST",
    BULK: "POST",
    DEPOSIT: "POST",
    DEPOSIT_STATUS: "POST",
    NUMBER: "POST",
    MONTHLY: "POST",
    REFERENCE: "POST",
    STATUS: "POST",
    AMOUNT: "PATCH",
    SYNCHRONISE: "PATCH",
    DIRECTO: "POST",
    E_INVOICE: "POST",
    GIVE_UP: "PATCH",
    IMPORT_INVOICES: "POST",
    IMPORT_REFERENCES: "POST",
    REFUND: "POST",
}
# Routes whose body is an array.
ARRAYS = {IMPORT_INVOICES, IMPORT_REFERENCES}
# Every route that only reads.
READS = {RESERVED}

# Routes whose bodies may be larger than the others'.
LARGE = {DIRECTO, E_INVOICE, *ARRAYS}


def bearer(code: str = "registry") -> str:
    return f"Bearer {sign_token({'initiator': code}, SECRET)}"


@dataclass(frozen=True)
class Api:
    """The API of one running system."""

    system: System

    def send(
        self, path: str, body: Any = None, *, code: str = "registry", method: str = "", **headers: str
    ) -> TestResponse:
        """Send JSON as a service."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.system.app.test_client().open(
            f"{V1}{path}",
            method=method or ROUTES.get(path, "POST"),
            json=body,
            headers={"Authorization": bearer(code), **named},
        )

    def v2(
        self, path: str, body: Any = None, *, code: str = "registry", method: str = "", **headers: str
    ) -> TestResponse:
        """Call version 2 as a service: POST with a body, GET without."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.system.app.test_client().open(
            f"{V2}{path}",
            method=method or ("GET" if body is None else "POST"),
            json=body,
            headers={"Authorization": bearer(code), **named},
        )

    def raw(
        self, path: str, data: bytes, content_type: str | None = "application/json", *, method: str = "", **headers: str
    ) -> TestResponse:
        """Send bytes as registry."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.system.app.test_client().open(
            f"{V1}{path}",
            method=method or ROUTES.get(path, "POST"),
            data=data,
            content_type=content_type,
            headers={"Authorization": bearer(), **named},
        )

    def get(self, address: str, **headers: str) -> TestResponse:
        """Fetch an address without a token."""
        return self.system.app.test_client().get(address, headers=headers)

    def count(self, table: str) -> int:
        """Return how many rows a table holds."""
        return int(self.system.scalar(f"select count(*) from {table}"))

    def registration(self, code: str = "registry", **more: Any) -> dict[str, Any]:
        """Return a good body for a number that is new."""
        number = self.system.number(code)
        return {"invoice_number": number, "transaction_amount": "120.0", "custom_field2": code, **more}


def error_of(response: TestResponse) -> dict[str, Any]:
    """Return the error of an answer, which always has one of two shapes: a text where its callers print it."""
    body = response.json
    assert isinstance(body, dict), response.text
    if response.request.path.startswith(f"{V1}{DEPOSIT_STATUS}") and response.status_code != 405:
        assert body["message"] == body["error"]
        return {**body.get("details", {}), "message": body["error"]}
    assert isinstance(body["error"], dict), body
    assert isinstance(body["error"]["message"], str), body
    assert body["message"] == body["error"]["message"]
    return dict(body["error"])


def problem_of(response: TestResponse, status: int) -> dict[str, Any]:
    """Return the problem of an answer of version 2, which always has this shape (RFC 9457)."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body = response.json
    assert isinstance(body, dict), response.text
    assert body["status"] == status
    assert body["type"] == f"urn:eis-billing:problem:{body['code']}"
    assert body["request_id"] == response.headers["X-Request-Id"]
    assert body["title"]
    assert body["detail"]
    return dict(body)


def fields_of(response: TestResponse) -> set[str]:
    """Return the names of the faulty fields of a 422 of version 2."""
    return {each["field"] for each in problem_of(response, 422)["errors"]}


def only(response: TestResponse) -> dict[str, Any]:
    """Return the faulty fields of an answer."""
    assert response.status_code == 422, response.text
    return {name: faults for name, faults in error_of(response).items() if name not in {"message", "code"}}
