"""The words of the wire: what callers send, how forgiving we are, and what they get (eis.md 5, 14)."""

from __future__ import annotations

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from app.blueprints.api.fields import (
    LONGEST_NAME,
    Amount,
    Filled,
    FilledName,
    Name,
    Names,
    Number,
    OptionalAmount,
    OptionalFilled,
    OptionalNumber,
    Sum,
    Text,
)
from app.domain.errors import Invalid
from app.services.bulk_payments import BulkPayment
from app.services.deposit_payments import DepositPayment
from app.services.invoices import RegisterInvoice
from app.services.payments import OneOff
from app.web.errors import Refusal, body_of

NO_NUMBER = "Internal error: called invoice withour number. Please contact to administrator"


class Body(BaseModel):
    """A body whose unknown fields are left alone: callers of the old interface send more than is read."""

    model_config = ConfigDict(extra="ignore")


class RegisterBody(Body):
    """A new invoice (eis.md 5.1); both spellings of the custom fields are understood."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "invoice_number": 150330,
                    "transaction_amount": "120.0",
                    "custom_field1": "free text",
                    "custom_field2": "registry",
                    "reference_number": "2144032",
                    "customer_name": "ACME",
                    "customer_email": "a@b.ee",
                    "reserved_domain_names": None,
                }
            ]
        }
    )

    invoice_number: Number = Field(description="A number from invoice_number_generator, or your own")
    transaction_amount: Amount = Field(description="Gross, in EUR; zero makes the invoice paid at once")
    custom_field2: Text = Field(
        "",
        validation_alias=AliasChoices("custom_field2", "custom_field_2"),
        description="Whose invoice it is: the caller itself, or one it acts for",
    )
    custom_field1: Text = Field(
        "",
        validation_alias=AliasChoices("custom_field1", "custom_field_1"),
        description="Description; with reserved_domain_names the unique id of the one who reserves",
    )
    reserved_domain_names: Names = Field([], description="Names reserved by paying this invoice")
    affiliation: Text = Field("", description="auction_deposit, or anything else for a regular invoice")
    reference_number: Name = Field("", description="The payer's reference number; stands in the payment link")
    customer_name: Name = ""
    customer_email: Name = ""

    def command(self, caller_code: str) -> RegisterInvoice:
        """Return the command; without custom_field2 the invoice is the caller's own.

        Raises Invalid when names are reserved for nobody, or for somebody whose id is too long.
        """
        if self.reserved_domain_names and not self.custom_field1:
            raise Invalid.field("custom_field1", "is missing")
        if self.reserved_domain_names and len(self.custom_field1) > LONGEST_NAME:
            raise Invalid.field("custom_field1", f"must be at most {LONGEST_NAME} characters where names are reserved")
        return RegisterInvoice(
            number=self.invoice_number,
            amount=self.transaction_amount,
            initiator_code=self.custom_field2 or caller_code,
            description=self.custom_field1,
            unique_id=self.custom_field1 if self.reserved_domain_names else None,
            reserved_names=tuple(self.reserved_domain_names),
            affiliation=self.affiliation or None,
            reference_number=self.reference_number,
            customer_name=self.customer_name,
            customer_email=self.customer_email,
            custom_field_1=self.custom_field1,
        )


class OneOffBody(Body):
    """Pay an existing invoice now (eis.md 5.2)."""

    model_config = ConfigDict(
        json_schema_extra={
            "required": ["invoice_number", "customer_url"],
            "examples": [{"invoice_number": "150330", "customer_url": "https://portal.example/back"}],
        }
    )

    invoice_number: OptionalNumber = None
    customer_url: OptionalFilled = Field(None, description="Where the payer returns to: on a registered origin")
    reference_number: Name = Field("", description="Shown in the payer's bank transfer")
    amount: OptionalAmount = Field(None, description="Above zero and at most what is due; without it all that is due")

    def command(self) -> OneOff:
        """Return the command. Raises Refusal without a number, in the words callers know, and Invalid."""
        if self.invoice_number is None:
            raise Refusal(422, body_of(NO_NUMBER, {"invoice_number": ["is missing"]}))
        if self.customer_url is None:
            sent = "customer_url" in self.model_fields_set
            raise Invalid.field("customer_url", "must be filled" if sent else "is missing")
        return OneOff(
            number=self.invoice_number,
            customer_url=self.customer_url,
            amount=self.amount,
            reference_number=self.reference_number,
        )


class BulkBody(Body):
    """Pay several invoices at once (eis.md 5.3)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "description": "150001 150002",
                    "transaction_amount": "240.0",
                    "customer_url": "https://auction.example/back",
                    "custom_field2": "auction",
                }
            ]
        }
    )

    description: Filled = Field(description="Invoice numbers joined by spaces, at most 100")
    transaction_amount: Sum = Field(description="The sum of what is due on them, as the caller added it up")
    customer_url: Filled = Field(description="Where the payer returns to: on a registered origin")
    custom_field2: Filled = Field(description="Whose invoices: the caller itself, or one it acts for")
    reference_number: Name = Field("", description="Shown in the payer's bank transfer")

    def command(self) -> BulkPayment:
        """Return the command."""
        return BulkPayment(
            initiator_code=self.custom_field2,
            description=self.description,
            amount=self.transaction_amount,
            customer_url=self.customer_url,
            reference_number=self.reference_number,
        )


