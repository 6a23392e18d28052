"""What an invoice or a credit note says on paper: what was issued, and how far it is paid or that it is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.errors import NotFound
from app.models.invoice import BULK, Invoice, InvoiceLine
from app.models.tenant import Tenant
from app.queries import credit_notes, one_invoice, settings
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.totals import VatSum
    from app.queries.credit_notes import CreditNoteDetail

SAID = ("street", "zip", "city", "country_code", "reg_no", "vat_no", "bank", "iban", "swift")


@dataclass(frozen=True, slots=True)
class Seller:
    """Who bills, as the settings say it; `locale` is the language of papers unless another is asked for."""

    name: str
    street: str
    zip: str
    city: str
    country_code: str
    reg_no: str
    vat_no: str
    bank: str
    iban: str
    swift: str
    locale: str


@dataclass(frozen=True, slots=True)
class InvoicePaper:
    """One invoice; without tax by rate only its sum is known."""

    seller: Seller
    invoice: Invoice
    lines: Sequence[InvoiceLine]
    vat: Sequence[VatSum]


@dataclass(frozen=True, slots=True)
class CreditNotePaper:
    """One credit note with the invoice it takes back."""

    seller: Seller
    found: CreditNoteDetail


def of_invoice(number: int) -> InvoicePaper:
    """Return an issued invoice. Raises NotFound, also for a bulk payment, which is a payment and no invoice."""
    invoice = one_invoice.by_number(number)
    if invoice.kind == BULK:
        raise NotFound("invoice", number)
    lines = session().scalars(
        select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
    )
    rows = lines.all()
    return InvoicePaper(_seller(invoice.tenant_id), invoice, rows, credit_notes.vat_of(invoice.id, rows))


def of_credit_note(number: int) -> CreditNotePaper:
    """Return a credit note. Raises NotFound."""
    found = credit_notes.by_number(number)
    return CreditNotePaper(_seller(found.note.tenant_id), found)


def _seller(tenant_id: int) -> Seller:
    tenant = session().get_one(Tenant, tenant_id)
    said = {code: row.value or "" for code, row in settings.all_of(tenant_id).items()}
    values = {name: said.get(f"registry_{name}", "") for name in SAID}
    name = said.get("registry_juridical_name") or tenant.name
    return Seller(name=name, locale=tenant.locale, **values)
