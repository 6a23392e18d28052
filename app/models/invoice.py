"""An invoice with its lines and the claims several payers may hold on one number."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, Index, Numeric, UniqueConstraint, cast, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import Text

from app.domain.invoice import PAYABLE, InvoiceStatus
from app.models.base import (
    Base,
    CreatedAt,
    Currency,
    Document,
    Flag,
    Json,
    Key,
    Minor,
    Tenanted,
    Zero,
    one_of,
    same_tenant,
)
from app.models.initiator import Initiator

KINDS = ["regular", "auction_deposit", "linkpay", "bulk"]
# When it was paid, for an order of all: those nobody has paid come before all others.
PAID_AT = "coalesce(paid_at, '1970-01-01 00:00:00+00'::timestamptz)"
# The month it was paid in, so that long whiles are walked month by month in the order of creation.
PAID_MONTH = "date_trunc('month'::text, (paid_at AT TIME ZONE 'UTC'::text))"
# The payer's name for an order of all: whatever its letters' size, in the order of code points, where the letters of
# Estonian stand behind z. As much as any index takes; the empty end keeps the collation where an index is read back.
PAYER = """((lower("left"(customer_name, 100)) COLLATE "C") || ''::text)"""
NEWEST = (text("created_at desc"), text("id desc"))
# What filters ask for most: days, a status or a service with any of these are answered from one index, no table read.
ASKED_FOR = ["kind", "total_minor", "paid_at", "due_on", "in_directo", "issued_at"]
OF_A_NUMBER = ["id", "created_at", "status", "initiator_id", *ASKED_FOR]
# An index of an expression answers by itself only where the column stands in it, too.
OF_A_PAYER = ["customer_name", "created_at", "status", "initiator_id", *ASKED_FOR]
OF_A_DUE_DAY = ["status", "initiator_id", *(each for each in ASKED_FOR if each != "due_on")]
OF_AN_AMOUNT = ["created_at", "status", *(each for each in ASKED_FOR if each != "total_minor"), "e_invoice_sent_at"]
# Most invoices of these statuses have been paid, and of the others have not; the exceptions are few and indexed apart.
WERE_PAID = ["chargeback", "in_protest", "paid", "partially_refunded", "refunded", "uncollectible"]
WERE_NOT_PAID = sorted({str(each) for each in InvoiceStatus} - set(WERE_PAID))
BULK = "bulk"  # a container: what it holds is owed on its members, never on itself
DEPOSIT = "auction_deposit"


class Invoice(Tenanted, Base):
    """What is owed. `status` is derived from the facts beside it, never chosen (other-systems.md 7.1).

    `captured_minor` is the money allocated to this invoice, `refunded_minor` what went back of it, `credited_minor`
    what credit notes took off it.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "number", postgresql_include=OF_A_NUMBER),
        UniqueConstraint("initiator_id", "external_id"),
        UniqueConstraint("public_token"),
        same_tenant("initiator_id", "initiator"),
        same_tenant("account_id", "account"),
        same_tenant("import_batch_id", "import_batch"),
        CheckConstraint(one_of("status", list(InvoiceStatus)), name="status"),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("total_minor >= 0 and total_minor = subtotal_minor + modifier_minor + tax_minor", name="total"),
        CheckConstraint("captured_minor >= 0 and captured_minor + credited_minor <= total_minor", name="captured"),
        CheckConstraint("credited_minor >= 0", name="credited"),
        CheckConstraint("refunded_minor >= 0 and captured_minor - refunded_minor >= 0", name="refunded"),
        CheckConstraint("lost_minor >= 0 and disputed_minor >= 0", name="disputed"),
        Index("ix_invoice_newest", *NEWEST, postgresql_include=["status", "initiator_id", *ASKED_FOR]),
        Index("ix_invoice_status_newest", "status", *NEWEST, postgresql_include=["initiator_id", *ASKED_FOR]),
        Index("ix_invoice_initiator_newest", "initiator_id", *NEWEST, postgresql_include=["status", *ASKED_FOR]),
        Index(
            "ix_invoice_open",
            text("created_at desc"),
            text("id desc"),
            postgresql_include=[
                "kind",
                "status",
                "initiator_id",
                "currency",
                "total_minor",
                "captured_minor",
                "credited_minor",
                "due_on",
                "overdue_at",
            ],
            postgresql_where=text(one_of("status", sorted(PAYABLE))),
        ),
        Index(
            "ix_invoice_account_open",
            "account_id",
            postgresql_where=text(f"account_id is not null and {one_of('status', sorted(PAYABLE))}"),
        ),
        Index("ix_invoice_amount", "total_minor", "id", postgresql_include=["initiator_id", *OF_AN_AMOUNT]),
        Index("ix_invoice_customer_name", "customer_name", "id"),
        Index("ix_invoice_initiator_amount", "initiator_id", "total_minor", "id", postgresql_include=OF_AN_AMOUNT),
        Index(
            "ix_invoice_paid",
            text(PAID_AT),
            "id",
            postgresql_include=["created_at", "status", "initiator_id", *ASKED_FOR],
        ),
        Index(
            "ix_invoice_paid_month",
            text(PAID_MONTH),
            "created_at",
            "id",
            postgresql_include=["status", "initiator_id", *ASKED_FOR],
            postgresql_where=text("paid_at is not null"),
        ),
        Index(
            "ix_invoice_paid_though_unpaid",
            text(PAID_AT),
            "id",
            postgresql_include=["created_at", "status", "initiator_id", *ASKED_FOR],
            postgresql_where=text(f"paid_at is not null and {one_of('status', WERE_NOT_PAID)}"),
        ),
        Index(
            "ix_invoice_unpaid_though_paid",
            *NEWEST,
            postgresql_include=["status", "initiator_id", *ASKED_FOR],
            postgresql_where=text(f"paid_at is null and {one_of('status', WERE_PAID)}"),
        ),
        Index("ix_invoice_kind_newest", "kind", *NEWEST),
        Index("ix_invoice_due", "due_on", *NEWEST, postgresql_where=text("due_on is not null")),
        Index(
            "ix_invoice_due_order",
            "due_on",
            "id",
            postgresql_include=OF_A_DUE_DAY,
            postgresql_where=text("due_on is not null"),
        ),
        Index(
            "ix_invoice_without_due",
            *NEWEST,
            postgresql_include=OF_A_DUE_DAY,
            postgresql_where=text("due_on is null"),
        ),
        Index("ix_invoice_without_number", *NEWEST, postgresql_where=text("number is null")),
        Index("ix_invoice_payer", text(PAYER), "id", postgresql_include=OF_A_PAYER),
        Index(
            "ix_invoice_unpaid_due",
            "due_on",
            "id",
            postgresql_where=text("status = 'unpaid' and due_on is not null"),
        ),
        Index("ix_invoice_directo_newest", "in_directo", *NEWEST),
        Index("ix_invoice_sent_newest", text("(e_invoice_sent_at is not null)"), *NEWEST),
        Index(
            "ix_invoice_import_batch_id", "import_batch_id", "id", postgresql_where=text("import_batch_id is not null")
        ),
        Index(
            "ix_invoice_reference_newest",
            "reference_number",
            text("created_at desc"),
            text("id desc"),
            postgresql_where=text("reference_number <> ''"),
        ),
        Index(
            "ix_invoice_reference_open",
            "reference_number",
            postgresql_include=["kind", "currency", "total_minor", "captured_minor", "credited_minor"],
            postgresql_where=text(f"reference_number <> '' and {one_of('status', sorted(PAYABLE))}"),
        ),
    )

    id: Mapped[Key]
    public_token: Mapped[str]
    number: Mapped[int | None]
    external_id: Mapped[str | None]
    initiator_id: Mapped[int]
    account_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(server_default=text("'regular'"))
    source: Mapped[str] = mapped_column(server_default=text("'api'"))
    status: Mapped[str] = mapped_column(server_default=text("'draft'"))
    currency: Mapped[Currency]
    subtotal_minor: Mapped[Minor]
    modifier_minor: Mapped[Zero]
    tax_minor: Mapped[Zero]
    total_minor: Mapped[Minor]
    captured_minor: Mapped[Zero]
    refunded_minor: Mapped[Zero]
    disputed_minor: Mapped[Zero]
    lost_minor: Mapped[Zero]
    credited_minor: Mapped[Zero]
    description: Mapped[str] = mapped_column(server_default=text("''"))
    reference_number: Mapped[str] = mapped_column(server_default=text("''"))
    customer_name: Mapped[str] = mapped_column(server_default=text("''"))
    customer_email: Mapped[str] = mapped_column(server_default=text("''"))
    custom_field_1: Mapped[str] = mapped_column(server_default=text("''"))
    payment_link: Mapped[str | None]
    last_charge_error: Mapped[str | None]
    internal_notes: Mapped[str] = mapped_column(server_default=text("''"))
    details: Mapped[Document] = mapped_column(server_default=text("'{}'"))
    issued_at: Mapped[datetime | None]
    due_on: Mapped[date | None] = mapped_column(Date)
    overdue_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    written_off_at: Mapped[datetime | None]
    in_directo: Mapped[Flag]
    e_invoice_sent_at: Mapped[datetime | None]
    import_batch_id: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]

    initiator: Mapped[Initiator] = relationship(
        lazy="raise", viewonly=True, primaryjoin="foreign(Invoice.initiator_id) == Initiator.id"
    )

    @property
    def asked_minor(self) -> int:
        """Return what the payer is asked for in all: the total less what credit notes took off it."""
        return self.total_minor - self.credited_minor

    @property
    def open_minor(self) -> int:
        """Return what is still to come, whether or not the invoice is cancelled."""
        return self.asked_minor - self.captured_minor


