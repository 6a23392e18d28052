"""Rates of value added tax with their days."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.vat import VatCategory
from app.models.base import Base, CreatedAt, Key, Tenanted, one_of


class VatRate(Tenanted, Base):
    """One rate of one code, in basis points, from a day until a day, both included; no two of a code share a day."""

    __tablename__ = "vat_rate"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("code", "="),
            (text("daterange(valid_from, valid_to, '[]')"), "&&"),
            name="ex_vat_rate_days",
        ),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,29}$'", name="code"),
        CheckConstraint(one_of("category", list(VatCategory)), name="category"),
        CheckConstraint("basis_points between 0 and 9999 and (basis_points > 0) = (category = 'S')", name="rate"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="days"),
    )

    id: Mapped[Key]
    code: Mapped[str]
    category: Mapped[str]
    basis_points: Mapped[int]
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[CreatedAt]
