"""Things people type to find an invoice, sampled from what was seeded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text

from app.extensions import db
from app.models.invoice import Invoice

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True)
class Term:
    """Something to type, what kind it is, and the invoice it was taken from."""

    kind: str
    typed: str
    invoice_id: int | None


def sample(dice: Random, many: int) -> list[Term]:
    """Return things people type, taken from invoices all over the table."""
    session = db.session()
    highest: int = session.scalar(select(func.max(Invoice.id))) or 0
    terms: list[Term] = []
    while len(terms) < 12 * many:
        row = session.execute(
            text(
                "select i.id, i.number, i.reference_number, i.customer_name, i.customer_email, i.total_minor, "
                "i.description, (select g.external_id from payment p join gateway_reference g on g.payment_id = p.id "
                "where p.invoice_id = i.id limit 1) as gateway from invoice i "
                "where i.id >= :id and i.number is not null and i.customer_name <> '' order by i.id limit 1"
            ),
            {"id": dice.randrange(1, highest + 1)},
        ).one_or_none()
        if row is None:
            continue
        terms += [Term(kind, typed, row.id) for kind, typed in _typed(row, dice) if typed]
    counts: dict[str, int] = {}
    kept = []
    for term in terms:
        counts[term.kind] = counts.get(term.kind, 0) + 1
        if counts[term.kind] <= many:
            kept.append(term)
    return [*kept, *(Term("nothing", f"zq{nth}xw", None) for nth in range(many))]


def _typed(row: Any, dice: Random) -> list[tuple[str, str]]:
    number, name, amount = str(row.number), row.customer_name.split(), f"{row.total_minor / 100:.2f}"
    first, last = name[0], name[-1]
    return [
        ("number", number),
        ("number, its beginning", number[:4]),
        ("number, an inner part", number[2:]),
        ("reference", row.reference_number),
        ("reference, its beginning", row.reference_number[:5]),
        ("name, a word", first),
        ("name, 2 to 5 letters", first[: dice.randint(2, 5)]),
        ("name, two words", f"{first} {last[:3]}"),
        ("e-mail", row.customer_email),
        ("e-mail, a part", row.customer_email.partition("@")[2]),
        ("amount", amount.replace(".", dice.choice(".,"))),
        ("description, a word", dice.choice(row.description.split() or [""])),
        ("gateway reference", (row.gateway or "")[:16]),
    ]