Index(
    "ix_invoice_number_prefix",
    cast(Invoice.number, Text).label("digits"),
    postgresql_ops={"digits": "text_pattern_ops"},
)
Index(
    "ix_invoice_customer_email",
    func.lower(Invoice.customer_email).label("mail"),
    postgresql_ops={"mail": "text_pattern_ops"},
)


class InvoiceLine(Tenanted, Base):
    """One line of an invoice as it was issued; the price is without tax, in minor units and parts of them.

    `net_minor` is quantity times price less `discount_minor`. Tax is counted per rate (`InvoiceVat`); `tax_minor` is
    what a service says of a line of its own.
    """

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        same_tenant("invoice_id", "invoice"),
        CheckConstraint("quantity >= 0 and tax_minor >= 0", name="quantity"),
        CheckConstraint("discount_minor >= 0 and discount_basis_points between 0 and 10000", name="discount"),
    )

    id: Mapped[Key]
    invoice_id: Mapped[int]
    position: Mapped[int]
    description: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(Numeric(12, 3), server_default=text("1"))
    unit: Mapped[str] = mapped_column(server_default=text("''"))
    unit_price_minor: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    discount_basis_points: Mapped[Zero]
    discount_minor: Mapped[Zero]
    net_minor: Mapped[Minor]
    vat_code: Mapped[str | None]
    tax_rate: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    tax_minor: Mapped[Zero]
    details: Mapped[Json | None]


