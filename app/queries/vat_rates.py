"""Which rates of value added tax there are, and which hold on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain import vat
from app.domain.errors import NotFound
from app.domain.vat import Rate, VatCategory
from app.models.vat_rate import VatRate
from app.queries.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


def history() -> Sequence[VatRate]:
    """Return all rates by code, the newest of each first; there are a few dozen."""
    return session().scalars(select(VatRate).order_by(VatRate.code, VatRate.valid_from.desc())).all()


def one(rate_id: int) -> VatRate:
    """Return one rate. Raises NotFound."""
    found = session().get(VatRate, rate_id)
    if found is None:
        raise NotFound("vat rate", rate_id)
    return found


def on(day: date) -> dict[str, Rate]:
    """Return the rate of each code that holds on the day."""
    found = session().execute(
        select(VatRate.code, VatRate.category, VatRate.basis_points, VatRate.valid_from, VatRate.valid_to).order_by(
            VatRate.code
        )
    )
    return vat.on((Rate(row[0], VatCategory(row[1]), *row[2:]) for row in found), day)
