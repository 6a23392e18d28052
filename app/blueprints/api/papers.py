"""The papers services ask us to pass on, as they write them: any fields, a few of which must be right (eis.md 9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from app.blueprints.api.fields import Text
from app.blueprints.api.schemas import Body
from app.domain import exact_json
from app.domain.errors import Invalid
from app.services.documents import Content
from app.web.strict_json import NumberText

MOST_PAPERS = 20_000
MOST_LINES = 20_000
LONGEST_NUMBER = 40
LIMIT_BYTES = 16 * 1024 * 1024
# Amounts, rates and quantities of a line: numbers or texts that are numbers, negative ones too (a prepayment's -1).
LINE_AMOUNTS = ("quantity", "price", "subtotal", "vat_rate", "vat_amount", "total")
SUMS = ("invoice_subtotal", "vat_amount", "balance_begin", "inbound", "outbound", "balance_end")


def _anything(value: Any) -> Any:
    return value


def _truth(value: Any) -> bool:
    """Return what the old system made of it: any text that is not empty is true, `false` too (eis.md 5.17)."""
    return value is not None and value is not False and value != ""


Anything = Annotated[Any, PlainValidator(_anything), WithJsonSchema({})]
Objects = Annotated[
    Any,
    PlainValidator(_anything),
    WithJsonSchema({"type": "array", "items": {"type": "object"}, "maxItems": MOST_PAPERS}),
]
Object = Annotated[Any, PlainValidator(_anything), WithJsonSchema({"type": "object"})]
Truth = Annotated[bool, PlainValidator(_truth), WithJsonSchema({"type": ["boolean", "string", "null"]})]


class DirectoBody(Body):
    """Invoices for the accounting system (eis.md 5.17, 9.2.3)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "invoice_data": [
                        {
                            "number": 150330,
                            "customer_code": "bestnames",
                            "issue_date": "2026-01-05",
                            "currency": "EUR",
                            "language": "ENG",
                            "invoice_lines": [
                                {"product_id": "ETTEM06", "description": "Order nr. 1", "quantity": 1, "price": "5.00"}
                            ],
                        }
                    ],
                    "initiator": "registry",
                    "monthly": False,
                }
            ]
        }
    )
    LIMIT_BYTES: ClassVar[int] = LIMIT_BYTES

    invoice_data: Objects = Field(description="The invoices, each with its number, customer and invoice_lines")
    initiator: Text = Field("", description="The caller itself when absent, or one it acts for")
    monthly: Truth = Field(default=False, description="Monthly invoices, which need not be registered here")
    dry: Truth = Field(default=False, description="Keep it and never send it; any text that is not empty is true")

    def contents(self, initiator: str) -> list[Content]:
        """Return the documents. Raises Invalid naming the faulty field of the faulty invoice."""
        form = "summary" if self.monthly else "auction" if initiator == "auction" else "prepayment"
        papers = _list(self.invoice_data, "invoice_data", MOST_PAPERS)
        # Among those that must be registered here one without a number is of none that is, and keeps no other back.
        read = _paper if self.monthly else _paper_of_any
        return [Content(*read(each, f"invoice_data[{nth}]"), form) for nth, each in enumerate(papers)]