class InvoiceVat(Tenanted, Base):
    """The tax of one rate of an invoice, as it was issued (BG-23)."""

    __tablename__ = "invoice_vat"
    __table_args__ = (
        UniqueConstraint("invoice_id", "code"),
        same_tenant("invoice_id", "invoice"),
        CheckConstraint("basis_points between 0 and 9999 and taxable_minor >= 0 and tax_minor >= 0", name="sums"),
    )

    id: Mapped[Key]
    invoice_id: Mapped[int]
    code: Mapped[str]
    category: Mapped[str]
    basis_points: Mapped[int]
    taxable_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    created_at: Mapped[CreatedAt]


class InvoiceClaim(Tenanted, Base):
    """A reservation of names against one number; whoever pays first wins (eis.md 10.1.4).

    `released_at` says that its holder gave it up (eis.md 5.16); the invoice stays while another holder waits.
    """

    __tablename__ = "invoice_claim"
    __table_args__ = (
        UniqueConstraint("invoice_id", "user_unique_id"),
        same_tenant("invoice_id", "invoice"),
        Index("ix_invoice_claim_user_unique_id", "tenant_id", "user_unique_id"),
        Index("uq_invoice_claim_won", "invoice_id", unique=True, postgresql_where=text("won_at is not null")),
    )

    id: Mapped[Key]
    invoice_id: Mapped[int]
    user_unique_id: Mapped[str]
    names: Mapped[list[str]] = mapped_column(ARRAY(Text))
    amount_minor: Mapped[Minor]
    won_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
