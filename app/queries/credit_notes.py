"""Credit notes: those of an invoice, one by number, and what of an invoice is left to take back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.domain.credit_note import Left, LineLeft
from app.domain.errors import NotFound
from app.domain.totals import VatSum
from app.domain.vat import VatCategory
from app.models.base import DEFAULT_TENANT
from app.models.credit_note import CreditNote, CreditNoteLine, CreditNoteVat
from app.models.invoice import Invoice, InvoiceLine, InvoiceVat
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class CreditNoteDetail:
    """One credit note with its invoice, lines and tax."""

    note: CreditNote
    invoice: Invoice
    lines: Sequence[CreditNoteLine]
    vat: Sequence[CreditNoteVat]


def of_invoice(invoice_id: int) -> Sequence[CreditNote]:
    """Return the credit notes of an invoice, oldest first."""
    return (
        session().scalars(select(CreditNote).where(CreditNote.invoice_id == invoice_id).order_by(CreditNote.id)).all()
    )


def by_number(number: int) -> CreditNoteDetail:
    """Return one credit note with everything. Raises NotFound."""
    found = (
        session()
        .execute(
            select(CreditNote, Invoice)
            .join(Invoice, Invoice.id == CreditNote.invoice_id)
            .where(CreditNote.tenant_id == DEFAULT_TENANT, CreditNote.number == number)
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("credit note", number)
    note, invoice = found
    return CreditNoteDetail(
        note,
        invoice,
        session()
        .scalars(
            select(CreditNoteLine).where(CreditNoteLine.credit_note_id == note.id).order_by(CreditNoteLine.position)
        )
        .all(),
        session()
        .scalars(
            select(CreditNoteVat)
            .where(CreditNoteVat.credit_note_id == note.id)
            .order_by(CreditNoteVat.basis_points.desc(), CreditNoteVat.code)
        )
        .all(),
    )


def left_of(invoice: Invoice) -> Left:
    """Return what no credit note took back yet; an invoice a service made is one line over its total."""
    notes = select(CreditNote.id).where(CreditNote.invoice_id == invoice.id)
    rows = session().execute(
        select(CreditNoteLine.position, func.sum(CreditNoteLine.net_minor))
        .where(CreditNoteLine.credit_note_id.in_(notes))
        .group_by(CreditNoteLine.position)
    )
    taken = {position: int(minor) for position, minor in rows}
    lines = list(
        session().scalars(
            select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
        )
    )
    if not lines:
        return Left((LineLeft(1, invoice.description, invoice.total_minor - taken.get(1, 0)),))
    return Left(
        tuple(
            LineLeft(each.position, each.description, each.net_minor - taken.get(each.position, 0), _code(each))
            for each in lines
        ),
        _less_taken(invoice.id, vat_of(invoice.id, lines)),
    )


def vat_of(invoice_id: int, lines: Sequence[InvoiceLine]) -> list[VatSum]:
    """Return the tax of an invoice by rate, as far as it is known."""
    return _vat_of_portal(invoice_id) or _vat_of_service(lines)


def _code(line: InvoiceLine) -> str | None:
    """Return the code of a line's rate; services say a percentage only."""
    if line.vat_code is not None or line.tax_rate is None:
        return line.vat_code
    return f"rate_{int(line.tax_rate * 100)}"


def _vat_of_service(lines: Sequence[InvoiceLine]) -> list[VatSum]:
    """Return the tax by rate of an invoice whose service said it line by line."""
    sums: dict[str, VatSum] = {}
    for line in lines:
        code = _code(line)
        if code is None:
            continue
        points = int((line.tax_rate or 0) * 100)
        before = sums.get(code)
        category = VatCategory.STANDARD if points else VatCategory.ZERO
        sums[code] = VatSum(
            code,
            category,
            points,
            line.net_minor + (before.taxable_minor if before else 0),
            line.tax_minor + (before.tax_minor if before else 0),
        )
    return list(sums.values())


def _vat_of_portal(invoice_id: int) -> list[VatSum]:
    rates = session().scalars(
        select(InvoiceVat)
        .where(InvoiceVat.invoice_id == invoice_id)
        .order_by(InvoiceVat.basis_points.desc(), InvoiceVat.code)
    )
    return [
        VatSum(each.code, VatCategory(each.category), each.basis_points, each.taxable_minor, each.tax_minor)
        for each in rates
    ]


def _less_taken(invoice_id: int, rates: Sequence[VatSum]) -> tuple[VatSum, ...]:
    taken = {
        code: (int(taxable), int(tax))
        for code, taxable, tax in session().execute(
            select(CreditNoteVat.code, func.sum(CreditNoteVat.taxable_minor), func.sum(CreditNoteVat.tax_minor))
            .join(CreditNote, CreditNote.id == CreditNoteVat.credit_note_id)
            .where(CreditNote.invoice_id == invoice_id)
            .group_by(CreditNoteVat.code)
        )
    }
    return tuple(
        replace(
            each,
            taxable_minor=each.taxable_minor - taken.get(each.code, (0, 0))[0],
            tax_minor=each.tax_minor - taken.get(each.code, (0, 0))[1],
        )
        for each in rates
    )


def by_key(key: str, invoice_id: int) -> int | None:
    """Return the number of the credit note of an invoice that a form made, or None."""
    return session().scalar(
        select(CreditNote.number).where(CreditNote.idempotency_key == key, CreditNote.invoice_id == invoice_id)
    )