class DepositBody(Body):
    """Pay a deposit for taking part in an auction (eis.md 5.4)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "description": "auction_deposit example.ee, user_uuid 5e03f248-6b1c, user_email a@b.ee",
                    "transaction_amount": "500.0",
                    "customer_url": "https://auction.example/back",
                    "custom_field2": "auction",
                    "affiliation": "auction_deposit",
                }
            ]
        }
    )

    description: Filled = Field(description="Who deposits for which domain")
    transaction_amount: Amount = Field(description="Above zero, in EUR")
    customer_url: Filled = Field(description="Where the payer returns to: on a registered origin")
    custom_field2: Filled = Field(description="auction: no other service hears of deposits")
    reference_number: Name = Field("", description="Shown in the payer's bank transfer")

    def command(self) -> DepositPayment:
        """Return the command."""
        return DepositPayment(
            initiator_code=self.custom_field2,
            description=self.description,
            amount=self.transaction_amount,
            customer_url=self.customer_url,
            reference_number=self.reference_number,
        )


class DepositStatusBody(Body):
    """What became of a deposit (eis.md 5.5)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"domain_name": "example.ee", "user_uuid": "5e03f248-6b1c", "status": "returned"}]
        }
    )

    domain_name: FilledName
    user_uuid: FilledName
    status: Filled = Field(description="paid, prepayment or returned")


class NothingBody(Body):
    """No parameters; the body may be null or empty (eis.md 5.7)."""


class MonthlyBody(Body):
    """How many monthly numbers (eis.md 5.8)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"count": 5}]})

    count: Number = Field(description="1 to 10,000")


class ReferenceBody(Body):
    """Whose reference number (eis.md 5.9)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"initiator": "registry", "owner": "Roga & Kopyta", "email": "a@b.ee"}]}
    )

    initiator: Text = Field("", description="The caller itself when absent, or one it acts for")
    owner: Name = Field("", description="The payer's name")
    email: Name = ""


class StatusBody(Body):
    """What became of an invoice (eis.md 5.6)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"invoice_number": 150330, "status": "cancelled"}]})

    invoice_number: Number
    status: Filled = Field(description="paid, cancelled, overdue or unpaid")


class SynchroniseBody(Body):
    """Which invoice to send to its service again (eis.md 5.13)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": 1, "status": "paid"}]})

    id: Number = Field(description="The invoice's id in this system; not its number")
    status: Filled = Field(description="The status it should have there: paid, cancelled or unpaid")


class AmountBody(Body):
    """A new total (eis.md 5.14)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"invoice_number": 150330, "transaction_amount": "99.50"}]}
    )

    invoice_number: Number
    transaction_amount: Amount


class LinkAnswer(BaseModel):
    """A payment link."""

    message: str
    everypay_link: str


class OneOffAnswer(BaseModel):
    """Where to send the payer."""

    message: str
    oneoff_redirect_link: str


class WarnedAnswer(OneOffAnswer):
    """Where to send the payer, and what to tell them first."""

    warning: str = Field("", description="Only where the invoice is overdue: it says so")


class NumberAnswer(BaseModel):
    """A reserved number."""

    message: str
    invoice_number: int


class NumbersAnswer(BaseModel):
    """Reserved monthly numbers."""

    invoice_numbers: list[int]


class ReferenceAnswer(BaseModel):
    """A new reference number."""

    message: str
    reference_number: str


class MessageAnswer(BaseModel):
    """Done."""

    message: str