class EInvoiceBody(Body):
    """One e-invoice (eis.md 5.18, 9.3.1)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "invoice": {"number": 150330, "issue_date": "2026-01-05", "currency": "EUR", "total": "120.0"},
                    "items": [{"description": "Order", "price": "100.0", "quantity": 1, "vat_rate": "20.0"}],
                    "invoice_subtotal": "100.0",
                    "vat_amount": "20.0",
                    "initiator": "registry",
                }
            ]
        }
    )
    LIMIT_BYTES: ClassVar[int] = LIMIT_BYTES

    invoice: Object = Field(description="Seller, buyer, dates and number")
    items: Objects = Field(None, description="The lines")
    invoice_subtotal: Anything = None
    vat_amount: Anything = None
    payable: Anything = Field(None, description="True when absent")
    buyer_billing_email: Text = ""
    buyer_e_invoice_iban: Text = ""
    seller_country_code: Text = ""
    buyer_country_code: Text = ""
    balance_date: Text = ""
    balance_begin: Anything = None
    inbound: Anything = None
    outbound: Anything = None
    balance_end: Anything = None
    initiator: Text = Field("", description="The caller itself when absent, or one it acts for")

    def content(self) -> Content:
        """Return the document. Raises Invalid naming the faulty field."""
        number, invoice = _paper(self.invoice, "invoice")
        items = _list(self.items if self.items is not None else [], "items", MOST_LINES)
        _check_lines(items, "items")
        for name in SUMS:
            _check_amount(getattr(self, name), name)
        said = {name: getattr(self, name) for name in self.model_fields_set - {"initiator", "invoice", "items"}}
        if self.payable is None:
            said["payable"] = True
        rest = _plain({name: said[name] for name in sorted(said)}, "")
        return Content(number, rest | {"invoice": invoice, "items": _plain(items, "items")})


class CreatedAnswer(BaseModel):
    """Taken; the status of HTTP stays 200 (eis.md 5.18)."""

    message: str
    status: str


def _paper_of_any(value: Any, name: str) -> tuple[str, dict[str, Any]]:
    """Return it under no number at all where it has none (eis.md 8.3)."""
    if isinstance(value, dict) and value.get("number") is None:
        return "", _paper({**value, "number": "none"}, name)[1] | {"number": None}
    return _paper(value, name)


def _paper(value: Any, name: str) -> tuple[str, dict[str, Any]]:
    if not isinstance(value, dict):
        raise Invalid.field(name, "must be an object")
    number = value.get("number")
    if not isinstance(number, str) or not 1 <= len(number.strip()) <= LONGEST_NUMBER:
        raise Invalid.field(f"{name}.number", "must be the invoice's number")
    customer = value.get("customer")
    if customer is not None and not isinstance(customer, dict):
        raise Invalid.field(f"{name}.customer", "must be an object")
    lines = value.get("invoice_lines")
    if lines is not None:
        _check_lines(_list(lines, f"{name}.invoice_lines", MOST_LINES), f"{name}.invoice_lines")
    plain: dict[str, Any] = _plain(value, name)
    return str(exact_json.storable(number.strip())), plain


def _check_lines(lines: list[Any], name: str) -> None:
    for nth, line in enumerate(lines):
        if not isinstance(line, dict):
            raise Invalid.field(f"{name}[{nth}]", "must be an object")
        for amount in LINE_AMOUNTS:
            _check_amount(line.get(amount), f"{name}[{nth}].{amount}")


def _check_amount(value: Any, name: str) -> None:
    """Accept numbers, texts that are numbers, and nothing."""
    if value is None or value == "":
        return
    text = value.strip() if isinstance(value, str) else "no number"
    digits = text.removeprefix("-").replace(".", "", 1)
    if len(text) > LONGEST_NUMBER or not (digits.isascii() and digits.isdigit()):
        raise Invalid.field(name, "must be a number, such as 120.00")


def _list(value: Any, name: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid.field(name, "must be an array")
    if len(value) > most:
        raise Invalid.field(name, f"must have at most {most} entries")
    return value


def _plain(value: Any, name: str) -> Any:
    """Return JSON that can be kept: numbers with their own digits again, and nothing PostgreSQL cannot store."""
    if isinstance(value, NumberText):
        try:
            number = exact_json.loads(value)
        except ValueError:
            raise Invalid.field(name, "must be a number of at most 40 digits") from None
        return number if isinstance(number, int | Decimal) else str(value)
    if isinstance(value, dict):
        return {exact_json.storable(key): _plain(each, f"{name}.{key}" if name else key) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, f"{name}[{nth}]") for nth, each in enumerate(value)]
    return exact_json.storable(value)
